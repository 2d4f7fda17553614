"""Remarks on identity and telephone numbers: doubts that refuse nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.orders.warnings import organisation_remarks, person_remarks
from certdesk.domain.values.organisation import Organisation, Person
from certdesk.domain.values.secret import Secret

CODE = "the check digit of the unified social credit code is wrong"
CARD = "the check digit of the identity card is wrong"


@pytest.mark.parametrize(
    ("id_type", "number", "remarks"),
    [
        ("TYDMZ", "91330106673959654P", []),
        ("TYDMZ", "91330106673959654Q", [("id_number", CODE)]),
        ("TYDMZ", "111111111111110000", [("id_number", CODE)]),
        ("TYDMZ", "1", [("id_number", CODE)]),
        ("TYDMZ", None, []),
        ("OTHERS", "111111111111110000", []),
        (None, "111111111111110000", []),
    ],
)
def test_a_social_credit_code_is_doubted_by_its_check_digit(
    id_type: str, number: str | None, remarks: list[tuple[str, str]]
) -> None:
    """GB 32100-2015; other documents have none that is known here."""
    company = Organisation(id_type=id_type, id_number=Secret(number) if number else None)
    assert list(organisation_remarks(company)) == remarks


@pytest.mark.parametrize(
    ("id_type", "number", "remarks"),
    [
        ("SFZ", "360426199101010071", []),
        ("SFZ", "360426199101010072", [("id_number", CARD)]),
        ("SFZ", "110000000000000001", [("id_number", CARD)]),
        ("SFZ", None, []),
        ("HZ", "EF1234567", []),
        (None, "110000000000000001", []),
    ],
)
def test_an_identity_card_is_doubted_by_its_check_digit(
    id_type: str, number: str | None, remarks: list[tuple[str, str]]
) -> None:
    """GB 11643-1999; a passport has none."""
    person = Person(id_type=id_type, id_number=Secret(number) if number else None)
    assert list(person_remarks(person, "CN")) == remarks


@pytest.mark.parametrize(
    ("country", "area", "number", "doubted"),
    [
        ("CN", "010", "62345678", None),
        ("CN", "86", "13112341234", None),
        (None, "010", "62345678", None),
        ("China", "010", "62345678", None),
        ("de", "030", "2270", None),
        ("DE", None, "+86 131 1234 1234", None),
        ("CN", "010", "123456789010", "CN"),
        ("DE", "0", "1", "DE"),
        ("US", "021", "phone", "US"),
        (None, None, "", "CN"),
    ],
)
def test_a_companys_telephone_number_is_doubted_where_it_cannot_be_dialled(
    country: str | None, area: str | None, number: str, doubted: str | None
) -> None:
    """From the company's own country; area code and number make it together."""
    company = Organisation(country=country, phone_area=area, phone_number=Secret(number))
    remark = ("phone_number", f"no valid telephone number in {doubted}")
    assert list(organisation_remarks(company)) == ([remark] if doubted else [])


@pytest.mark.parametrize(
    ("country", "number", "doubted"),
    [
        ("CN", "13112341234", None),
        (None, "13112341234", None),
        ("DE", "+8613112341234", None),
        ("DE", "13112341234x", "DE"),
        ("CN", "1", "CN"),
    ],
)
def test_a_persons_telephone_number_is_doubted_where_it_cannot_be_dialled(
    country: str | None, number: str, doubted: str | None
) -> None:
    """From the country of the company, and from the vendor's home where none is known."""
    remark = ("phone", f"no valid telephone number in {doubted}")
    wanted = [remark] if doubted else []
    assert list(person_remarks(Person(phone=Secret(number)), country)) == wanted


def test_nothing_leaves_no_doubt() -> None:
    """What is not there cannot be odd."""
    assert list(organisation_remarks(Organisation())) == []
    assert list(person_remarks(Person(), None)) == []


@given(text=st.text(max_size=40), country=st.none() | st.text(max_size=4))
def test_any_text_is_doubted_or_not_and_never_repeated(text: str, country: str | None) -> None:
    """A remark is words of ours, and finding it raises nothing."""
    secret = Secret(f"{text}\N{SNOWMAN}")
    company = Organisation(id_type="TYDMZ", id_number=secret, phone_number=secret, country=country)
    person = Person(id_type="SFZ", id_number=secret, phone=secret)
    remarks = [*organisation_remarks(company), *person_remarks(person, country)]
    assert not any("\N{SNOWMAN}" in remark for _, remark in remarks)
    fields = {*Organisation.__struct_fields__, *Person.__struct_fields__}
    assert {field for field, _ in remarks} <= fields
