"""Visible text: characters that show nothing are refused or escaped.

A name that nobody can see looks like no name, or like another one. Sources: Unicode 16.0
(Default_Ignorable_Code_Point, general categories, `Prepended_Concatenation_Mark`,
`Indic_Syllabic_Category`), RFC 5892 (joiners), UTS #55 (marks that change the reading direction).

By category: letters, numbers, punctuation and symbols (L, N, P, S) are visible, except some that
are drawn as a blank. Marks (M) are visible on another character. Of the blanks (Zs), those pass
that keyboards and input methods write, between visible characters. Of C, those pass that enclose
digits, and unassigned ones: people have names in letters that are newer than this program, and
readers see a box.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

MARKS = 8
"""How many combining marks may follow each other where a text is printed."""

_JOINERS = "\u200c\u200d"
_BLANKS = "\u00a0\u202f\u3000"
"""Blanks that may be inside a text, but not at its ends.

U+0020 may be there: clients pad with it.
"""

_STACKING = (
    "\u1039\u17d2\u1a60\u2d7f\uaaf6\U00010a3f\U00011133\U000113d0\U0001193e\U00011a47\U00011a99"
    "\U00011d45\U00011d97\U00011f42"
)
"""Marks that draw the letter behind them below, or into, the one before them."""

_MODIFYING = "\U0001bc9d" + "".join(map(chr, (*range(0x1DA9B, 0x1DAA0), *range(0x1DAA1, 0x1DAB0))))
"""Marks that change how the sign before them is drawn."""

_IDEOGRAPHS = range(0x20000, 0x40000)
"""Planes that hold nothing else, so that characters not assigned there yet will be visible."""

_MARKS = ("Mn", "Me")
_PLANE_ENDS = "".join(
    chr(plane + end) for plane in range(0, 0x110000, 0x10000) for end in (0xFFFE, 0xFFFF)
)

_CONTROLS = (
    "\x00-\x1f\x7f-\x9f"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # change the reading direction
    "\u2028\u2029"  # end a line
)
_NOTHING = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # default ignorable, and format characters
    "\u1680\u2000-\u200a\u205f"  # blanks that no keyboard writes
    "\u2800\ufffc\U00013430-\U00013442\U00016fe4\U0001d159\U0001107f"  # drawn as a blank
    "\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\U000f0000-\U0010ffff"  # each reader's own, or none
    + _PLANE_ENDS
)
_UNSEEN = re.compile(f"[{_CONTROLS}{_NOTHING}]")
_BOUND = _STACKING + _MODIFYING
_DOUBTFUL = re.compile(f"[{_CONTROLS}{_NOTHING}{_BOUND}]")
_CONTROL = re.compile(f"[{_CONTROLS}]")


def unseen_fault(text: str, *, secret: bool = False) -> str | None:
    """Return why people cannot read a text, None if they can.

    It names the first code point at fault, unless the text is a `secret`.
    """
    # Most texts are ASCII, so this comes first.
    if text.isascii() and text.isprintable() and not text.isspace():
        return None
    found = unseen(text)
    if found is not None:
        named = "" if secret else f": U+{ord(found):04X}"
        kind = "control characters" if _CONTROL.match(found) else "invisible characters"
        return f"must not contain {kind}{named}"
    if text and not any(map(_shows, text)):
        return "must contain a visible character"
    bare = text.strip(" ")
    outer = next((end for end in (bare[:1], bare[-1:]) if end and end in _BLANKS), None)
    if outer is not None:
        named = "" if secret else f": U+{ord(outer):04X}"
        return f"must not begin or end with a blank other than U+0020{named}"
    return None


def unseen(text: str) -> str | None:
    """Return the first character of a text that shows nothing, or changes the reading direction.

    A joiner between letters that need it is visible in how these are written (RFC 5892, A.1 and
    A.2): Persian and Indic words have them. Emoji have them too, and variation selectors; these are
    refused, because names do not need them. Burmese and Khmer words have marks that stack letters,
    which are visible nowhere else.
    """
    for found in _DOUBTFUL.finditer(text):
        letter, place = found[0], found.start()
        if letter in _JOINERS:
            passes = _joins(text, place)
        else:
            passes = letter in _BOUND and _binds(text, place)
        if not passes:
            return letter
    return None


def in_ascii(letter: str) -> str:
    """Return a character escaped as Python writes it."""
    return ascii(letter)[1:-1]


def visible(text: str, escape: Callable[[str], str] = in_ascii) -> str:
    """Return a text with characters escaped that are invisible, change direction, or pile up."""
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    plain = False
    for place, letter in enumerate(text):
        marks = marks + 1 if unicodedata.category(letter) in _MARKS else 0
        bound = letter not in _BOUND or (plain and _binds(text, place))
        plain = letter.isprintable() and not _UNSEEN.match(letter) and bound and marks <= MARKS
        shown.append(letter if plain else escape(letter))
    return "".join(shown)


def _shows(letter: str) -> bool:
    """Whether a letter that passed `unseen` is visible by itself."""
    kind = unicodedata.category(letter)
    return kind[0] in "LNPS" or kind == "Cf" or ord(letter) in _IDEOGRAPHS


def _binds(text: str, place: int) -> bool:
    """Whether a mark follows a letter of its script, and has a letter to stack if it needs one."""
    before, after = text[max(place - 1, 0) : place], text[place + 1 : place + 2]
    script = _script(text[place])
    if not before or _script(before) != script:
        return False
    stacks = text[place] in _STACKING
    return not stacks or (after.isalpha() and _script(after) == script)


def _script(letter: str) -> str:
    """Return the script of a letter or mark: the first word of its name."""
    return unicodedata.name(letter, "").partition(" ")[0]


def _joins(text: str, place: int) -> bool:
    # Hardly any text has joiners, and this import would slow every command down.
    from idna.core import valid_contextj  # noqa: PLC0415 -- as said

    try:
        return valid_contextj(text, place)
    except ValueError:  # next to a character without a name
        return False
