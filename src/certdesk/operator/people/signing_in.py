"""Signing in and out: a password, then the second step; and proving again who one is."""

from __future__ import annotations

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import SignInRefused
from certdesk.domain.people.records import Password, Person
from certdesk.domain.people.role import EVERYBODY_SIGNED_IN, STAFF, Role
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.operator.people.failures import (
    Attempt,
    attempt_for,
    attempt_in_session,
    count,
    forget,
    forgive,
    take_back,
)
from certdesk.operator.people.lookups import (
    login_of_person,
    may_sign_in,
    named_person,
    own_person,
    own_session,
    subject_of,
)
from certdesk.operator.people.proofs import WRONG, check_own_password, check_password, still
from certdesk.operator.people.second_steps import has_second_step, use_code
from certdesk.operator.people.sessions import begin_session, replace_session
from certdesk.ports import Unit
from certdesk.wire.model import Confidential, HiddenParsed, Parsed, Reply, Request
from certdesk.wire.operator.people import Login, TypedPassword

STRANGERS = (Role.NOBODY,)
ANYBODY = (Role.NOBODY, *EVERYBODY_SIGNED_IN)


class SignInRequest(Request):
    """What a person typed; `Network` is where the browser is, `Agent` what it calls itself."""

    name: Login
    password: TypedPassword
    network: Parsed = ""
    agent: Parsed = ""


class SignInReply(Reply):
    """The value of the new session's cookie, and whether the second step is done or not needed."""

    session: Confidential[str]
    complete: bool


@catalog.action(SignInRefused, writes=True, internal=True, sensitive=True, roles=STRANGERS)
def sign_in(context: Context, request: SignInRequest) -> Commit[SignInReply]:
    """Begin a session with a name and a password."""
    found = context.desk.store.read(lambda unit: _found(unit, request.name))
    attempt = attempt_for(context, request.name, request.network)
    proved = check_password(context, found, attempt, request.password, WRONG)

    def commit(unit: Unit) -> SignInReply:
        return signed_in(context, unit, still(unit, proved), attempt, agent=request.agent)

    return commit


def signed_in(
    context: Context,
    unit: Unit,
    person: Person,
    attempt: Attempt | None,
    *,
    agent: str,
    with_second_step: bool = False,
    provider: str = "",
) -> SignInReply:
    """Begin the session of a person who has proved who it is.

    `with_second_step` says that the proof is as good as two steps, as a passkey is. Otherwise it is
    complete for a user who has none.
    """
    needed = person.role in STAFF or has_second_step(unit, person)
    complete = with_second_step or not needed
    value = begin_session(context, unit, person, complete=complete, agent=agent, provider=provider)
    if complete:
        note_sign_in(context, unit, person, attempt)
    elif attempt is not None:
        take_back(unit, attempt)
    return SignInReply(session=value, complete=complete)


def note_sign_in(
    context: Context, unit: Unit, person: Person, attempt: Attempt | None, how: str = ""
) -> None:
    """Write down that a person has signed in completely."""
    if attempt is not None:
        forget(unit, attempt)
    context.record(unit, subject_of(person), how, uin=person.uin)


class GiveSecondStepRequest(Request):
    """A code of the authenticator app, or a recovery code; `Network` is where the browser is."""

    code: HiddenParsed
    network: Parsed = ""


class CompleteReply(Reply):
    """The value of the cookie of the session that takes the place of the earlier one."""

    session: Confidential[str]


@catalog.action(SignInRefused, writes=True, internal=True, sensitive=True, roles=STRANGERS)
def give_second_step(context: Context, request: GiveSecondStepRequest) -> Commit[CompleteReply]:
    """Complete a session with a code."""
    person = context.desk.store.read(lambda unit: own_person(context, unit))
    attempt = attempt_in_session(person)
    count(context, attempt)

    def commit(unit: Unit) -> CompleteReply:
        session, person = own_session(context, unit), own_person(context, unit)
        how = use_code(context, unit, person, request.code)
        if not how:
            raise SignInRefused(
                "Code: this one is not right, or was used before. Wait for the next one. "
                "Is the clock of your telephone right?"
            )
        value = replace_session(context, unit, person, session, is_proof=True)
        forgive(unit, attempt_for(context, login_of_person(person), request.network))
        note_sign_in(context, unit, person, attempt, how)
        return CompleteReply(session=value)

    return commit


class ProveAgainRequest(Request):
    """The password, once more."""

    password: TypedPassword


class ProveAgainReply(Reply):
    """Nothing but that it was the right one."""


@catalog.action(
    SignInRefused, writes=True, internal=True, sensitive=True, roles=EVERYBODY_SIGNED_IN
)
def prove_again(context: Context, request: ProveAgainRequest) -> Commit[ProveAgainReply]:
    """Prove again who one is, with the password, before a secret is shown."""
    proved = check_own_password(context, request.password)

    def commit(unit: Unit) -> ProveAgainReply:
        still(unit, proved)
        note_proof(context, unit)
        forget(unit, proved.attempt)
        return ProveAgainReply()

    return commit


def note_proof(context: Context, unit: Unit) -> None:
    """Note in the session that its person has just proved again who it is.

    Raises:
        SignInRefused: there is no session.
    """
    unit.sessions.replace(replace(own_session(context, unit), proved_at=context.now))


class SignOutRequest(Request):
    """Nothing: it is about the session in which it is asked for."""


class SignOutReply(Reply):
    """Nothing."""


@catalog.action(writes=True, internal=True, roles=ANYBODY, ends=True)
def sign_out(context: Context, request: SignOutRequest) -> Commit[SignOutReply]:
    """End the session."""
    del request

    def commit(unit: Unit) -> SignOutReply:
        if context.caller.session is not None:
            unit.sessions.remove(context.caller.session)
        return SignOutReply()

    return commit


def _found(unit: Unit, login: str) -> tuple[Person | None, Password | None]:
    person = named_person(unit, login)
    if person is None or not may_sign_in(unit, person):
        return person, None
    return person, unit.passwords.get(person.person_id)
