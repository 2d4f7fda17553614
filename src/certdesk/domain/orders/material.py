"""The material of an order, as the 42 parameters of CertificateInfoSubmit give it.

Values are as the caller wrote them; `submission.judge` decides whether they are valid. `None` means
"not given". Paths such as `organisation.name` name a value in refusals, and each action that takes
material translates them into its own parameter names.
"""

from __future__ import annotations

from typing import Any

from certdesk.domain.values.free_text import Code, Words
from certdesk.domain.values.organisation import Organisation, People, Person
from certdesk.domain.values.record import Record, replace
from certdesk.domain.values.sealed_fields import split_fields
from certdesk.domain.values.secret import Secret, mask

PERSONAL_HOLDER = 1
COMPANY_HOLDER = 2

NOBODY = "0"
"""The id that stands for no company or manager."""

MASKED_PHONES = ("organisation.phone_number", "manager.phone", "contact.phone")


@split_fields
class Material(Record, kw_only=True):
    """The material of one submission. `holder` is CompanyType: 1 a person, 2 a company."""

    csr_source: Code
    common_name: Code
    holder: int
    company_id: Code
    manager_id: Code | None = None
    other_names: tuple[Code, ...] = ()
    csr: Code | None = None
    key_algorithm: Code | None = None
    key_parameter: Code | None = None
    key_pass: Secret | None = None
    organisation: Organisation = Organisation()
    manager: Person = Person()
    contact: Person = Person()
    contact_email: Secret | None = None
    postal_code: Words | None = None
    verify_type: Code | None = None
    auto_renew: int | None = None
    product_number: int | None = None
    ca_type: Code | None = None
    sign_algorithm: Code | None = None
    cross_sign: bool | None = None


def value_at(material: Material, path: str) -> object:
    """Return the value at a dotted path such as `manager.phone`."""
    value: object = material
    for name in path.split("."):
        value = getattr(value, name)
    return value


def with_value(material: Material, path: str, value: object) -> Material:
    """Return the material with another value at a path of one or two names."""
    first, _, second = path.partition(".")
    change: dict[str, Any] = {first: value}
    if second:
        change = {first: replace(getattr(material, first), **{second: value})}
    return replace(material, **change)


def written_out(
    material: Material, organisation: Organisation | None, people: People | None
) -> Material:
    """Return the material with the records that its ids name written out.

    `organisation` and `people` are these records, where they are known. Identity numbers are left
    out.
    """
    by_company, by_manager = named(material.company_id), named(material.manager_id)
    changes: dict[str, Any] = {"company_id": NOBODY, "manager_id": None}
    if organisation is not None and (by_company or by_manager):
        changes["organisation"] = replace(
            organisation,
            division=people.department if people and by_manager else material.organisation.division,
            id_number=None,
        )
    if people is not None and by_manager:
        changes["manager"] = replace(people.manager, id_number=None)
        changes["contact"] = replace(people.contact, id_number=None)
    return replace(material, **changes)


def named(identifier: str | None) -> bool:
    """Whether an id names something: 0 does not."""
    return identifier is not None and identifier.strip("0") != ""


def has_masked(material: Material) -> bool:
    """Whether a telephone number may be the masked form of an earlier one."""
    phones = (value_at(material, path) for path in MASKED_PHONES)
    return any(isinstance(phone, Secret) and "*" in phone.text() for phone in phones)


def unmask(material: Material, earlier: Material) -> Material:
    """Return the material with earlier telephone numbers in the place of their masked forms.

    A client may send back a number as it was shown, masked; that must not overwrite the number.
    """
    for path in MASKED_PHONES:
        given, known = value_at(material, path), value_at(earlier, path)
        if (
            isinstance(given, Secret)
            and isinstance(known, Secret)
            and given.text() == mask(known.text())
        ):
            material = with_value(material, path, known)
    return material
