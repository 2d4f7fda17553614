"""The limits of a page of a list."""

from __future__ import annotations

from collections.abc import Iterator

MOST = 1000
"""The most entries on a page."""


def limit_of(asked: int | None, default: int = 10) -> int:
    """Return the size of a page: as asked, at most the limit, or the default."""
    return min(default if asked is None else asked, MOST)


def page_faults(offset: int | None, limit: int | None) -> Iterator[str]:
    """Yield what is wrong with a requested page."""
    for name, value in (("Offset", offset), ("Limit", limit)):
        if value is not None and value < 0:
            yield f"{name}: must be 0 or more, not {value}."
