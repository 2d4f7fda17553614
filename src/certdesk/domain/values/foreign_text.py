"""Texts from strangers' servers, cut to what may be stored and shown: they can be of any length.

Every text of theirs that is stored or shown comes through here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from certdesk.domain.values.visible import visible

VALUES = 10
CHARACTERS = 255


def shown(values: Iterable[bytes]) -> tuple[str, ...]:
    """Return the first 10 values as printable text of 255 characters at most each.

    Bytes that are not UTF-8 and characters that do not print are escaped as in Python.
    """
    return tuple(printable(value) for value in itertools.islice(values, VALUES))


def printable(value: bytes) -> str:
    """Return a value as printable text of 255 characters at most; three dots mark a cut."""
    text = value[: 4 * CHARACTERS].decode("utf-8", "backslashreplace")
    escaped = visible(text)
    return escaped if len(escaped) <= CHARACTERS else f"{escaped[: CHARACTERS - 3]}..."


def printable_text(text: str) -> str:
    """Return a decoded text as `printable` returns one in bytes."""
    return printable(text[: 4 * CHARACTERS].encode("utf-8", "backslashreplace"))


def few(texts: Iterable[str], separator: str) -> str:
    """Return different texts as one: the first 10, and how many more there are."""
    each = list(dict.fromkeys(texts))
    more = len(each) - VALUES
    told = [*each[:VALUES], f"and {more} more"] if more > 0 else each
    return separator.join(told)
