"""International labels of domain names: what they cost, and their form in ASCII.

Sources: RFC 5890 and 5891 (IDNA 2008), RFC 3492 (Punycode).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import idna

MOST_CHARACTERS = 2000
"""How many characters the international labels of one request may have together, each label once.

To convert them takes up to 8 microseconds for each. A hundred names with a label of 20 octets in
Punycode are within it.
"""

PREFIX = "xn--"

_REMEMBERED = 4096
"""Labels whose conversion is remembered: all that is done with an order needs that of its names."""


def characters(texts: Iterable[str]) -> int:
    """Count the characters of the labels that would have to be converted, in names as typed."""
    found = {
        label
        for text in map(str.lower, texts)
        if not text.isascii() or PREFIX in text
        for label in text.split(".")
        if not label.isascii() or label.startswith(PREFIX)
    }
    return sum(map(len, found))


def least_octets(label: str) -> int:
    """Tell how many octets a label has in ASCII at the least, without converting it.

    In Punycode each letter takes one or more after the prefix (RFC 3492, 3).
    """
    return len(label) if label.isascii() else len(PREFIX) + len(label)


@functools.lru_cache(_REMEMBERED)
def a_label(label: str) -> str | None:
    """Convert a label after UTS #46 mapping into its A-label, or return None where it has none."""
    try:
        # Decodes a label that begins with "xn--" and encodes it again: only what comes back
        # the same passes. Other labels with hyphens in third and fourth place are reserved.
        return idna.alabel(label).decode("ascii")
    except UnicodeError:
        return None
