"""Remarks on identity and telephone numbers: they warn reviewers and refuse nothing.

The vendor's own examples have numbers with wrong check digits, so a refusal would turn honest
material away (reference: api_facts, seed samples).
"""

from __future__ import annotations

from collections.abc import Iterator

from stdnum.cn import ric, uscc

from certdesk.domain.orders.material import Material
from certdesk.domain.values.countries import country_code
from certdesk.domain.values.organisation import Organisation, Person

HOME = "CN"
"""The country of a telephone number without a country code: the vendor's own."""


def material_remarks(material: Material) -> Iterator[tuple[str, str]]:
    """Yield (path, remark) for what looks odd about the company and the people of a submission."""
    country = material.organisation.country
    for field, remark in organisation_remarks(material.organisation):
        yield f"organisation.{field}", remark
    for field, remark in person_remarks(material.manager, country):
        yield f"manager.{field}", remark
    for field, remark in person_remarks(material.contact, country):
        yield f"contact.{field}", remark


def organisation_remarks(organisation: Organisation) -> Iterator[tuple[str, str]]:
    """Yield (field, remark) for what looks odd about a company."""
    number = organisation.id_number
    if organisation.id_type == "TYDMZ" and number and not uscc.is_valid(number.text()):
        yield "id_number", "the check digit of the unified social credit code is wrong"
    country = country_code(organisation.country or "") or HOME
    phone = organisation.phone_number
    if phone and not _dialable((organisation.phone_area or "") + phone.text(), country):
        yield "phone_number", f"no valid telephone number in {country}"


def person_remarks(person: Person, country: str | None) -> Iterator[tuple[str, str]]:
    """Yield (field, remark) for what looks odd about a manager or a contact."""
    number = person.id_number
    if person.id_type == "SFZ" and number and not ric.is_valid(number.text()):
        yield "id_number", "the check digit of the identity card is wrong"
    region = country_code(country or "") or HOME
    if person.phone and not _dialable(person.phone.text(), region):
        yield "phone", f"no valid telephone number in {region}"


def _dialable(number: str, country: str) -> bool:
    # Imported for the first number that a reviewer reads: it takes 15 milliseconds.
    import phonenumbers  # noqa: PLC0415 - see above

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, country))
    except phonenumbers.NumberParseException:
        return False
