"""What was seen outside, cut to what may be kept and shown: whoever is looked at wrote it."""

from __future__ import annotations

from collections.abc import Iterable

from certdesk.domain.visible import visible

VALUES = 10
CHARACTERS = 255


def shown(values: Iterable[bytes]) -> tuple[str, ...]:
    """Give the first 10 values as printable text of 255 characters at most each.

    Bytes that are no UTF-8 and characters that do not print are escaped as in Python.
    """
    return tuple(printable(value) for value, _ in zip(values, range(VALUES), strict=False))


def printable(value: bytes) -> str:
    """Give a value as printable text of 255 characters at most; three dots end what was cut."""
    text = value[: 4 * CHARACTERS].decode("utf-8", "backslashreplace")
    escaped = visible(text)
    return escaped if len(escaped) <= CHARACTERS else f"{escaped[: CHARACTERS - 3]}..."
