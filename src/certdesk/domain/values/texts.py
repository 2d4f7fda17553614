"""The rules for texts about companies and people, for every way in which they come in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from certdesk.domain.values.countries import country_code
from certdesk.domain.values.organisation import Organisation, Person
from certdesk.domain.values.secret import Secret
from certdesk.domain.values.visible import unseen_fault

ORGANISATION_LENGTHS = {
    "name": 64,
    "division": 64,
    "address": 256,
    "city": 128,
    "region": 128,
    "phone_area": 8,
    "phone_number": 32,
    "id_number": 32,
}
PERSON_LENGTHS = {
    "first_name": 64,
    "last_name": 64,
    "title": 64,
    "phone": 32,
    "id_number": 32,
}
"""Most characters of a text: X.520 upper bounds if it may be in a subject, else our own."""

POSTAL_CODE_LENGTH = 40
"""Most characters of a postal code (X.520, upper bound of `postalCode`)."""

_ONLY_PUNCTUATION = re.compile(r"[.\- ]+")


def organisation_faults(organisation: Organisation) -> Iterator[tuple[str, str]]:
    """Yield (field, rule) for each invalid text of a company."""
    yield from _text_faults(organisation, ORGANISATION_LENGTHS)
    country = organisation.country
    if country is not None and country_code(country) is None:
        yield "country", "must be two letters of ISO 3166, such as CN"


def person_faults(person: Person) -> Iterator[tuple[str, str]]:
    """Yield (field, rule) for each invalid text of a person."""
    yield from _text_faults(person, PERSON_LENGTHS)


def text_fault(text: str, longest: int, *, secret: bool = False) -> str | None:
    """Return why a text of at most `longest` characters is invalid, None if it is valid.

    No character of a `secret` is repeated.
    """
    if len(text) > longest:
        return f"takes at most {longest} characters, not {len(text)}"
    return unseen_fault(text, secret=secret)


def subject_fault(text: str, longest: int, *, secret: bool = False) -> str | None:
    """Return why a text may not be in a certificate's subject, None if it may."""
    if _ONLY_PUNCTUATION.fullmatch(text):
        return "must contain more than dots, dashes and blanks"
    return text_fault(text, longest, secret=secret)


def _text_faults(
    value: Organisation | Person, lengths: dict[str, int]
) -> Iterator[tuple[str, str]]:
    for field, longest in lengths.items():
        member = getattr(value, field)
        if member is None:
            continue
        secret = isinstance(member, Secret)
        text = member.text() if secret else member
        fault = subject_fault(text, longest, secret=secret)
        if fault is not None:
            yield field, fault
