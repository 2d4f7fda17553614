"""What a reader sees of a text: characters that show nothing, refused and made visible.

A name that nobody can see looks like no name, or like somebody else's. Sources: Unicode 16.0
(Default_Ignorable_Code_Point, general categories, `Prepended_Concatenation_Mark`), RFC 5892
(joiners), UTS #55 (marks that turn the reading direction).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

MARKS = 8
"""How many combining marks may follow each other where a text is printed."""

_JOINERS = "\u200c\u200d"
_MARKS = ("Mn", "Me")
_PLANE_ENDS = "".join(
    chr(plane + end) for plane in range(0, 0x110000, 0x10000) for end in (0xFFFE, 0xFFFF)
)

_CONTROLS = (
    "\x00-\x1f\x7f-\x9f"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the reading direction
    "\u2028\u2029"  # end a line
)
_NOTHING = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # default ignorable, and format characters
    "\u2800\ufffc\U00013430-\U00013442\U00016fe4\U0001d159\U0001107f"  # drawn as a blank
    "\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\U000f0000-\U0010ffff"  # each reader's own, or none
    + _PLANE_ENDS
)
_UNSEEN = re.compile(f"[{_CONTROLS}{_NOTHING}]")
_CONTROL = re.compile(f"[{_CONTROLS}]")


def unseen_fault(text: str, *, secret: bool = False) -> str | None:
    """Tell why a text is not one that people can read, or None if it is.

    It names the first code point at fault, unless the text is a `secret`.
    """
    # What most texts are, and told fastest.
    if text.isascii() and text.isprintable() and not text.isspace():
        return None
    found = unseen(text)
    if found is not None:
        named = "" if secret else f": U+{ord(found):04X}"
        kind = "control characters" if _CONTROL.match(found) else "characters that nobody can see"
        return f"must not hold {kind}{named}"
    if text and not any(unicodedata.category(letter)[0] in "LNPSC" for letter in text):
        return "must hold something that can be seen"
    return None


def unseen(text: str) -> str | None:
    """Find the first character of a text that shows nothing, or turns what stands around it.

    A joiner between letters that need it shows in how these are written (RFC 5892, A.1 and A.2):
    Persian and Indic words have them. Emoji have them too, and variation selectors; these are
    refused, for a name is none the worse without.
    """
    for found in _UNSEEN.finditer(text):
        if found[0] not in _JOINERS or not _joins(text, found.start()):
            return found[0]
    return None


def in_ascii(letter: str) -> str:
    """Escape a character as Python writes it."""
    return ascii(letter)[1:-1]


def visible(text: str, escape: Callable[[str], str] = in_ascii) -> str:
    """Escape what shows nothing, turns the reading direction, or floods the lines around it."""
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter) in _MARKS else 0
        plain = letter.isprintable() and not _UNSEEN.match(letter) and marks <= MARKS
        shown.append(letter if plain else escape(letter))
    return "".join(shown)


def _joins(text: str, place: int) -> bool:
    # Hardly any text has joiners, and commands would wait for this.
    from idna.core import valid_contextj  # noqa: PLC0415 -- as said

    try:
        return valid_contextj(text, place)
    except ValueError:  # next to what has no name
        return False
