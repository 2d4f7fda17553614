"""Invitations: the operator makes a login, and its person chooses a password by a link."""

from __future__ import annotations

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidParam, ProofNeeded, SignInRefused, UserNotFound
from certdesk.domain.people.names import folded, staff_name_fault
from certdesk.domain.people.records import Invitation, Person
from certdesk.domain.people.role import STAFF, Role
from certdesk.domain.people.sessions import INVITATION_LASTS
from certdesk.domain.values.redaction import missing_message, redacted_bare
from certdesk.engine import Context
from certdesk.operator.lookups import check_name, enabled_account
from certdesk.operator.people.lookups import is_by_group, login_of_person, may_sign_in, subject_of
from certdesk.operator.people.proofs import hash_chosen, keep_password
from certdesk.operator.people.proved import check_proved
from certdesk.operator.people.random_values import digest_of, new_value
from certdesk.operator.people.sessions import end_invitations, end_sessions
from certdesk.operator.people.signing_in import ANYBODY, SignInReply, signed_in
from certdesk.ports import Stale, Taken, Unit
from certdesk.wire.model import Blank, Confidential, HiddenParsed, Parsed, Reply, Request, utc_time
from certdesk.wire.operator.people import TypedPassword

USED_UP = "The link was used already, or its time is over. Ask for another one."


class InviteStaffRequest(Request):
    """The name to sign in with, and the role."""

    name: str
    role: str


class InviteUserRequest(Request):
    """The user's name, and the account."""

    name: str
    uin: str


class InvitationReply(Reply):
    """The login, and the token of the link by which its person chooses a password.

    `Url` is where the desk is reached, as far as it knows.
    """

    person_id: int
    login: str
    token: Confidential[str]
    url: Blank
    expires: str | None


@catalog.action(InvalidParam, ProofNeeded, writes=True, internal=True)
def invite_staff(context: Context, request: InviteStaffRequest) -> Commit[InvitationReply]:
    """Invite a person of the staff, or let one who is known choose a new password."""
    check_name(request.name)
    name = request.name.strip()
    if request.role not in STAFF:
        raise InvalidParam(f"Role: must be one of {', '.join(STAFF)}.")
    if fault := staff_name_fault(name):
        raise InvalidParam(f"Name: {fault}.")

    def commit(unit: Unit) -> InvitationReply:
        check_proved(context, unit)
        person = _invited(context, unit, name, Role(request.role))
        return _invite(context, unit, person)

    return commit


@catalog.action(InvalidParam, ProofNeeded, writes=True, internal=True)
def invite_user(context: Context, request: InviteUserRequest) -> Commit[InvitationReply]:
    """Invite a user of an account to the console, or let one choose a new password."""

    def commit(unit: Unit) -> InvitationReply:
        check_proved(context, unit)
        enabled_account(unit, request.uin)
        users = unit.users.where(uin=request.uin, name=request.name)
        if not users:
            raise UserNotFound(missing_message("user", request.name))
        (user,) = users
        person = _invited(context, unit, user.name, Role.USER, request.uin, user.user_id)
        if not may_sign_in(unit, person):
            raise InvalidParam(f"Name: user {user.user_id} is disabled. Enable the user first.")
        return _invite(context, unit, person)

    return commit


class ShowInvitationRequest(Request):
    """The token of a link."""

    token: HiddenParsed


class ShowInvitationReply(Reply):
    """The name with which its person will sign in, and until when the link works."""

    login: str
    expires: str | None


@catalog.action(SignInRefused, internal=True, roles=ANYBODY)
def show_invitation(
    context: Context, request: ShowInvitationRequest
) -> Commit[ShowInvitationReply]:
    """Show whose a link is, and use nothing up. Nobody finds a token by trying."""
    digest = digest_of(request.token)

    def read(unit: Unit) -> ShowInvitationReply:
        person = holder(context, unit, digest)
        invitation = unit.invitations.get(digest)
        return ShowInvitationReply(
            login=login_of_person(person),
            expires=utc_time(invitation.expires_at if invitation else None),
        )

    return read


class AcceptInvitationRequest(Request):
    """The token of a link, and the password that its person chooses."""

    token: HiddenParsed
    password: TypedPassword
    network: Parsed = ""
    agent: Parsed = ""


@catalog.action(
    InvalidParam, SignInRefused, writes=True, internal=True, sensitive=True, roles=ANYBODY
)
def accept_invitation(context: Context, request: AcceptInvitationRequest) -> Commit[SignInReply]:
    """Choose a password by a link, which works once, and begin a session."""
    digest = digest_of(request.token)
    invited = context.desk.store.read(lambda unit: holder(context, unit, digest))
    hashed = hash_chosen(context, invited, request.password)

    def commit(unit: Unit) -> SignInReply:
        person = holder(context, unit, digest)
        unit.invitations.remove(digest)
        keep_password(context, unit, person, hashed)
        end_sessions(unit, person.person_id)
        context.record(unit, subject_of(person), "password", uin=person.uin)
        return signed_in(context, unit, person, None, agent=request.agent)

    return commit


def holder(context: Context, unit: Unit, digest: bytes) -> Person:
    """Read the person whose invitation a link is.

    Raises:
        SignInRefused: it is nobody's any more, or never was, or the login is of a group.
    """
    invitation = unit.invitations.get(digest)
    begun = None if invitation is None else invitation.expires_at - INVITATION_LASTS
    if invitation is None or begun is None:
        raise SignInRefused(USED_UP)
    person = unit.people.get(invitation.person_id)
    is_due = begun <= context.now < invitation.expires_at
    if not is_due or person is None or not may_sign_in(unit, person):
        raise SignInRefused(USED_UP)
    if is_by_group(unit, person.person_id):
        # A password would still open the console after the group is lost.
        raise SignInRefused("You sign in with a provider only, so you choose no password.")
    return person


def _invited(
    context: Context,
    unit: Unit,
    name: str,
    role: Role,
    uin: str = "",
    user_id: int | None = None,
) -> Person:
    """Return the login of this name, a new one if there is none.

    Raises:
        InvalidParam: it has another role or another user, is disabled, or was made by a group.
    """
    earlier = unit.people.where(uin=uin, folded=folded(name))
    if earlier:
        return _again(unit, earlier[0], role, user_id)
    try:
        return unit.people.add(
            Person(
                role=role,
                name=name,
                folded=folded(name),
                uin=uin,
                user_id=user_id,
                created_at=context.now,
            )
        )
    except Taken:
        # Somebody else has just invited the same person.
        raise Stale from None


def _again(unit: Unit, person: Person, role: Role, user_id: int | None) -> Person:
    login = redacted_bare(login_of_person(person))
    if is_by_group(unit, person.person_id):
        # A password would still open the console after the group is lost.
        raise InvalidParam(f"Name: a group at a provider made {login}, who signs in there only.")
    if person.role != role:
        raise InvalidParam(f"Role: {login} is {person.role}. Run certdesk staff end {login} first.")
    if not person.enabled:
        raise InvalidParam(f"Name: {login} is disabled. Enable the login first.")
    if person.user_id != user_id:
        raise InvalidParam("Name: another user of the account signs in with a name like this.")
    return person


def _invite(context: Context, unit: Unit, person: Person) -> InvitationReply:
    """Make a link for a person; earlier ones do not work any more."""
    end_invitations(unit, person.person_id)
    token = new_value(context.desk.rng)
    invitation = Invitation(
        digest=digest_of(token),
        person_id=person.person_id,
        expires_at=context.now + INVITATION_LASTS,
    )
    unit.invitations.add(invitation)
    context.record(unit, subject_of(person), person.role, uin=person.uin)
    return InvitationReply(
        person_id=person.person_id,
        login=login_of_person(person),
        token=token,
        url=context.desk.rules.public_url,
        expires=utc_time(invitation.expires_at),
    )
