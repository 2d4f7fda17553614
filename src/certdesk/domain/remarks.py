"""Remarks on identity and telephone numbers: they warn the desk's people and refuse nothing.

The vendor's own examples carry numbers whose check digits do not fit, so a refusal would turn
honest material away (reference: api_facts, seed samples).
"""

from __future__ import annotations

from collections.abc import Iterator

import phonenumbers
from stdnum.cn import ric, uscc

from certdesk.domain.countries import country_code
from certdesk.domain.organisation import Organisation, Person
from certdesk.domain.secret import Secret

HOME = "CN"
"""Where a number without a country is dialled from: the vendor's home."""


def organisation_remarks(organisation: Organisation) -> Iterator[tuple[str, str]]:
    """Give (field, remark) for what looks odd about a company."""
    if organisation.id_type == "TYDMZ" and organisation.id_number is not None:
        if not uscc.is_valid(organisation.id_number.text()):
            yield "id_number", "the check digit of the unified social credit code does not fit"
    country = country_code(organisation.country or "") or HOME
    if organisation.phone_number is not None:
        number = (organisation.phone_area or "") + organisation.phone_number.text()
        if not _dialable(number, country):
            yield "phone_number", f"no valid telephone number in {country}"


def person_remarks(person: Person, country: str | None) -> Iterator[tuple[str, str]]:
    """Give (field, remark) for what looks odd about a manager or a contact."""
    if person.id_type == "SFZ" and person.id_number is not None:
        if not ric.is_valid(person.id_number.text()):
            yield "id_number", "the check digit of the identity card does not fit"
    region = country_code(country or "") or HOME
    if isinstance(person.phone, Secret) and not _dialable(person.phone.text(), region):
        yield "phone", f"no valid telephone number in {region}"


def _dialable(number: str, country: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, country))
    except phonenumbers.NumberParseException:
        return False
