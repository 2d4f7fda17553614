"""What a reader sees of a text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from idna import uts46data

from certdesk.domain.visible import MARKS, unseen, unseen_fault, visible

BLANK = "\u2800\u3164\u115f\u1160\uffa0\u17b4\u180e\ufffc\U0001d159"
IGNORED = "\u00ad\u034f\u200b\u2060\u2063\ufeff\ufe0f\ufe00\U000e0020\U000e0041\U000e0100"
JOINERS = "\u200c\u200d"
SHOWN_FORMATS = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
"""Format characters that show: they enclose the digits that follow (Unicode, 9.2)."""


@pytest.mark.parametrize("letter", BLANK + IGNORED + JOINERS)
def test_a_character_that_shows_nothing_is_refused_wherever_it_stands(letter: str) -> None:
    """With the code point, so that its writer finds it."""
    for text in (letter, f"{letter}ab", f"a{letter}b", f"ab{letter}", letter * 9):
        rule = f"must not hold characters that nobody can see: U+{ord(letter):04X}"
        assert unseen_fault(text) == rule


@pytest.mark.parametrize("letter", "\x00\t\n\r\x1b\x7f\x85\x9b\u061c\u200e\u202e\u2066\u2028\u2029")
def test_a_character_that_controls_a_reader_is_refused(letter: str) -> None:
    """Line ends, escapes and what turns the reading direction."""
    assert unseen_fault(f"a{letter}b") == f"must not hold control characters: U+{ord(letter):04X}"


def test_every_character_without_a_glyph_of_its_own_is_refused() -> None:
    """By Unicode's categories, and by what IDNA ignores; joiners have a rule of their own."""
    kinds = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    passed = {
        number
        for number in range(0x110000)
        if unicodedata.category(chr(number)) in kinds and unseen(chr(number)) is None
    }
    assert passed == SHOWN_FORMATS
    ignored = [
        number
        for start, status, end in zip(
            uts46data.uts46_starts,
            uts46data.uts46_statuses,
            [*uts46data.uts46_starts[1:], 0x110000],
            strict=True,
        )
        if chr(status) == "I"
        for number in range(start, end)
    ]
    assert ignored
    assert [hex(number) for number in ignored if unseen(chr(number)) is None] == []


@pytest.mark.parametrize(
    "text",
    ["می‌خواهم", "نرم‌افزار", "क्‍ष", "क्‌ष", "ශ්‍රී ලංකා"],
)
def test_joiners_between_letters_that_need_them_pass(text: str) -> None:
    """Persian and Indic words have them (RFC 5892, A.1 and A.2)."""
    assert unseen_fault(text) is None
    assert unseen_fault(f"Example {text}") is None


@pytest.mark.parametrize("text", ["a\u200db", "\u200cمی", "می\u200c", "ab\u200c", "👨\u200d👩"])
def test_joiners_that_join_nothing_are_refused(text: str) -> None:
    """Between Latin letters, at the ends, one after another, and between emoji."""
    assert (unseen_fault(text) or "").startswith("must not hold characters that nobody can see")


@pytest.mark.parametrize("text", [" ", "\u3000", "\u00a0\u2003", "\u0301", " \u0301\u20dd"])
def test_blanks_and_marks_alone_are_refused(text: str) -> None:
    """There has to be something that they stand between, or on."""
    assert unseen_fault(text) == "must hold something that can be seen"


@pytest.mark.parametrize(
    "text",
    [
        "O'Neil & Söhne",
        "研发　中心",
        "العربية",
        "हिन्दी",
        "ไทย",
        "བསྒྲུབས",
        "😀",
        "e\u0301",
        "a\u00a0b",
        "𠮷",
        ".",
    ],
)
def test_what_people_write_passes(text: str) -> None:
    """In any script."""
    assert unseen_fault(text) is None
    assert "\\x1b" not in visible(text)


def test_of_a_secret_no_character_is_told() -> None:
    """Only that there is one."""
    rule = "must not hold characters that nobody can see"
    assert unseen_fault("a\u2800", secret=True) == rule


@given(st.text())
def test_a_text_made_visible_obeys_nobody(text: str) -> None:
    """Nothing is left in it that shows nothing, and it stays on its line."""
    shown = visible(text)
    assert shown.isprintable()
    assert unseen(shown) is None
    assert all(mark * (MARKS + 1) not in shown for mark in "\u0301\u20dd\u0e49")


@given(st.text(max_size=60))
def test_a_text_that_passes_is_shown_as_it_is(text: str) -> None:
    """Unless joiners or blanks of other widths are in it, or what Python does not know yet."""
    if text and unseen_fault(text) is None and text.isprintable():
        assert visible(text) == text


def test_a_flood_of_marks_is_cut_down() -> None:
    """It would cover the lines above and below."""
    assert visible("o" + "\u0301" * 100).count("\u0301") == MARKS
