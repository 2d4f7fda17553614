"""Organisations and people: the data of a company, its manager and its contact."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, TypeAlias

from certdesk.domain.values.free_text import CleartextOf, Code, Words
from certdesk.domain.values.record import Record, replace
from certdesk.domain.values.sealed_fields import split_fields
from certdesk.domain.values.secret import Secret

VETTED = "ok"
VETTING_LASTS = timedelta(days=398)
"""How long a vetting may be reused (CA/Browser Forum Baseline Requirements, since 2026-03-15)."""


@split_fields
class Organisation(Record, kw_only=True):
    """A legal person as submitted or recorded; `country` is two ISO 3166 letters."""

    name: Words | None = None
    division: Words | None = None
    address: Words | None = None
    country: Code | None = None
    city: Words | None = None
    region: Words | None = None
    phone_area: Code | None = None
    phone_number: Secret | None = None
    id_type: Code | None = None
    id_number: Secret | None = None


@split_fields
class Person(Record, kw_only=True):
    """A manager or a contact as submitted or recorded."""

    first_name: Words | None = None
    last_name: Words | None = None
    title: Words | None = None
    phone: Secret | None = None
    email: Secret | None = None
    id_type: Code | None = None
    id_number: Secret | None = None


class Company(Record, kw_only=True):
    """A company record of an account.

    `facts` has the cleartext fields of its `Organisation`, `personal` the sealed ones;
    `fingerprint` is a keyed fingerprint by which equal data is found again.
    """

    company_id: int = 0
    uin: Code
    facts: OrganisationCleartext
    personal: bytes
    fingerprint: bytes
    tags: tuple[tuple[Words, Words], ...] = ()
    created_at: datetime
    version: int = 1


class Manager(Record, kw_only=True):
    """A manager of a company, with their contact, and the state of their vetting.

    `status` is one of `review.State`, and stays `ok` when the time of a vetting runs out. `facts`,
    `personal` and `fingerprint` as in `Company`, over `People`; `identity_since` as in
    `Submission`.
    """

    manager_id: int = 0
    company_id: int
    uin: Code
    status: Code
    facts: PeopleCleartext
    personal: bytes
    fingerprint: bytes
    tags: tuple[tuple[Words, Words], ...] = ()
    created_at: datetime
    submitted_at: datetime | None = None
    verified_at: datetime | None = None
    expires_at: datetime | None = None
    identity_since: datetime | None = None
    version: int = 1


@split_fields
class People(Record, kw_only=True):
    """The manager, the manager's department, and the contact."""

    manager: Person = Person()
    department: Words | None = None
    contact: Person = Person()


OrganisationCleartext: TypeAlias = Annotated[str, CleartextOf(Organisation)]
PeopleCleartext: TypeAlias = Annotated[str, CleartextOf(People)]


def vetted(manager: Manager, now: datetime) -> Manager:
    """Return the manager after a successful vetting now."""
    return replace(manager, status=VETTED, verified_at=now, expires_at=now + VETTING_LASTS)
