"""A person by an e-mail address, a telephone or an identity number, in what is kept of people.

People are in companies' managers and contacts and in the material of orders, there under two
roles and an address to write to. Whoever is found in a role by one value is that role's person.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TypeVar, cast

import phonenumbers

from certdesk.domain.material import Material
from certdesk.domain.organisation import Organisation, People, Person
from certdesk.domain.secret import Secret

_PUNCTUATION = str.maketrans("", "", " -()+./")
_SAME_END = 6
"""Numbers whose last digits differ are not compared any further."""

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

    def _rings(self, organisation: Organisation) -> bool:
        number = organisation.phone_number
        if number is None:
            return False
        whole = Secret((organisation.phone_area or "") + number.text())
        return self.is_value(Known.PHONE, number) or self.is_value(Known.PHONE, whole)


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
