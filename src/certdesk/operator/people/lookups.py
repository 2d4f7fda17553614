"""The people that names, numbers and sessions stand for."""

from __future__ import annotations

import re

from certdesk.domain.errors import PersonNotFound, SignInRefused
from certdesk.domain.people.names import folded, login_of, parted
from certdesk.domain.people.records import Password, Person, Session
from certdesk.domain.people.role import Role
from certdesk.domain.values.redaction import redacted_bare
from certdesk.domain.values.secret import Secret
from certdesk.engine import Context
from certdesk.ports import DESK, Place, Unit, Vault

_NUMBERED = re.compile(r"person:([0-9]{1,10})")


def is_ended(person: Person) -> bool:
    """Return whether a login was ended: nobody is found by its name any more."""
    # No name has a line break.
    return "\n" in person.folded


def named_person(unit: Unit, login: str) -> Person | None:
    """Read the person who signs in with a name, None if nobody does."""
    name, uin = parted(login)
    found = unit.people.where(uin=uin, folded=folded(name))
    return found[0] if found else None


def known_person(unit: Unit, login: str) -> Person:
    """Read the person who signs in with a name; `person:N` finds one that was ended, too.

    Raises:
        PersonNotFound: nobody does.
    """
    numbered = _NUMBERED.fullmatch(login)
    person = unit.people.get(int(numbered[1])) if numbered else named_person(unit, login)
    if person is None:
        raise PersonNotFound(f"Nobody signs in as {redacted_bare(login)}.")
    return person


def may_sign_in(unit: Unit, person: Person) -> bool:
    """Return whether a person is enabled, and so are the user and the account, if it is a user."""
    if not person.enabled or person.role != Role.USER:
        return person.enabled
    user = None if person.user_id is None else unit.users.get(person.user_id)
    account = unit.accounts.get(person.uin)
    return bool(user and user.enabled and account and account.enabled)


def own_person(context: Context, unit: Unit) -> Person:
    """Read the person who is signed in, if only by a password so far.

    Raises:
        SignInRefused: nobody is, or no longer.
    """
    number = context.caller.person
    person = None if number is None else unit.people.get(number)
    if person is None or not may_sign_in(unit, person):
        raise SignInRefused("Sign in first.")
    return person


def own_session(context: Context, unit: Unit) -> Session:
    """Read the session in which an action is run.

    Raises:
        SignInRefused: there is none, or no longer.
    """
    digest = context.caller.session
    session = None if digest is None else unit.sessions.get(digest)
    if session is None or session.person_id != context.caller.person:
        raise SignInRefused("Sign in first.")
    return session


def is_by_group(unit: Unit, person_id: int) -> bool:
    """Return whether the desk made the login because of a group at a provider."""
    return any(each.by_group for each in unit.oidc_identities.where(person_id=person_id))


def subject_of(person: Person) -> str:
    """Return what stands for a person in the audit log, in links and in counts of failures."""
    return f"person:{person.person_id}"


def login_of_person(person: Person) -> str:
    """Return what a person types to sign in."""
    return login_of(person.name, person.uin)


def hash_of(vault: Vault, password: Password | None) -> Secret | None:
    """Open the hash of a password, if there is one."""
    if password is None:
        return None
    return vault.open(password.sealed_hash, _place_of_hash(password.person_id))


def sealed_hash(vault: Vault, person_id: int, hashed: Secret) -> bytes:
    """Seal the hash of a person's password."""
    return vault.seal(hashed, _place_of_hash(person_id))


def _place_of_hash(person_id: int) -> Place:
    return Place(DESK, "passwords", str(person_id), "sealed_hash")
