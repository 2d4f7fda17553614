"""By what a person is found, and what goes with them."""

from __future__ import annotations

import pytest

from certdesk.domain.orders.material import Material
from certdesk.domain.privacy.data_subject import (
    Known,
    Role,
    Traits,
    Wanted,
    same_number,
    without_roles,
)
from certdesk.domain.values.organisation import Organisation, People, Person
from certdesk.domain.values.secret import Secret

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


def traits(by: Known, value: str) -> Traits:
    """By what Ada is known in texts, found by one value."""
    return Wanted(by, Secret(value)).traits([ADA], ["order:1"])


@pytest.mark.parametrize("by", Known)
@pytest.mark.parametrize(
    "text",
    [
        "ask <ADA@example.com>",
        "Ada@Example.com.",
        "\u8054\u7cfbada@example.com\u8c22\u8c22",
        "+86 131 1234-1234",
        "passport EF1234567, hers",
        "notada@example.com, ada@example.com",
    ],
)
def test_a_text_with_any_value_of_the_person_names_her(by: Known, text: str) -> None:
    """Whatever she was found by: her address, her telephone or her identity number."""
    value = {Known.EMAIL: ADA.email, Known.PHONE: ADA.phone, Known.IDENTITY: ADA.id_number}[by]
    assert value is not None
    assert traits(by, value.text()).named_in(text, "order:2")


@pytest.mark.parametrize(
    "text",
    [
        "nada@example.com",
        "x.ada@example.com",
        "ada@example.community",
        "EF12345678",
        "XEF1234567",
        "Ada Person",
    ],
)
def test_a_text_with_the_value_of_somebody_else_does_not_name_her(text: str) -> None:
    """An address that ends like hers, a longer number, her name where she does not stand."""
    assert not traits(Known.EMAIL, "ada@example.com").named_in(text, "order:2")


@pytest.mark.parametrize("by", Known)
@pytest.mark.parametrize("value", ["a", "1", "12345", "\u5f20\u4e09", "com"])
def test_a_short_value_names_nobody_in_texts(by: Known, value: str) -> None:
    """It stands in texts about anybody: one slip would erase words all over the desk."""
    known = Wanted(by, Secret(value)).traits([Person(email=Secret(""))], [])
    assert not known.named_in(f"com 12345 {value} \u5f20\u4e09 example", "order:1")
