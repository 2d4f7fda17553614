"""The columns for the fields of records, the same on SQLite and PostgreSQL.

The type of a field decides its column, and how its values are converted for the driver and back.
`driver.Compiled` converts them, and leaves None as it is.
"""

from __future__ import annotations

import enum
import operator
import types
import typing
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from certdesk.domain.values.record import Record
from certdesk.storage.driver import Convert


class Converted(TypeDecorator[Any]):
    """A column of a type of SQLAlchemy's, with conversions in the place of SQLAlchemy's own."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text
    cache_ok = True

    def __init__(
        self, stored: TypeEngine[Any], write: Convert | None = None, read: Convert | None = None
    ) -> None:
        """Convert values by `write` for the driver and by `read` back, if given."""
        self.impl = stored
        self.write, self.read = write, read

    def bind_processor(self, dialect: Dialect) -> Convert | None:  # noqa: ARG002 -- the parameters are SQLAlchemy's
        """Return the conversion for the driver."""
        return self.write

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert | None:  # noqa: ARG002 -- the parameters are SQLAlchemy's
        """Return the conversion back."""
        return self.read


class UtcTime(Converted):
    """An aware time, stored and read in UTC, to the microsecond.

    SQLite has no type for times: they are texts without a zone, `2026-03-01 12:00:00.000000`.
    """

    def __init__(self) -> None:
        """Convert times as each database needs it."""
        super().__init__(DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Convert:
        """Return the conversion of an aware time; it raises `ValueError` for a naive one."""
        return _time_as_text if dialect.name == "sqlite" else _in_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert:  # noqa: ARG002 -- the parameters are SQLAlchemy's
        """Return the conversion into an aware time in UTC."""
        return _time_of_text if dialect.name == "sqlite" else _in_utc


def _in_utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise ValueError("a stored time needs a zone")
    return time.astimezone(UTC)


def _time_as_text(time: datetime) -> str:
    return _in_utc(time).replace(tzinfo=None).isoformat(" ", "microseconds")


def _time_of_text(stored: str) -> datetime:
    return datetime.fromisoformat(f"{stored}+00:00")


EMPTY = "[]"


def _texts(kind: Any) -> Converted:  # noqa: ANN401 -- a type with parameters
    """Return the column for tuples of texts or numbers, nested or not, stored as JSON."""
    decode = msgspec.json.Decoder(kind).decode

    def write(value: tuple[object, ...]) -> str:
        # Most are empty, and this costs much less than writing JSON.
        return msgspec.json.encode(value).decode() if value else EMPTY

    def read(stored: str) -> object:
        return () if stored == EMPTY else decode(stored)

    return Converted(Text(), write, read)


def _members(kind: type[enum.Enum], stored: TypeEngine[Any]) -> Converted:
    """Return the column for the members of an enumeration, stored as their values."""
    by_value = {member.value: member for member in kind}
    return Converted(stored, operator.attrgetter("value"), by_value.__getitem__)


def _part(kind: type[Record]) -> Converted:
    """Return the column for a record that is a part of another, stored as JSON."""

    def write(part: Record) -> str:
        return msgspec.json.encode(part).decode()

    return Converted(Text(), write, msgspec.json.Decoder(kind).decode)


# SQLite numbers rows by itself only if the column is declared INTEGER; its integers always have 64
# bits. PostgreSQL sorts text by the server's locale unless told to sort by code point, as SQLite
# and Python do.
TYPES: dict[object, TypeEngine[Any]] = {
    str: Text().with_variant(Text(collation="C"), "postgresql"),
    bytes: Converted(LargeBinary()),
    bool: Converted(Boolean(), read=bool),
    int: BigInteger().with_variant(Integer(), "sqlite"),
    datetime: UtcTime(),
}


def column(name: str, annotation: object, *, key: bool) -> Column[Any]:
    """Derive the column of a record's field from the field's type.

    Raises:
        TypeError: there is no column for the type.
    """
    kind, nullable = _without_none(annotation)
    return Column(name, _type_of(kind), primary_key=key, nullable=nullable)


def counter(name: str) -> Column[Any]:
    """Return a column for a counter that starts at 0."""
    return Column(name, TYPES[int], nullable=False, server_default=text("0"))


def _without_none(annotation: object) -> tuple[object, bool]:
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        kinds = [kind for kind in typing.get_args(annotation) if kind is not types.NoneType]
        if len(kinds) == 1:
            return kinds[0], True
    return annotation, False


def _type_of(kind: object) -> TypeEngine[Any]:
    if typing.get_origin(kind) is tuple:
        return _texts(kind)
    if isinstance(kind, type) and issubclass(kind, enum.IntEnum):
        return _members(kind, Integer())
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _members(kind, Text())
    if isinstance(kind, type) and issubclass(kind, Record):
        return _part(kind)
    if kind not in TYPES:
        raise TypeError(f"no column keeps a {kind}")
    return TYPES[kind]
