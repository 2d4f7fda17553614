"""How much of a list a client may ask for at once."""

from __future__ import annotations

from collections.abc import Iterator

MOST = 1000
"""Longest page."""


def limit_of(asked: int | None, default: int = 10) -> int:
    """Return how many to show: what was asked for, cut to the longest page, or the default."""
    return min(default if asked is None else asked, MOST)


def page_faults(offset: int | None, limit: int | None) -> Iterator[str]:
    """Yield what is wrong with a page that was asked for."""
    for name, value in (("Offset", offset), ("Limit", limit)):
        if value is not None and value < 0:
            yield f"{name}: must not be negative, not {value}."
