"""By what a person is found, and what goes with them."""

from __future__ import annotations

import pytest

from certdesk.domain.material import Material
from certdesk.domain.organisation import Organisation, People, Person
from certdesk.domain.person import Known, Role, Wanted, same_number, without_roles
from certdesk.domain.secret import Secret

ADA = Person(
    first_name="Ada",
    last_name="Person",
    title="Head",
    phone=Secret("13112341234"),
    email=Secret("Ada@Example.com"),
    id_type="HZ",
    id_number=Secret("ef1234567"),
)
BO = Person(first_name="Bo", email=Secret("bo@example.com"))
MATERIAL = Material(
    csr_source="online",
    common_name="example.com",
    holder=2,
    company_id="0",
    organisation=Organisation(name="Ltd", phone_area="010", phone_number=Secret("62345678")),
    manager=ADA,
    contact=BO,
    contact_email=Secret("ada@example.com"),
)


@pytest.mark.parametrize(
    ("by", "value"),
    [
        (Known.EMAIL, " ADA@example.COM "),
        (Known.PHONE, "+86 131-1234-1234"),
        (Known.IDENTITY, "EF1234567"),
    ],
)
def test_a_person_is_found_by_every_value_in_any_spelling(by: Known, value: str) -> None:
    """Letter case, blanks and the country's code do not matter."""
    assert Wanted(by, Secret(value)).roles_in(People(manager=ADA, contact=BO)) == (Role.MANAGER,)


@pytest.mark.parametrize(
    ("by", "value"),
    [
        (Known.PHONE, "13112341235"),
        (Known.PHONE, "12341234"),
        (Known.EMAIL, "da@example.com"),
        (Known.IDENTITY, "13112341234"),
    ],
)
def test_a_value_that_is_only_like_it_finds_nobody(by: Known, value: str) -> None:
    """Nor does one of another kind."""
    assert Wanted(by, Secret(value)).roles_in(MATERIAL) == ()


def test_an_order_has_an_address_and_a_telephone_besides_its_people() -> None:
    """The address goes by itself, and the telephone with its area."""
    by_address = Wanted(Known.EMAIL, Secret("ada@example.com"))
    by_number = Wanted(Known.PHONE, Secret("+86 10 6234 5678"))
    assert by_address.roles_in(MATERIAL) == (Role.MANAGER, Role.ADDRESS)
    assert by_number.roles_in(MATERIAL) == (Role.TELEPHONE,)
    assert by_number.roles_in(MATERIAL.organisation) == (Role.TELEPHONE,)


def test_who_stands_in_a_role_goes_whole_and_nobody_else() -> None:
    """Names and titles too; the contact and the organisation's name stay."""
    without = without_roles(MATERIAL, (Role.MANAGER, Role.ADDRESS, Role.TELEPHONE))
    assert (without.manager, without.contact, without.contact_email) == (Person(), BO, None)
    assert without.organisation == Organisation(name="Ltd")
    assert without_roles(People(manager=ADA, contact=BO), (Role.CONTACT,)) == People(manager=ADA)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+1 (415) 555-0123", "14155550123", True),
        ("+1 415 555 0123", "4155550123", True),
        ("4155550123", "4165550123", False),
        ("+86 13112341234", "+85 13112341234", False),
        ("", "13112341234", False),
    ],
)
def test_telephone_numbers_are_compared_as_numbers(one: str, other: str, *, same: bool) -> None:
    """By Google's own library."""
    assert same_number(one, other) is same
