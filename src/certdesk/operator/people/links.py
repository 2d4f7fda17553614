"""Logins that belong to one human being: linked by the operator, or by one identity.

A login is `person:N` (of the console), `uid:N` (a user of the system who types commands) or
`user:N` (of an account).
"""

from __future__ import annotations

from collections.abc import Iterator

from certdesk.domain.vetting.deciders import PERSON, USER
from certdesk.ports import Unit


def linked_to(unit: Unit, person_id: int) -> frozenset[str]:
    """Return all logins of the human being to whom a login of the console belongs."""
    return all_linked(unit, f"{PERSON}:{person_id}")


def all_linked(unit: Unit, login: str) -> frozenset[str]:
    """Return all logins of the human being who has a login, over links of any length."""
    found: set[str] = set()
    open_ = [login] if login else []
    while open_:
        one = open_.pop()
        if one not in found:
            found.add(one)
            open_.extend(_next_to(unit, one))
    return frozenset(found)


def _next_to(unit: Unit, login: str) -> Iterator[str]:
    """Yield the logins that are directly linked to one."""
    yield from (_of(link.person_id) for link in unit.person_links.where(login=login))
    kind, _, number = login.partition(":")
    if kind == USER:
        people = unit.people.where(user_id=int(number))
        yield from (_of(person.person_id) for person in people)
    if kind == PERSON:
        yield from _next_to_person(unit, int(number))


def _next_to_person(unit: Unit, person_id: int) -> Iterator[str]:
    yield from (link.login for link in unit.person_links.where(person_id=person_id))
    person = unit.people.get(person_id)
    if person is not None and person.user_id is not None:
        yield f"{USER}:{person.user_id}"
    for own in unit.oidc_identities.where(person_id=person_id):
        same = unit.oidc_identities.where(issuer=own.issuer, subject=own.subject)
        yield from (_of(identity.person_id) for identity in same)


def _of(person_id: int) -> str:
    return f"{PERSON}:{person_id}"
