"""Passwords that people type, checked and chosen."""

from __future__ import annotations

from certdesk.domain.errors import InvalidParam, SignInRefused
from certdesk.domain.people.passwords import fault_of, normal
from certdesk.domain.people.records import Password, Person
from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import Secret
from certdesk.engine import Context
from certdesk.operator.people.failures import Attempt, attempt_in_session, checking
from certdesk.operator.people.lookups import (
    hash_of,
    login_of_person,
    may_sign_in,
    own_person,
    sealed_hash,
)
from certdesk.operator.people.sessions import end_invitations
from certdesk.ports import Unit

WRONG = "The name or the password is wrong."
WRONG_PASSWORD = "The password is wrong."  # noqa: S105 -- a sentence about one


class Proved(Record, kw_only=True):
    """A person and the password that was the right one."""

    person: Person
    password: Password
    attempt: Attempt


def check_password(
    context: Context,
    found: tuple[Person | None, Password | None],
    attempt: Attempt,
    typed: str,
    refusal: str,
) -> Proved:
    """Check the password of a person; where there is none, do the same work.

    Raises:
        SignInRefused: it is wrong, with `refusal`, or too many were.
        HashesBusy: too many others are being checked.
    """
    person, password = found
    with checking(context, attempt):
        hashed = hash_of(context.desk.vault, password)
        fits = context.desk.passwords.fits(Secret(normal(typed)), hashed)
        if not fits or person is None or password is None:
            raise SignInRefused(refusal)
    return Proved(person=person, password=password, attempt=attempt)


def check_own_password(context: Context, typed: str) -> Proved:
    """Check the password of the person who is signed in.

    Raises:
        SignInRefused: it is wrong, or too many were.
        HashesBusy: too many others are being checked.
    """
    person, password = context.desk.store.read(lambda unit: _own(context, unit))
    attempt = attempt_in_session(person)
    return check_password(context, (person, password), attempt, typed, WRONG_PASSWORD)


def still(unit: Unit, proved: Proved) -> Person:
    """Return the person of a proof, in the transaction that relies on it.

    Raises:
        SignInRefused: the person or the password has changed since.
    """
    person = unit.people.get(proved.person.person_id)
    same = unit.passwords.get(proved.person.person_id) == proved.password
    if person is None or not same or not may_sign_in(unit, person):
        raise SignInRefused(WRONG)
    return person


def hash_chosen(context: Context, person: Person, chosen: str) -> Secret:
    """Return the hash of a password that a person chose.

    Raises:
        InvalidParam: it breaks a rule.
        HashesBusy: too many others are being checked.
    """
    fault = fault_of(chosen, person.name, login_of_person(person))
    if fault:
        raise InvalidParam(f"Password: {fault}.")
    return context.desk.passwords.hash(Secret(normal(chosen)))


def keep_password(context: Context, unit: Unit, person: Person, hashed: Secret) -> None:
    """Store a person's password in the place of an earlier one; unused invitations end.

    One would let somebody set another password after it.
    """
    end_invitations(unit, person.person_id)
    earlier = unit.passwords.get(person.person_id)
    password = Password(
        person_id=person.person_id,
        sealed_hash=sealed_hash(context.desk.vault, person.person_id, hashed),
        changed_at=context.now,
        version=1 if earlier is None else earlier.version,
    )
    if earlier is None:
        unit.passwords.add(password)
    else:
        unit.passwords.replace(password)


def _own(context: Context, unit: Unit) -> tuple[Person, Password | None]:
    person = own_person(context, unit)
    return person, unit.passwords.get(person.person_id)
