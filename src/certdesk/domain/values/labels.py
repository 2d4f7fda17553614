"""International labels of domain names: the cost of their conversion, and their form in ASCII.

Sources: RFC 5890 and 5891 (IDNA 2008), RFC 3492 (Punycode).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import idna

MOST_CHARACTERS = 2000
"""The most characters of all different international labels of one request together.

Their conversion takes up to 8 microseconds for each. A hundred names with a label of 20 octets in
Punycode are within the limit.
"""

PREFIX = "xn--"

_REMEMBERED = 4096
"""The labels whose conversion is cached: each step of an order needs that of its names."""


def characters(texts: Iterable[str]) -> int:
    """Return the number of characters of the labels that need a conversion, in names as typed."""
    found = {
        label
        for text in map(str.lower, texts)
        if not text.isascii() or PREFIX in text
        for label in text.split(".")
        if not label.isascii() or label.startswith(PREFIX)
    }
    return sum(map(len, found))


def least_octets(label: str) -> int:
    """Return the least number of octets that a label has in ASCII, without converting it.

    In Punycode each letter takes one or more after the prefix (RFC 3492, 3).
    """
    return len(label) if label.isascii() else len(PREFIX) + len(label)


@functools.lru_cache(_REMEMBERED)
def a_label(label: str) -> str | None:
    """Return the A-label of a label after UTS #46 mapping, None if it has none."""
    try:
        # This decodes a label that begins with "xn--" and encodes it again: only one that stays the
        # same is valid. Other labels with hyphens in third and fourth place are reserved (RFC 5890,
        # 2.3.1).
        return idna.alabel(label).decode("ascii")
    except UnicodeError:
        return None
