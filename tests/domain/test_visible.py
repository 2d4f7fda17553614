"""What a reader sees of a text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from idna import uts46data

from certdesk.domain.values.visible import MARKS, unseen, unseen_fault, visible

BLANK = "\u2800\u3164\u115f\u1160\uffa0\u17b4\u180e\ufffc\U0001d159"
IGNORED = "\u00ad\u034f\u200b\u2060\u2063\ufeff\ufe0f\ufe00\U000e0020\U000e0041\U000e0100"
JOINERS = "\u200c\u200d"
DEPENDENT = (
    "\u1039\u17d2\u1a60\u2d7f\uaaf6\U00010a3f\U00011133\U000113d0\U0001193e\U00011a47\U00011a99"
    "\U00011d45\U00011d97\U00011f42\U0001bc9d"
    + "".join(map(chr, (*range(0x1DA9B, 0x1DAA0), *range(0x1DAA1, 0x1DAB0))))
)
"""Marks of Indic_Syllabic_Category Invisible_Stacker and their like: joiners and modifiers."""

EMPTY = {
    *(0x115F, 0x1160, 0x3164, 0xFFA0),  # Hangul fillers
    *(0x2800, 0xFFFC, 0x1D159, 0x1107F, 0x16FE4),  # blank pattern, placeholder, null note, joiners
    *(0x34F, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F),  # ignored by readers
    *range(0xFE00, 0xFE10),  # variation selectors
    *range(0xE0100, 0xE01F0),
    *range(0x13440, 0x13443),  # mirror and blanks of hieroglyphs
}
RESERVED = {0x2065, *range(0xFFF0, 0xFFF9), *range(0x13430, 0x13443), *range(0xE0000, 0xE1000)}
"""Ignored by readers, also those that are not assigned yet, or not in this Python."""

SHOWN_FORMATS = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
"""Format characters that show: they enclose the digits that follow (Unicode, 9.2)."""


@pytest.mark.parametrize("letter", BLANK + IGNORED + JOINERS)
def test_a_character_that_shows_nothing_is_refused_wherever_it_stands(letter: str) -> None:
    """With the code point, so that its writer finds it."""
    for text in (letter, f"{letter}ab", f"a{letter}b", f"ab{letter}", letter * 9):
        rule = f"must not contain invisible characters: U+{ord(letter):04X}"
        assert unseen_fault(text) == rule


@pytest.mark.parametrize("letter", "\x00\t\n\r\x1b\x7f\x85\x9b\u061c\u200e\u202e\u2066\u2028\u2029")
def test_a_character_that_controls_a_reader_is_refused(letter: str) -> None:
    """Line ends, escapes and what turns the reading direction."""
    assert unseen_fault(f"a{letter}b") == (
        f"must not contain control characters: U+{ord(letter):04X}"
    )


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
    assert (unseen_fault(text) or "").startswith("must not contain invisible characters")


def ideograph(letter: str) -> bool:
    """Whether a code point is in a plane for ideographs, and may be one."""
    return 0x20000 <= ord(letter) < 0x40000 and ord(letter) & 0xFFFF < 0xFFFE


def empty(letter: str) -> bool:
    """Whether a letter, mark or symbol is drawn as nothing, or is never one."""
    number, kind = ord(letter), unicodedata.category(letter)
    never = number & 0xFFFF >= 0xFFFE or number in range(0xFDD0, 0xFDF0)
    return never or (number in EMPTY and kind[0] in "LSM") or (number in RESERVED and kind == "Cn")


def kinds() -> Iterator[tuple[str, str]]:
    """Give each code point but joiners and letters that depend on others, with its category.

    Of the planes that are not assigned at all, one in a thousand.
    """
    numbers = chain(range(0x34000), range(0x34000, 0xE0000, 1001), range(0xE0000, 0xE1000))
    for number in chain(numbers, range(0xE1000, 0x110000, 1001)):
        letter = chr(number)
        if letter not in JOINERS + DEPENDENT:
            yield letter, unicodedata.category(letter)


def places(letter: str) -> str:
    """Tell where a character may stand: alone, between letters, or at an end."""
    texts = {"alone": letter, "between": f"a{letter}b", "first": f"{letter}b", "last": f"a{letter}"}
    return " ".join(place for place, text in texts.items() if unseen_fault(text) is None)


def test_each_kind_of_character_of_unicode_stands_where_it_is_seen() -> None:
    """What is seen anywhere, marks on something, blanks between what is seen, the rest nowhere."""
    anywhere = "alone between first last"
    beside = "between first last"
    expected = {"L": anywhere, "N": anywhere, "P": anywhere, "S": anywhere, "M": beside}
    expected |= {"Zs": "", "Zl": "", "Zp": "", "Cc": "", "Cf": "", "Cs": "", "Co": "", "Cn": beside}
    odd: dict[str, set[int]] = {}
    for letter, kind in kinds():
        found = places(letter)
        if found != expected.get(kind, expected.get(kind[0])):
            odd.setdefault(f"{kind[0]}: {found}", set()).add(ord(letter))
    assert odd.pop("Z: between first last") == {0x20}
    assert odd.pop("Z: between") == {0xA0, 0x202F, 0x3000}
    assert odd.pop("C: alone between first last") == {
        *SHOWN_FORMATS,
        *(ord(letter) for letter, kind in kinds() if kind == "Cn" and ideograph(letter)),
    }
    # Which of these are assigned depends on the release of Python.
    nothing = set().union(*(odd.pop(f"{kind}: ") for kind in "LSMC"))
    assert nothing == {ord(letter) for letter, _ in kinds() if empty(letter)}
    assert odd == {}


@pytest.mark.parametrize(
    "text",
    ["မြန်မာ", "တက္ကသိုလ်", "ភាសាខ្មែរ", "ⴰ\u2d7fⴱ", "\U0001bc00\U0001bc9d", "\U0001d800\U0001da9b"],
)
def test_marks_that_change_the_letters_around_them_pass_there(text: str) -> None:
    """Burmese and Khmer words have them, as have shorthand and signs."""
    assert unseen_fault(text) is None
    assert visible(text) == text


@pytest.mark.parametrize("letter", DEPENDENT)
def test_marks_that_change_the_letters_around_them_are_refused_elsewhere(letter: str) -> None:
    """On letters of other scripts they may show nothing."""
    rule = f"must not contain invisible characters: U+{ord(letter):04X}"
    for text in (letter, f"a{letter}b", f"{letter}b", f"a{letter}", f"က{letter}ខ", f" {letter}"):
        assert unseen_fault(text) == rule
        assert letter not in visible(text)


@pytest.mark.parametrize("blank", "\u00a0\u202f\u3000")
def test_a_wide_blank_stands_between_words_and_at_no_end(blank: str) -> None:
    """Input methods write them; at an end, U+0020 before it or not, nobody sees it."""
    assert unseen_fault(f"研发{blank}中心") is None
    rule = f"must not begin or end with a blank other than U+0020: U+{ord(blank):04X}"
    for text in (f"a{blank}", f"{blank}a", f"a{blank} ", f"  {blank}a "):
        assert unseen_fault(text) == rule
    assert unseen_fault(f"a{blank}", secret=True) == rule.partition(":")[0]
    assert unseen_fault(" a ") is None


@pytest.mark.parametrize(
    "text", [" ", "\u3000", "\u00a0 ", "\u0301", " \u0301\u20dd", "\u0378", "\u16fe "]
)
def test_blanks_and_marks_alone_are_refused(text: str) -> None:
    """There has to be something that they stand between, or on; the unassigned are nothing."""
    assert unseen_fault(text) == "must contain a visible character"


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
    rule = "must not contain invisible characters"
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
