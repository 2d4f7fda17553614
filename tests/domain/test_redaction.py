"""Which values a message repeats."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.values.redaction import (
    may_be_shown,
    missing_message,
    redacted,
    redacted_bare,
    redacted_name,
    redacted_unless_near,
)

DIGITS = st.text(string.digits, min_size=7, max_size=32)


@pytest.mark.parametrize(
    "text",
    [
        *("DNS", "dns ", "online ", "EMAIL", "letsencrypt", "DNS_AUTO", "audit", "25", "4096"),
        *("secp384r1", "prime256v1", "2019-07-22", "localhost", "a..example.com", "*.example.com"),
        *("under_score.example.com", "bücher.example", "例子.中国", "192.0.2.1", "2001:db8::1"),
    ],
)
def test_words_small_numbers_and_host_names_are_told(text: str) -> None:
    """As somebody mistypes them who means what the parameter is for."""
    assert redacted(text) == f'"{text}"'


@pytest.mark.parametrize(
    "text",
    [
        *("110101199003077758", "11010119900307775X", "91440300708461136T", "G12345678"),
        *("13800138000", "+86 138 0013 8000", "0755-86013388", "138.0013.8000", "1380013800.com"),
        *("someone@example.com", "a@b.cn", "Corr3ct-Horse", "hunter2", "Tr0ub4dor&3", "pass:word."),
        *("Corr3ct&Horse.battery", "(s3cret).Word", "pass word.Horse", "tr0ub4dor#3.com"),
        *("correct horse battery staple", "-----BEGIN PRIVATE KEY-----", "a" * 17, "AKIDz8krbsJ5"),
    ],
)
def test_what_could_be_a_secret_is_told_by_its_length(text: str) -> None:
    """Identity, telephone and passport numbers, addresses, pass phrases, keys."""
    assert redacted(text) == redacted_bare(text) == f"a text of {len(text)} characters"


@pytest.mark.parametrize("text", ["P@ss", "kA9zQ", "correct horse", "a1", "[/x]", "correct-horse"])
def test_a_short_pass_phrase_is_told_by_its_length(text: str) -> None:
    """Shortness is no sign that a text is no secret."""
    assert redacted(text) == f"a text of {len(text)} characters"


@pytest.mark.parametrize(
    "text", ["dns", "DNS ", "FILES", "dnsauto", "DNS_Auto", "25", "null", "SHA1"]
)
def test_what_was_meant_for_one_of_a_few_words_is_told(text: str) -> None:
    """A slip, a number, nothing, the name of an algorithm."""
    assert redacted_unless_near(text, ("DNS", "DNS_AUTO", "FILE")) == f'"{text}"'


@pytest.mark.parametrize("text", ["letmein", "EMAIL", "P@ss", "kA9zQ", "1234567", "x" * 300, ""])
def test_what_was_meant_for_something_else_is_told_by_its_length(text: str) -> None:
    """A word may be a pass phrase."""
    assert (
        redacted_unless_near(text, ("DNS", "DNS_AUTO", "FILE"))
        == f"a text of {len(text)} characters"
    )


@given(before=st.text(max_size=8), number=DIGITS, after=st.text(max_size=8))
def test_no_text_with_a_number_of_a_person_is_told(before: str, number: str, after: str) -> None:
    """Whatever stands around it, and as the name of a parameter too."""
    text = f"{before}x{number}{after}"
    assert number not in redacted(text)
    assert number not in redacted_name(text)


@pytest.mark.parametrize(("number", "shown"), [(0, "0"), (-7, "-7"), (999_999, "999999")])
def test_small_numbers_are_told(number: int, shown: str) -> None:
    """Counts, statuses and ids."""
    assert redacted(number) == shown


@given(st.integers(min_value=1_000_000))
def test_large_numbers_are_not_told(number: int) -> None:
    """They could be a telephone or an identity number."""
    assert str(number) not in redacted(number)
    assert str(-number) not in redacted(-number)


@given(st.text(max_size=300))
def test_what_is_told_is_short_and_can_be_seen(text: str) -> None:
    """With nothing that a terminal or a reader would obey."""
    shown = redacted(text)
    assert shown.isprintable()
    assert len(shown) <= 64 * 10 + 3
    assert may_be_shown(text) or len(shown) < 30


def test_that_there_is_no_such_thing_is_a_sentence_whatever_it_was_called() -> None:
    """With the name where it may be repeated."""
    assert missing_message("manager", "99") == "There is no manager 99."
    assert missing_message("order", "ZadwtbbX") == (
        "There is no such order. The name was a text of 8 characters."
    )
