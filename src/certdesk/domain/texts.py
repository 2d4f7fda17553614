"""What a text about a company or a person must keep to, whoever enters it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from certdesk.domain.countries import country_code
from certdesk.domain.organisation import Organisation, Person
from certdesk.domain.secret import Secret

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
"""Most characters of a text: X.520 upper bounds where it may enter a subject, else ours."""

POSTAL_CODE_LENGTH = 40
"""Most characters of a postal code (X.520, upper bound of `postalCode`)."""

# Control characters, and the marks that turn the reading direction.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]"
)
_ONLY_PUNCTUATION = re.compile(r"[.\- ]+")


SHOWN = 64
"""Most characters of a value that a message shows."""


def cut(text: str) -> str:
    """Shorten a text that a client sent before it is shown back."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def printable(text: str) -> str:
    """Escape what does not print, or turns the reading direction: a message must not mislead."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def organisation_faults(organisation: Organisation) -> Iterator[tuple[str, str]]:
    """Give (field, rule) for each text of a company that will not do."""
    yield from _text_faults(organisation, ORGANISATION_LENGTHS)
    country = organisation.country
    if country is not None and country_code(country) is None:
        yield "country", "must be two letters of ISO 3166, such as CN"


def person_faults(person: Person) -> Iterator[tuple[str, str]]:
    """Give (field, rule) for each text of a person that will not do."""
    yield from _text_faults(person, PERSON_LENGTHS)


def text_fault(text: str, longest: int) -> str | None:
    """Tell why a text of at most `longest` characters will not do, or None if it will."""
    if len(text) > longest:
        return f"takes at most {longest} characters, not {len(text)}"
    if _UNPRINTABLE.search(text):
        return "must not hold control characters"
    return None


def subject_fault(text: str, longest: int) -> str | None:
    """Tell why a text may not stand in a certificate's subject, or None if it may."""
    if _ONLY_PUNCTUATION.fullmatch(text):
        return "must hold more than dots, dashes and blanks"
    return text_fault(text, longest)


def _text_faults(
    value: Organisation | Person, lengths: dict[str, int]
) -> Iterator[tuple[str, str]]:
    for field, longest in lengths.items():
        member = getattr(value, field)
        if member is None:
            continue
        text = member.text() if isinstance(member, Secret) else member
        fault = text_fault(text, longest)
        if fault is not None:
            yield field, fault
        elif _ONLY_PUNCTUATION.fullmatch(text):
            yield field, "must hold more than dots, dashes and blanks"
