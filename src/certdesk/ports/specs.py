"""How a collection is declared, and what follows from it.

A declaration is the annotation of an attribute: the type of the collection, which has the type of
its records, and marks that name fields of the record.

    zones: Annotated[Collection[Zone], Key("uin", "name"), CountedBy(one("zones"))]

>>> from certdesk.ports.unit import Unit
>>> next(spec.key for spec in specs_of(Unit) if spec.name == "zones")
('uin', 'name')
"""

from __future__ import annotations

import itertools
import typing
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from certdesk.domain.usage import Measure
from certdesk.domain.values.record import Record, replace
from certdesk.ports.collections import Stored

Mark = TypeVar("Mark")


class _Fields:
    """A mark that names fields of a record."""

    def __init__(self, *names: str) -> None:
        self.names = names


class Key(_Fields):
    """The fields by which a record is found; a key of one integer is a number from the store."""


class Index(_Fields):
    """Fields by which records are looked up."""


class Unique(_Fields):
    """Fields in which no two records are equal: a second one is `Taken`. None equals nothing."""


class Numbering(Record):
    """The field in which the store numbers records as well, beside their key.

    SQLite's rows are then in that order, which every index ends with.
    """

    field: str


class CountedBy(Record, gc=True):
    """What a record adds to the quotas of its account, which is its `uin`."""

    measure: Measure


class LimitedBy(Record):
    """The reason why the records of a collection need no quota: what else limits their number."""

    reason: str


class CollectionSpec(Generic[Stored]):
    """One collection: its name, the type of its records, and all that its marks say.

    A record whose only key field is an integer is `numbered`: the store gives the number. One
    with a field `version` is `versioned`: it may be replaced.
    """

    def __init__(self, name: str, record: type[Stored], *marks: object) -> None:
        """Declare a collection of `record`.

        Raises:
            TypeError: a mark names no field of the record, or none says what limits how many
                records there are.
        """
        self.name = name
        self.record = record
        (self.key,) = (mark.names for mark in _of(Key, marks))
        self.numbering = next((mark.field for mark in _of(Numbering, marks)), "")
        self.indexes = [mark.names for mark in _of(Index, marks)]
        self.unique = [mark.names for mark in _of(Unique, marks)]
        self.measure = next((mark.measure for mark in _of(CountedBy, marks)), None)
        if (self.measure is None) != any(_of(LimitedBy, marks)):
            raise TypeError(f"say of {name} either CountedBy or LimitedBy")
        self.fields: Mapping[str, object] = typing.get_type_hints(record)
        self.check_filter(dict.fromkeys(itertools.chain(self.key, *self.indexes, *self.unique)))
        self.numbered = len(self.key) == 1 and self.fields[self.key[0]] is int
        self.versioned = "version" in self.fields
        self.fixed = {*self.key, self.numbering} - {""}

    def values(self, record: Stored) -> dict[str, object]:
        """Return the fields of a record by name."""
        return msgspec.structs.asdict(record)

    def build(self, values: Iterable[object]) -> Stored:
        """Return a record from the values of its fields."""
        return self.record(**dict(zip(self.fields, values, strict=True)))

    def numbered_as(self, record: Stored, number: object) -> Stored:
        """Return the record with its number."""
        return replace(record, **{self.key[0]: number})

    def next_version(self, record: Stored) -> Stored:
        """Return the record with its version one higher.

        Raises:
            TypeError: such records have no version and are never changed.
        """
        if not self.versioned:
            raise TypeError(f"a record of {self.name} has no version and is never changed")
        changes: dict[str, Any] = {"version": self.version_of(record) + 1}
        return replace(record, **changes)

    def version_of(self, record: Stored) -> int:
        """Return a versioned record's version."""
        versioned: Any = record
        return int(versioned.version)

    def key_of(self, record: Stored) -> tuple[object, ...]:
        """Return a record's key."""
        return tuple(getattr(record, name) for name in self.key)

    def check_key(self, key: tuple[object, ...]) -> None:
        """Refuse a key of too few or too many fields with a `TypeError`."""
        if len(key) != len(self.key):
            raise TypeError(f"the key of {self.name} is {', '.join(self.key)}")

    def check_filter(self, equal: Mapping[str, object]) -> None:
        """Refuse names that are no field of the record with a `TypeError`."""
        unknown = equal.keys() - self.fields.keys()
        if unknown:
            raise TypeError(f"{self.record.__name__} has no {', '.join(sorted(unknown))}")


def specs_of(unit: type) -> tuple[CollectionSpec[Any], ...]:
    """Return the collections that a class declares, in order."""
    hints = typing.get_type_hints(unit, include_extras=True)
    return tuple(
        CollectionSpec(name, _record_of(hint.__origin__), *hint.__metadata__)
        for name, hint in hints.items()
        if typing.get_origin(hint) is Annotated
    )


def _record_of(collection: Any) -> type[Any]:  # noqa: ANN401 -- a type, or one with a parameter
    """Return the type of the records of a collection type, or of the type that it extends."""
    given = typing.get_args(collection)
    record: type[Any] = given[0] if given else _record_of(collection.__orig_bases__[0])
    return record


def _of(kind: type[Mark], marks: tuple[object, ...]) -> list[Mark]:
    return [mark for mark in marks if isinstance(mark, kind)]
