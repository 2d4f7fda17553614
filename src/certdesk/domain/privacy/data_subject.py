"""A person by an e-mail address, a telephone or an identity number, in what is kept of people.

People are in companies' managers and contacts and in the material of orders, there under two
roles and an address to write to. Whoever is found in a role by one value is that role's person.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Collection, Iterable, Iterator
from typing import TypeVar, cast

import phonenumbers

from certdesk.domain.orders.material import Material
from certdesk.domain.orders.warnings import HOME
from certdesk.domain.values.organisation import Organisation, People, Person
from certdesk.domain.values.secret import Secret

_PUNCTUATION = str.maketrans("", "", " -()+./")
_SAME_END = 6
"""Numbers whose last digits differ are not compared any further."""

LEAST_IN_TEXTS = 6
"""Characters of an address or identity number that is looked for in texts. Shorter ones stand in
texts about anybody, and what is erased there cannot be brought back."""

_SAME_NUMBER = (phonenumbers.MatchType.NSN_MATCH, phonenumbers.MatchType.EXACT_MATCH)

Holder = TypeVar("Holder", bound="Material | People | Organisation")
"""What may tell of people."""


class Known(enum.StrEnum):
    """What a person is known by."""

    EMAIL = "email"
    PHONE = "phone"
    IDENTITY = "identity"


class Role(enum.StrEnum):
    """As what a person, or a value of theirs, stands somewhere."""

    MANAGER = "manager"
    CONTACT = "contact"
    ADDRESS = "contact address"
    TELEPHONE = "organisation's telephone"


PERSONS = (Role.MANAGER, Role.CONTACT)


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """Who is looked for."""

    by: Known
    value: Secret

    def is_value(self, by: Known, other: Secret | None) -> bool:
        """Whether a value that is kept is the one that is looked for."""
        if other is None or by is not self.by:
            return False
        one, two = self.value.text().strip().casefold(), other.text().strip().casefold()
        return same_number(one, two) if by is Known.PHONE else one == two

    def is_person(self, person: Person) -> bool:
        """Whether a person is the one who is looked for."""
        return (
            self.is_value(Known.EMAIL, person.email)
            or self.is_value(Known.PHONE, person.phone)
            or self.is_value(Known.IDENTITY, person.id_number)
        )

    def roles_in(self, holder: Material | People | Organisation) -> tuple[Role, ...]:
        """Tell as what the person stands in what is kept."""
        if isinstance(holder, Organisation):
            return (Role.TELEPHONE,) if self._rings(holder) else ()
        persons = tuple(role for role in PERSONS if self.is_person(person_in(holder, role)))
        if isinstance(holder, People):
            return persons
        theirs = [person_in(holder, role).email for role in persons]
        address = holder.contact_email
        written_to = self.is_value(Known.EMAIL, address) or (
            address is not None and address in theirs
        )
        return (
            *persons,
            *((Role.ADDRESS,) if written_to else ()),
            *((Role.TELEPHONE,) if self._rings(holder.organisation) else ()),
        )

    def traits(self, people: Iterable[Person], records: Collection[str]) -> Traits:
        """Tell by what the person is known in texts, from what is found of them in `records`."""
        numbers = {_national(each.phone.text()) for each in people if each.phone}
        known = (secret for each in people for secret in (each.email, each.id_number) if secret)
        words = {secret.text().strip().casefold() for secret in known}
        value = self.value.text().strip().casefold()
        if self.by is Known.PHONE:
            numbers.add(_national(value))
        else:
            words.add(value)
        return Traits(
            words=frozenset(word for word in words if len(word) >= LEAST_IN_TEXTS),
            numbers=frozenset(number for number in numbers if len(number) > _SAME_END),
            full_names=frozenset(name for each in people for name in _full_names(each)),
            records=frozenset(records),
        )

    def _rings(self, organisation: Organisation) -> bool:
        number = organisation.phone_number
        if number is None:
            return False
        whole = Secret((organisation.phone_area or "") + number.text())
        return self.is_value(Known.PHONE, number) or self.is_value(Known.PHONE, whole)


@dataclasses.dataclass(frozen=True, slots=True)
class Traits:
    """By what a person is known in a text.

    `words` are addresses and identity numbers in small letters, `numbers` telephone numbers without
    the country's code. Many people may have one of the `full_names`, so these count only in the
    `records` in which the person stands, and in those about the same orders.
    """

    words: frozenset[str]
    numbers: frozenset[str]
    full_names: frozenset[str]
    records: frozenset[str]

    def named_in(self, text: str, record: str) -> bool:
        """Whether a text of a record names the person; records about an order have its id."""
        small = text.casefold()
        if any(_stands_in(word, small) for word in self.words):
            return True
        digits = small.translate(_PUNCTUATION)
        if any(number in digits for number in self.numbers):
            return True
        return record in self.records and any(name in small for name in self.full_names)


def _stands_in(word: str, text: str) -> bool:
    """Whether an address or identity number is in a text, and not as a part of another one."""
    at = text.find(word)
    while at >= 0:
        if not _goes_on(text[max(at - 1, 0) : at], "._+-") and not _goes_on(
            text[at + len(word) : at + len(word) + 1], "_-"
        ):
            return True
        at = text.find(word, at + 1)
    return False


def _goes_on(letter: str, marks: str) -> bool:
    """Whether an address or a number goes on with a letter; other scripts need no blank between."""
    return letter.isascii() and letter != "" and (letter.isalnum() or letter in marks)


def _national(number: str) -> str:
    """Give the digits of a telephone number without the country's code."""
    try:
        return str(phonenumbers.parse(number, HOME).national_number)
    except phonenumbers.NumberParseException:
        return number.translate(_PUNCTUATION)


def _full_names(person: Person) -> Iterator[str]:
    """Give the ways in which both names are written together."""
    if person.first_name and person.last_name:
        first, last = person.first_name.strip().casefold(), person.last_name.strip().casefold()
        yield from (f"{first} {last}", f"{last} {first}", f"{last}{first}", f"{last}, {first}")


def same_number(one: str, other: str) -> bool:
    """Whether two spellings are of one telephone number, with the country's code or without."""
    digits, others = one.translate(_PUNCTUATION), other.translate(_PUNCTUATION)
    if digits == others:
        return True
    if digits[-_SAME_END:] != others[-_SAME_END:]:
        return False
    return phonenumbers.is_number_match(one, other) in _SAME_NUMBER


def person_in(holder: Material | People, role: Role) -> Person:
    """Give the person who stands in a role."""
    return holder.manager if role is Role.MANAGER else holder.contact


def without_roles(holder: Holder, roles: tuple[Role, ...]) -> Holder:
    """Give what is kept without whoever stands in these roles."""
    without: Material | People | Organisation = holder
    if isinstance(without, Organisation):
        without = _without_number(without, roles)
    else:
        without = dataclasses.replace(
            without,
            manager=Person() if Role.MANAGER in roles else without.manager,
            contact=Person() if Role.CONTACT in roles else without.contact,
        )
    if isinstance(without, Material):
        without = dataclasses.replace(
            without,
            contact_email=None if Role.ADDRESS in roles else without.contact_email,
            organisation=_without_number(without.organisation, roles),
        )
    return cast("Holder", without)


def _without_number(organisation: Organisation, roles: tuple[Role, ...]) -> Organisation:
    if Role.TELEPHONE not in roles:
        return organisation
    return dataclasses.replace(organisation, phone_area=None, phone_number=None)
