"""Goes through all that is kept, whatever kinds of records there are."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

from certdesk.ports.store import Collection, Unit, Usage

PAGE = 1000


def kinds() -> dict[str, type[Any]]:
    """Give the type of the records of each collection of a unit, by the collection's name."""
    found = {}
    for name, member in vars(Unit).items():
        if isinstance(member, property):
            collection = typing.get_type_hints(member.fget)["return"]
            # It counts records, and has none of its own.
            if collection is not Usage:
                found[name] = _record_of(collection)
    return found


def all_of(unit: Unit, name: str, **equal: object) -> Iterator[Any]:
    """Read the records of a collection whose fields equal the given values, a page at a time."""
    collection: Collection[Any] = getattr(unit, name)
    offset = 0
    while page := collection.where(offset=offset, limit=PAGE, **equal):
        yield from page
        offset += len(page)


def _record_of(collection: object) -> type[Any]:
    """Read the type of the records off the type of their collection, or off what that extends."""
    given = typing.get_args(collection)
    if given:
        record: type[Any] = given[0]
        return record
    return _record_of(getattr(collection, "__orig_bases__")[0])  # noqa: B009 -- no attribute of a type
