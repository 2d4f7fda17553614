"""Sessions: how they begin, whose they are, and how they end.

The web asks `session_of` for the identity behind a cookie, and `touch` to note that it is in use.
"""

from __future__ import annotations

from datetime import datetime

from certdesk.domain.accounts.policy import Grants
from certdesk.domain.people.records import Person, Session
from certdesk.domain.people.role import Role
from certdesk.domain.people.sessions import (
    LONGEST,
    MOST_SESSIONS,
    is_over,
    is_proved,
    is_to_be_touched,
)
from certdesk.domain.values.record import Record, replace
from certdesk.engine import Caller, Context
from certdesk.operator.people.lookups import login_of_person, may_sign_in
from certdesk.operator.people.random_values import digest_of, new_value
from certdesk.operator.people.second_steps import has_second_step
from certdesk.ports import Unit


class KnownSession(Record, kw_only=True):
    """A session that lasts, with the identity that its actions are run with.

    Until the second step, that is nobody's. `is_proved` says whether pages with secrets may open;
    `is_to_be_touched`, whether it is time to call `touch`.
    """

    caller: Caller
    name: str
    role: Role
    is_complete: bool
    has_second_step: bool
    is_proved: bool
    is_to_be_touched: bool


def session_of(unit: Unit, digest: bytes, now: datetime) -> KnownSession | None:
    """Return the session of a cookie, None if it is over or its person may not sign in."""
    session = unit.sessions.get(digest)
    if session is None or is_over(session, now):
        return None
    person = unit.people.get(session.person_id)
    if person is None or not may_sign_in(unit, person):
        return None
    return KnownSession(
        caller=_caller_of(unit, person, session),
        name=login_of_person(person),
        role=Role(person.role),
        is_complete=session.complete,
        has_second_step=has_second_step(unit, person),
        is_proved=session.complete and is_proved(session, now),
        is_to_be_touched=is_to_be_touched(session, now),
    )


def lasts(unit: Unit, caller: Caller, now: datetime) -> bool:
    """Return, in a transaction, whether a caller's session lasts, with the same permissions."""
    known = None if caller.session is None else session_of(unit, caller.session, now)
    return known is not None and known.caller == caller


def touch(unit: Unit, digest: bytes, now: datetime) -> None:
    """Note that a session is in use."""
    session = unit.sessions.get(digest)
    if session is not None and not is_over(session, now):
        unit.sessions.replace(replace(session, seen_at=now))


def begin_session(
    context: Context, unit: Unit, person: Person, *, complete: bool, agent: str, provider: str = ""
) -> str:
    """Begin a session of a person who has just proved who it is; return the cookie's value.

    The session in which that was done ends, and the one that was used longest ago if there are too
    many.
    """
    if context.caller.session is not None:
        unit.sessions.remove(context.caller.session)
    own = sorted(unit.sessions.where(person_id=person.person_id), key=lambda each: each.seen_at)
    for old in own[: max(0, len(own) - MOST_SESSIONS + 1)]:
        unit.sessions.remove(old.digest)
    value = new_value(context.desk.rng)
    unit.sessions.add(
        Session(
            digest=digest_of(value),
            person_id=person.person_id,
            created_at=context.now,
            seen_at=context.now,
            ends_at=context.now + LONGEST,
            proved_at=context.now,
            complete=complete,
            provider=provider,
            agent=agent,
        )
    )
    return value


def end_invitations(unit: Unit, person_id: int) -> None:
    """End the invitations of a person that were not used."""
    for invitation in unit.invitations.where(person_id=person_id):
        unit.invitations.remove(invitation.digest)


def replace_session(
    context: Context, unit: Unit, person: Person, earlier: Session, *, is_proof: bool
) -> str:
    """Begin the session that takes the place of an earlier one; return the cookie's value.

    It is complete, and ends when the earlier one would have ended. `is_proof` says that its person
    has just given a password, a passkey or a second step; otherwise the earlier proof counts on.
    """
    unit.sessions.remove(earlier.digest)
    value = new_value(context.desk.rng)
    unit.sessions.add(
        replace(
            earlier,
            digest=digest_of(value),
            person_id=person.person_id,
            seen_at=context.now,
            proved_at=context.now if is_proof else earlier.proved_at,
            complete=True,
            version=1,
        )
    )
    return value


def end_sessions(unit: Unit, person_id: int) -> int:
    """End all sessions of a person; return how many."""
    ended = unit.sessions.where(person_id=person_id)
    for session in ended:
        unit.sessions.remove(session.digest)
    return len(ended)


def end_sessions_of_users(unit: Unit, uin: str, user_id: int | None = None) -> None:
    """End all sessions of the people of an account, or of one of its users."""
    for person in unit.people.where(uin=uin):
        if user_id is None or person.user_id == user_id:
            end_sessions(unit, person.person_id)


def _caller_of(unit: Unit, person: Person, session: Session) -> Caller:
    """Return the identity of a session, whose person may sign in."""
    nobody = Caller(
        uin="",
        actor=f"person {person.person_id}",
        verified=False,
        role=Role.NOBODY,
        person=person.person_id,
        name=login_of_person(person),
        session=session.digest,
    )
    if not session.complete:
        return nobody
    if person.role != Role.USER:
        return replace(nobody, role=Role(person.role), verified=True)
    account = unit.accounts.get(person.uin)
    return replace(
        nobody,
        role=Role.USER,
        uin=person.uin,
        verified=account is not None and account.verified,
        user_id=person.user_id,
        grants=_grants_of(unit, person),
    )


def _grants_of(unit: Unit, person: Person) -> Grants:
    user = None if person.user_id is None else unit.users.get(person.user_id)
    found = (unit.policies.get(number) for number in (user.policies if user else ()))
    return Grants.chosen((policy for policy in found if policy is not None), ())
