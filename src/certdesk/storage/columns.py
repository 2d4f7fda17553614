"""The columns for the fields of records, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import enum
import json
import types
import typing
from datetime import UTC, datetime

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


class UtcTime(TypeDecorator[datetime]):
    """An aware time, stored and read in UTC, to the microsecond.

    SQLite stores no zone, so the zone is removed on writing and added on reading.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert an aware time for the database; raise `ValueError` for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- the parameters are SQLAlchemy's
        """Convert the stored value into an aware time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


EMPTY = "[]"


class Texts(TypeDecorator[tuple[object, ...]]):
    """Texts in tuples, nested or not, stored as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[object, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 -- the parameters are SQLAlchemy's
        """Write the tuple as a JSON array."""
        if not value:
            # Most are empty, and this costs much less than writing JSON.
            return None if value is None else EMPTY
        return json.dumps(value, separators=(",", ":"))

    def process_result_value(
        self,
        value: str | None,
        dialect: Dialect,  # noqa: ARG002 -- the parameters are SQLAlchemy's
    ) -> tuple[object, ...] | None:
        """Read the JSON array as tuples again."""
        if value is None or value == EMPTY:
            return None if value is None else ()
        return _tuples(json.loads(value))


def _tuples(texts: list[object]) -> tuple[object, ...]:
    return tuple(_tuples(text) if isinstance(text, list) else text for text in texts)


class Numbered(TypeDecorator[enum.IntEnum]):
    """A member of an `IntEnum`, stored as its number."""

    impl = Integer
    cache_ok = True

    def __init__(self, members: type[enum.IntEnum]) -> None:
        """Store members of this enumeration."""
        super().__init__()
        self.members = members

    def process_bind_param(self, value: enum.IntEnum | None, dialect: Dialect) -> int | None:  # noqa: ARG002 -- the parameters are SQLAlchemy's
        """Return the member's number."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> enum.IntEnum | None:  # noqa: ARG002 -- the parameters are SQLAlchemy's
        """Return the member with that number."""
        return None if value is None else self.members(value)


class Named(TypeDecorator[enum.Enum]):
    """A member of an `Enum` of texts, stored as its value."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[enum.Enum]) -> None:
        """Store members of this enumeration."""
        super().__init__()
        self.members = members

    def process_bind_param(self, value: enum.Enum | None, dialect: Dialect) -> str | None:  # noqa: ARG002 -- the parameters are SQLAlchemy's
        """Return the member's value."""
        return None if value is None else str(value.value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> enum.Enum | None:  # noqa: ARG002 -- the parameters are SQLAlchemy's
        """Return the member with that value."""
        return None if value is None else self.members(value)


class Part(TypeDecorator[object]):
    """A record that is a part of another, stored as JSON."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type) -> None:
        """Store values of this type."""
        super().__init__()
        self.kind = kind
        self._decoder: msgspec.json.Decoder[object] = msgspec.json.Decoder(kind)

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:  # noqa: ARG002 -- the parameters are SQLAlchemy's
        """Write the value as a JSON object."""
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:  # noqa: ARG002 -- the parameters are SQLAlchemy's
        """Read the JSON object back as the value."""
        return None if value is None else self._decoder.decode(value)


# SQLite numbers rows by itself only if the column is declared INTEGER; its integers always have 64
# bits. PostgreSQL sorts text by the server's locale unless told to sort by code point, as SQLite
# and Python do.
TYPES: dict[object, TypeEngine[typing.Any]] = {
    str: Text().with_variant(Text(collation="C"), "postgresql"),
    bytes: LargeBinary(),
    bool: Boolean(),
    int: BigInteger().with_variant(Integer(), "sqlite"),
    datetime: UtcTime(),
}


def column(name: str, annotation: object, *, key: bool) -> Column[typing.Any]:
    """Derive the column of a record's field from the field's type.

    Raises:
        TypeError: there is no column for the type.
    """
    kind, nullable = _without_none(annotation)
    return Column(name, _type_of(kind), primary_key=key, nullable=nullable)


def counter(name: str) -> Column[typing.Any]:
    """Return a column for a counter that starts at 0."""
    return Column(name, TYPES[int], nullable=False, server_default=text("0"))


def _without_none(annotation: object) -> tuple[object, bool]:
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        kinds = [kind for kind in typing.get_args(annotation) if kind is not types.NoneType]
        if len(kinds) == 1:
            return kinds[0], True
    return annotation, False


def _type_of(kind: object) -> TypeEngine[typing.Any]:
    if typing.get_origin(kind) is tuple:
        return Texts()
    if isinstance(kind, type) and issubclass(kind, enum.IntEnum):
        return Numbered(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return Named(kind)
    if isinstance(kind, type) and issubclass(kind, Record):
        return Part(kind)
    if kind not in TYPES:
        raise TypeError(f"no column keeps a {kind}")
    return TYPES[kind]
