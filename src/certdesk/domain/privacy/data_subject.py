"""How to find a person by an e-mail address, a telephone or an identity number in the records.

People are in the managers and contacts of companies. They are also in the material of orders, in
two roles and as an address to write to. If one value of a role matches, the role's person is the
person searched for.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Iterator
from typing import TypeVar, cast

from certdesk.domain.orders.material import Material
from certdesk.domain.orders.warnings import HOME
from certdesk.domain.values.organisation import Organisation, People, Person
from certdesk.domain.values.record import Record, replace
from certdesk.domain.values.secret import Secret

_PUNCTUATION = str.maketrans("", "", " -()+./")
_SAME_END = 6
"""Telephone numbers with other last digits than these are not compared any further."""

LEAST_IN_TEXTS = 6
"""The least characters of an address or identity number that texts are searched for.

Shorter ones occur in texts about anybody, and what is erased there cannot be restored.
"""


Holder = TypeVar("Holder", bound="Material | People | Organisation")
"""The records that may be about people."""


class Known(enum.StrEnum):
    """The kinds of values by which a person is known."""

    EMAIL = "email"
    PHONE = "phone"
    IDENTITY = "identity"


class Role(enum.StrEnum):
    """The roles in which a person, or a value of theirs, is in a record."""

    MANAGER = "manager"
    CONTACT = "contact"
    ADDRESS = "contact address"
    TELEPHONE = "organisation's telephone"


PERSONS = (Role.MANAGER, Role.CONTACT)


class Wanted(Record):
    """The person searched for."""

    by: Known
    value: Secret

    def is_value(self, by: Known, other: Secret | None) -> bool:
        """Whether a stored value is the one searched for."""
        if other is None or by is not self.by:
            return False
        one, two = self.value.text().strip().casefold(), other.text().strip().casefold()
        return same_number(one, two) if by is Known.PHONE else one == two

    def is_person(self, person: Person) -> bool:
        """Whether a person is the one searched for."""
        return (
            self.is_value(Known.EMAIL, person.email)
            or self.is_value(Known.PHONE, person.phone)
            or self.is_value(Known.IDENTITY, person.id_number)
        )

    def roles_in(self, holder: Material | People | Organisation) -> tuple[Role, ...]:
        """Return the roles that the person has in a record."""
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
        """Return what identifies the person in texts, from what `records` say of them."""
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


class Traits(Record):
    """What identifies a person in a text.

    `words` are addresses and identity numbers in lower case, `numbers` telephone numbers without
    the country's code. Many people may share one of the `full_names`, so these count only in the
    `records` that the person is in, and in those about the same orders.
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
    """Whether a letter continues an address or a number; other scripts need no blank between."""
    return letter.isascii() and letter != "" and (letter.isalnum() or letter in marks)


def _national(number: str) -> str:
    """Return the digits of a telephone number without the country's code."""
    import phonenumbers  # noqa: PLC0415 - searches are rare, and it takes 15 milliseconds

    try:
        return str(phonenumbers.parse(number, HOME).national_number)
    except phonenumbers.NumberParseException:
        return number.translate(_PUNCTUATION)


def _full_names(person: Person) -> Iterator[str]:
    """Yield the ways to write both names together."""
    if person.first_name and person.last_name:
        first, last = person.first_name.strip().casefold(), person.last_name.strip().casefold()
        yield from (f"{first} {last}", f"{last} {first}", f"{last}{first}", f"{last}, {first}")


def same_number(one: str, other: str) -> bool:
    """Whether two texts are the same telephone number, with the country's code or without."""
    digits, others = one.translate(_PUNCTUATION), other.translate(_PUNCTUATION)
    if digits == others:
        return True
    if digits[-_SAME_END:] != others[-_SAME_END:]:
        return False
    import phonenumbers  # noqa: PLC0415 - as above

    same = (phonenumbers.MatchType.NSN_MATCH, phonenumbers.MatchType.EXACT_MATCH)
    return phonenumbers.is_number_match(one, other) in same


def person_in(holder: Material | People, role: Role) -> Person:
    """Return the person in a role."""
    return holder.manager if role is Role.MANAGER else holder.contact


def without_roles(holder: Holder, roles: tuple[Role, ...]) -> Holder:
    """Return the record without the people in these roles."""
    without: Material | People | Organisation = holder
    if isinstance(without, Organisation):
        without = _without_number(without, roles)
    else:
        without = replace(
            without,
            manager=Person() if Role.MANAGER in roles else without.manager,
            contact=Person() if Role.CONTACT in roles else without.contact,
        )
    if isinstance(without, Material):
        without = replace(
            without,
            contact_email=None if Role.ADDRESS in roles else without.contact_email,
            organisation=_without_number(without.organisation, roles),
        )
    return cast("Holder", without)


def _without_number(organisation: Organisation, roles: tuple[Role, ...]) -> Organisation:
    if Role.TELEPHONE not in roles:
        return organisation
    return replace(organisation, phone_area=None, phone_number=None)
