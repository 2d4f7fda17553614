"""What a worst case is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from certdesk.wire.model import TEXT_LIMIT

TIMES = 5
"""How often a case is measured; the best counts."""


class Case:
    """One call with the worst that can come, refused or not."""

    def __init__(self, name: str, call: Callable[..., object], *arguments: object) -> None:
        """Name it, and say what is called with what."""
        self.name = name
        self._call = call
        self._arguments = arguments

    def call(self) -> object:
        """Make the call; raises what it raises."""
        return self._call(*self._arguments)


Worst: TypeAlias = dict[str, Callable[[], Iterator[Case]]]
"""The worst cases of each parser."""

PIECES = (
    *("a", "A", "1", ".", "a.", "-", "_", " ", "\t", "\n", "\x01", "@", '"', "\\", "(", "<", ":"),
    *("/", "*.", "xn--", "xn--a.", "é", "ß", "中", "\u0301", "\u2800", "\u200d", "٣", "1.", "0x."),
    *(" (", "('", ";ext=", "+1", "tel:", "-----BEGIN", "::", "\U0001f600", "क\u094d\u200d"),
)
"""What a hostile text repeats."""


def hostile(size: int) -> Iterator[str]:
    """Give texts of a size."""
    for piece in PIECES:
        text = piece * (size // len(piece))
        yield text
        yield "a@" + text[:-2]
        yield text[:-6] + "@b.com"


def listing(parse: Callable[..., Iterator[object]], *arguments: object) -> list[object]:
    """Give all that a parser finds one after the other."""
    return list(parse(*arguments))


def each(parse: Callable[[str], object], size: int = TEXT_LIMIT) -> Callable[[], Iterator[Case]]:
    """Give the cases of what parses one text."""

    def cases() -> Iterator[Case]:
        for text in hostile(size):
            yield Case(text[:12], parse, text)

    return cases
