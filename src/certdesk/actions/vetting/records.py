"""Companies and managers: drafted with sealed data, then found by equal data or added."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

from certdesk.domain.privacy.identity_numbers import holds_identity
from certdesk.domain.values.countries import country_code
from certdesk.domain.values.organisation import Company, Manager, Organisation, People
from certdesk.domain.values.record import replace
from certdesk.domain.values.sealed_fields import (
    cleartext_fields,
    join_fields,
    secret_fields,
    without_secrets,
)
from certdesk.domain.values.secret import hidden
from certdesk.domain.vetting.review import State
from certdesk.engine import Context
from certdesk.ports import Unit, Vault, VaultError, place_of_party

_PUNCTUATION = str.maketrans("", "", " -()+")


def draft_company(
    context: Context,
    uin: str,
    organisation: Organisation,
    tags: tuple[tuple[str, str], ...] = (),
) -> Company:
    """Return the draft of a company; the division belongs to its manager."""
    known = replace(organisation, division=None)
    fingerprint = context.desk.vault.fingerprint(uin, _essence("company", _one_spelling(known)))
    draft = Company(
        uin=uin,
        facts=cleartext_fields(known),
        personal=b"",
        fingerprint=fingerprint,
        tags=tags,
        created_at=context.now,
    )
    sealed = context.desk.vault.seal(secret_fields(known), place_of_party(draft))
    return replace(draft, personal=sealed)


def draft_manager(
    context: Context,
    company: Company,
    people: People,
    tags: tuple[tuple[str, str], ...] = (),
) -> Manager:
    """Return the draft of a manager not yet sent to vetting; `company` may be a draft itself."""
    fingerprint = context.desk.vault.fingerprint(
        company.uin, _essence(f"manager of {company.fingerprint.hex()}", people)
    )
    draft = Manager(
        company_id=company.company_id,
        uin=company.uin,
        status=State.NONE,
        facts=cleartext_fields(people),
        personal=b"",
        fingerprint=fingerprint,
        tags=tags,
        created_at=context.now,
        identity_since=context.now if holds_identity(people) else None,
    )
    sealed = context.desk.vault.seal(secret_fields(people), place_of_party(draft))
    return replace(draft, personal=sealed)


def keep_company(unit: Unit, draft: Company) -> Company:
    """Return the company record with equal data, adding it if there is none."""
    known = unit.companies.where(uin=draft.uin, fingerprint=draft.fingerprint, limit=1)
    return known[0] if known else unit.companies.add(draft)


def organisation_of(vault: Vault, company: Company) -> Organisation:
    """Open the record of a company.

    Raises:
        VaultError: it was altered.
    """
    with _named(f"company {company.company_id}"):
        opened = vault.open(company.personal, place_of_party(company))
        return join_fields(Organisation, company.facts, opened)


def people_of(vault: Vault, manager: Manager) -> People:
    """Open the record of a manager.

    Raises:
        VaultError: it was altered.
    """
    with _named(f"manager {manager.manager_id}"):
        return join_fields(
            People, manager.facts, vault.open(manager.personal, place_of_party(manager))
        )


def is_nobody(manager: Manager) -> bool:
    """Whether a manager was erased as a person: without a name, it cannot be vetted.

    Names are stored as cleartext, so nothing is opened.
    """
    person = without_secrets(People, manager.facts).manager
    return person.first_name is None and person.last_name is None


@contextlib.contextmanager
def _named(record: str) -> Iterator[None]:
    """Log the name of a record that does not open, for the operator."""
    try:
        yield
    except VaultError as error:
        raise VaultError(f"{record}: {error}") from error


def own_company(unit: Unit, uin: str, company_id: int | None) -> Company | None:
    """Read a company of the account; another account's is treated as unknown."""
    company = unit.companies.get(company_id) if company_id else None
    return company if company is not None and company.uin == uin else None


def own_manager(unit: Unit, uin: str, manager_id: int | None) -> Manager | None:
    """Read a manager of the account; another account's is treated as unknown."""
    manager = unit.managers.get(manager_id) if manager_id else None
    return manager if manager is not None and manager.uin == uin else None


def _one_spelling(organisation: Organisation) -> Organisation:
    """Return the organisation with one spelling of its telephone number and country."""
    area, phone = organisation.phone_area or "", organisation.phone_number
    number = (area + (phone.text() if phone else "")).translate(_PUNCTUATION)
    country = organisation.country or ""
    return replace(
        organisation,
        phone_area=None,
        phone_number=hidden(number or None),
        country=country_code(country) or country,
    )


def _essence(kind: str, value: Organisation | People) -> bytes:
    """Return what makes two records equal: all values, without letter case and outer blanks."""
    fields = json.loads(cleartext_fields(value)), json.loads(secret_fields(value).reveal())
    return json.dumps([kind, *map(_folded, fields)], sort_keys=True).encode()


def _folded(value: object) -> object:
    if isinstance(value, dict):
        return {name: _folded(member) for name, member in value.items()}
    return value.strip().casefold() if isinstance(value, str) else value
