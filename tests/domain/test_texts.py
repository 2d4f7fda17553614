"""Texts about companies and people, whoever enters them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.values.countries import COUNTRIES, country_code
from certdesk.domain.values.organisation import Organisation, Person
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from certdesk.domain.values.texts import organisation_faults, person_faults

CONTROL = "must not contain control characters"
UNSEEN = "must not contain invisible characters"
PUNCTUATION = "must contain more than dots, dashes and blanks"

# Most characters of each text.
ORGANISATION = {
    "name": 64,
    "division": 64,
    "address": 256,
    "city": 128,
    "region": 128,
    "phone_area": 8,
    "phone_number": 32,
    "id_number": 32,
}
PERSON = {"first_name": 64, "last_name": 64, "title": 64, "phone": 32, "id_number": 32}
HIDDEN = {"phone_number", "id_number", "phone"}


def organisation(field: str, text: str) -> Organisation:
    """Make an organisation with one text."""
    value = Secret(text) if field in HIDDEN else text
    return replace(Organisation(), **{field: value})  # type: ignore[arg-type]  # by name


def person(field: str, text: str) -> Person:
    """Make a person with one text."""
    value = Secret(text) if field in HIDDEN else text
    return replace(Person(), **{field: value})  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(("field", "longest"), ORGANISATION.items())
def test_a_text_of_a_company_has_a_greatest_length(field: str, longest: int) -> None:
    """In characters, of any script."""
    assert list(organisation_faults(organisation(field, "讯" * longest))) == []
    rule = f"takes at most {longest} characters, not {longest + 1}"
    assert list(organisation_faults(organisation(field, "讯" * (longest + 1)))) == [(field, rule)]


@pytest.mark.parametrize(("field", "longest"), PERSON.items())
def test_a_text_of_a_person_has_a_greatest_length(field: str, longest: int) -> None:
    """In characters, of any script."""
    assert list(person_faults(person(field, "讯" * longest))) == []
    rule = f"takes at most {longest} characters, not {longest + 1}"
    assert list(person_faults(person(field, "讯" * (longest + 1)))) == [(field, rule)]


@pytest.mark.parametrize(
    "character",
    [
        *("\x00", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", "\x9f", "\u2028", "\u2029"),
        *("\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069"),
    ],
)
@pytest.mark.parametrize("field", ["name", "phone_number"])
def test_a_control_character_is_refused_wherever_it_stands(field: str, character: str) -> None:
    """Also the marks that turn the reading direction, and line separators."""
    for text in (f"{character}ab", f"a{character}b", f"ab{character}"):
        rule = CONTROL if field in HIDDEN else f"{CONTROL}: U+{ord(character):04X}"
        assert list(organisation_faults(organisation(field, text))) == [(field, rule)]


@pytest.mark.parametrize("character", "\u2800\u3164\u200b\u00ad\ufe0f\U000e0041")
@pytest.mark.parametrize("field", ["name", "phone_number"])
def test_what_nobody_can_see_is_refused(field: str, character: str) -> None:
    """By its code point, but of a number that is nobody's to read."""
    rule = UNSEEN if field in HIDDEN else f"{UNSEEN}: U+{ord(character):04X}"
    assert list(organisation_faults(organisation(field, f"a{character}"))) == [(field, rule)]


@pytest.mark.parametrize("text", [".", "-", " ", "...", "- . -"])
def test_mere_punctuation_is_refused(text: str) -> None:
    """Certificates must not contain `.`, `-` and blanks as a value (Baseline Requirements)."""
    assert list(person_faults(person("last_name", text))) == [("last_name", PUNCTUATION)]


@pytest.mark.parametrize(
    "text", ["O'Neil & Söhne", "Co., Ltd.", "研发", "R&D", "a", "العربية", ". b"]
)
def test_an_ordinary_text_passes(text: str) -> None:
    """In any script, with any signs."""
    assert list(organisation_faults(organisation("name", text))) == []


def test_all_faults_are_found() -> None:
    """One for each text, and the country."""
    bad = Organisation(name=".", city="a\nb", country="XX", phone_number=Secret("1" * 33))
    assert [field for field, _ in organisation_faults(bad)] == [
        "name",
        "city",
        "phone_number",
        "country",
    ]


def test_nothing_has_no_faults() -> None:
    """What is needed is decided elsewhere."""
    assert list(organisation_faults(Organisation())) == []
    assert list(person_faults(Person())) == []


@given(st.text(max_size=300))
def test_a_text_that_passes_is_fit_for_a_certificate(text: str) -> None:
    """Bounded, and of characters that a reader sees in the order in which they stand."""
    if not list(organisation_faults(organisation("name", text))):
        assert len(text) <= 64
        assert not any(ord(character) < 32 for character in text)
        assert text == "" or text.strip(".- ") != ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CN", "CN"),
        ("cn", "CN"),
        ("China", "CN"),
        ("gb", "GB"),
        ("UK", None),
        ("EU", None),
        ("china", None),
        ("CHN", None),
        ("", None),
        (" CN", None),
        ("ſt", None),
        ("ß", None),
        ("ı", None),
    ],
)
def test_a_country_is_an_alpha_2_code(text: str, code: str | None) -> None:
    """In any case; and `China`, from the vendor's example."""
    assert country_code(text) == code


@given(st.text(max_size=5))
def test_whatever_is_a_country_is_two_capitals(text: str) -> None:
    """As a subject takes it."""
    code = country_code(text)
    assert code is None or (code in COUNTRIES and len(code) == 2 and code.isupper())


def test_the_list_of_countries_is_that_of_iso_3166() -> None:
    """249 codes, none of them reserved or withdrawn."""
    assert len(COUNTRIES) == 249
    assert not COUNTRIES & {"UK", "EU", "SU", "YU", "AN", "XK", "AC"}
