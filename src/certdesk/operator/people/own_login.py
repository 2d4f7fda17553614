"""What people do with their own login: sessions, password, authenticator app, recovery codes."""

from __future__ import annotations

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidParam, ProofNeeded, SignInRefused
from certdesk.domain.people.records import Authenticator, Person, Session
from certdesk.domain.people.role import EVERYBODY_SIGNED_IN
from certdesk.domain.people.sessions import is_over, is_proved
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.operator.people.failures import attempt_in_session, count, forget
from certdesk.operator.people.lookups import (
    is_by_group,
    login_of_person,
    own_person,
    own_session,
    subject_of,
)
from certdesk.operator.people.proofs import (
    check_own_password,
    hash_chosen,
    keep_password,
    still,
)
from certdesk.operator.people.second_steps import (
    has_second_step,
    make_recovery_codes,
    new_secret,
    sealed_secret,
    secret_of,
    step_of,
    uri_of,
)
from certdesk.operator.people.sessions import end_sessions, replace_session
from certdesk.operator.people.signing_in import ANYBODY, CompleteReply, note_sign_in
from certdesk.ports import Unit
from certdesk.wire.model import (
    Blank,
    Confidential,
    HiddenParsed,
    Parsed,
    Part,
    Reply,
    Request,
    utc_time,
)
from certdesk.wire.operator.people import TypedPassword

SECOND_STEP = (InvalidParam, SignInRefused, ProofNeeded)
"""The errors of `allowed_person`."""


class SessionInfo(Part):
    """A session as its person sees it; `own` is the one in which it is asked for."""

    session_id: str
    agent: Blank
    since: str | None
    last_used: str | None
    own: bool


class ListSessionsRequest(Request):
    """Nothing: they are the caller's own."""


class ListSessionsReply(Reply):
    """How the person signs in, and where it is signed in."""

    password: bool
    authenticator: bool
    recovery_codes: int
    passkeys: int
    sessions: list[SessionInfo]


@catalog.action(SignInRefused, internal=True, roles=EVERYBODY_SIGNED_IN)
def list_sessions(context: Context, request: ListSessionsRequest) -> Commit[ListSessionsReply]:
    """List the sessions of the person who is signed in, and what it signs in with."""
    del request

    def read(unit: Unit) -> ListSessionsReply:
        number = own_person(context, unit).person_id
        sessions = sorted(unit.sessions.where(person_id=number), key=lambda each: each.seen_at)
        return ListSessionsReply(
            password=unit.passwords.get(number) is not None,
            authenticator=unit.authenticators.get(number, True) is not None,
            recovery_codes=unit.recovery_codes.count(person_id=number),
            passkeys=unit.passkeys.count(person_id=number),
            sessions=[
                _info(context, each)
                for each in reversed(sessions)
                if not is_over(each, context.now)
            ],
        )

    return read


class EndSessionRequest(Request):
    """The id of a session of the person who is signed in."""

    session_id: Parsed


class EndSessionReply(Reply):
    """Nothing."""


@catalog.action(
    SignInRefused, InvalidParam, writes=True, internal=True, roles=EVERYBODY_SIGNED_IN, ends=True
)
def end_session(context: Context, request: EndSessionRequest) -> Commit[EndSessionReply]:
    """End a session of the person who is signed in."""
    try:
        digest = bytes.fromhex(request.session_id)
    except ValueError:
        raise InvalidParam("SessionId: there is no such session.") from None

    def commit(unit: Unit) -> EndSessionReply:
        person = own_person(context, unit)
        session = unit.sessions.get(digest)
        if session is None or session.person_id != person.person_id:
            raise InvalidParam("SessionId: there is no such session.")
        unit.sessions.remove(digest)
        context.record(unit, subject_of(person), uin=person.uin)
        return EndSessionReply()

    return commit


class ChangePasswordRequest(Request):
    """The password so far, and the new one."""

    old_password: TypedPassword
    password: TypedPassword


@catalog.action(
    SignInRefused,
    InvalidParam,
    writes=True,
    internal=True,
    sensitive=True,
    roles=EVERYBODY_SIGNED_IN,
)
def change_password(context: Context, request: ChangePasswordRequest) -> Commit[CompleteReply]:
    """Change the password; all other sessions end."""
    proved = check_own_password(context, request.old_password)
    hashed = hash_chosen(context, proved.person, request.password)

    def commit(unit: Unit) -> CompleteReply:
        person = still(unit, proved)
        keep_password(context, unit, person, hashed)
        forget(unit, proved.attempt)
        context.record(unit, subject_of(person), uin=person.uin)
        return CompleteReply(session=renewed(context, unit, person, is_proof=True))

    return commit


class BeginAuthenticatorRequest(Request):
    """Nothing: it is for the person who is signed in."""


class BeginAuthenticatorReply(Reply):
    """The secret that the app is told, also as a URI for a picture."""

    secret: Confidential[str]
    uri: Confidential[str]


@catalog.action(
    *SECOND_STEP,
    writes=True,
    internal=True,
    sensitive=True,
    roles=ANYBODY,
)
def begin_authenticator(
    context: Context, request: BeginAuthenticatorRequest
) -> Commit[BeginAuthenticatorReply]:
    """Begin to set up an authenticator app; it counts once a code of it was given."""
    del request
    made = new_secret()

    def commit(unit: Unit) -> BeginAuthenticatorReply:
        person = allowed_person(context, unit)
        session = own_session(context, unit)
        begun = unit.authenticators.get(person.person_id, False)
        if begun is not None and begun.session == session.digest:
            secret = secret_of(context.desk.vault, begun)
        else:
            secret = made
            unit.authenticators.remove(person.person_id, False)
            unit.authenticators.add(
                Authenticator(
                    person_id=person.person_id,
                    sealed_secret=sealed_secret(context.desk.vault, person.person_id, secret),
                    session=session.digest,
                    created_at=context.now,
                )
            )
        uri = uri_of(secret, login_of_person(person))
        return BeginAuthenticatorReply(secret=secret.text(), uri=uri)

    return commit


class ConfirmAuthenticatorRequest(Request):
    """A code that the new app shows."""

    code: HiddenParsed


class ConfirmAuthenticatorReply(Reply):
    """The cookie of the session that takes the place of the earlier one, and recovery codes."""

    session: Confidential[str]
    recovery_codes: Confidential[list[str]]


@catalog.action(
    *SECOND_STEP,
    writes=True,
    internal=True,
    sensitive=True,
    roles=ANYBODY,
)
def confirm_authenticator(
    context: Context, request: ConfirmAuthenticatorRequest
) -> Commit[ConfirmAuthenticatorReply]:
    """Confirm an authenticator app with its first code; all other sessions end."""
    person = context.desk.store.read(lambda unit: own_person(context, unit))
    attempt = attempt_in_session(person)
    count(context, attempt)

    def commit(unit: Unit) -> ConfirmAuthenticatorReply:
        person = allowed_person(context, unit)
        _confirm(context, unit, person, request.code)
        codes = make_recovery_codes(context, unit, person)
        note_sign_in(context, unit, person, attempt, "authenticator app")
        value = renewed(context, unit, person, is_proof=False)
        return ConfirmAuthenticatorReply(session=value, recovery_codes=codes)

    return commit


class NewRecoveryCodesRequest(Request):
    """Nothing: they are for the person who is signed in."""


class NewRecoveryCodesReply(Reply):
    """The codes, which are shown this once."""

    recovery_codes: Confidential[list[str]]


@catalog.action(
    *SECOND_STEP,
    writes=True,
    internal=True,
    sensitive=True,
    roles=EVERYBODY_SIGNED_IN,
)
def new_recovery_codes(
    context: Context, request: NewRecoveryCodesRequest
) -> Commit[NewRecoveryCodesReply]:
    """Make new recovery codes in the place of the earlier ones."""
    del request

    def commit(unit: Unit) -> NewRecoveryCodesReply:
        person = allowed_person(context, unit)
        if not has_second_step(unit, person):
            raise InvalidParam("Set up a second step first: the codes take its place.")
        context.record(unit, subject_of(person), uin=person.uin)
        return NewRecoveryCodesReply(recovery_codes=make_recovery_codes(context, unit, person))

    return commit


def renewed(context: Context, unit: Unit, person: Person, *, is_proof: bool) -> str:
    """End all sessions of a person; return the cookie of one that takes the place of its own.

    It is complete: call this only where the second step was made, or is not needed.
    """
    session = own_session(context, unit)
    end_sessions(unit, person.person_id)
    return replace_session(context, unit, person, session, is_proof=is_proof)


def allowed_person(context: Context, unit: Unit) -> Person:
    """Return the person, if it may change the second step in this session.

    Raises:
        InvalidParam: the login is of a group at a provider, and has nothing of its own.
        SignInRefused: it has a second step, and did not make it.
        ProofNeeded: it has proved too long ago who it is.
    """
    person, session = own_person(context, unit), own_session(context, unit)
    if is_by_group(unit, person.person_id):
        # What it signs in with would still be there after the group is lost.
        raise InvalidParam("You sign in with a provider only, so you have no second step here.")
    if not session.complete and has_second_step(unit, person):
        raise SignInRefused("Give a code of your second step first.")
    if session.complete and not is_proved(session, context.now):
        raise ProofNeeded("Type your password once more.")
    return person


def _confirm(context: Context, unit: Unit, person: Person, code: str) -> None:
    """Let the app count that was begun in this session, in the place of an earlier one.

    Raises:
        SignInRefused: the code is wrong, or nothing was begun.
    """
    begun = unit.authenticators.get(person.person_id, False)
    if begun is None or begun.session != context.caller.session:
        raise SignInRefused("Code: begin again, and use the picture that is shown now.")
    step = step_of(secret_of(context.desk.vault, begun), code, context.now, 0)
    if step is None:
        raise SignInRefused(
            "Code: this one is not right. Wait for the next one. "
            "Is the clock of your telephone right?"
        )
    for confirmed in (False, True):
        unit.authenticators.remove(person.person_id, confirmed)
    unit.authenticators.add(replace(begun, confirmed=True, last_step=step))


def _info(context: Context, session: Session) -> SessionInfo:
    return SessionInfo(
        session_id=session.digest.hex(),
        agent=session.agent,
        since=utc_time(session.created_at),
        last_used=utc_time(session.seen_at),
        own=session.digest == context.caller.session,
    )
