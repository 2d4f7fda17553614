"""Collections of records on a database connection."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, cast

from sqlalchemy import Delete, Insert, Select, Update, bindparam, delete, func, insert, select
from sqlalchemy import update as update_
from sqlalchemy.dialects import postgresql, sqlite

from certdesk.ports import Record, Stale, Taken
from certdesk.storage import ReadOnly, schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection

    from certdesk.storage.schema import Kept


class Statements(Generic[Record]):
    """The SQL of one collection, built once; SQLAlchemy compiles each statement once.

    Every value is bound. Parameters that select the row to change are the field's name after
    `its_`, since SQLAlchemy keeps the plain names for the values that are set.
    """

    def __init__(self, kept: Kept[Record], dialect: str) -> None:
        """Build the statements for `sqlite` or `postgresql`."""
        self.kept = kept
        self.table = table = schema.TABLES[kept.name]
        self.key = [table.c[name] for name in kept.key]
        its_key = [
            column == bindparam(f"its_{column.name}", type_=column.type) for column in self.key
        ]
        its_version = [table.c.version == bindparam("its_version")] if kept.versioned else []
        self.insert_numbered: Insert = insert(table)
        # Not the error of a second key: on PostgreSQL that would end the whole transaction. That
        # nothing was inserted shows in the count of rows, which is not kept unless asked for.
        insert_new = (
            postgresql.insert(table).on_conflict_do_nothing()
            if dialect == "postgresql"
            else sqlite.insert(table).on_conflict_do_nothing()
        )
        self.insert_new: Insert = insert_new.execution_options(preserve_rowcount=True)
        self.one: Select[Any] = select(table).where(*its_key)
        self.update: Update = update_(table).where(*its_key, *its_version)
        self.delete: Delete = delete(table).where(*its_key)
        self._selections: dict[object, Select[Any]] = {}
        self._counts: dict[object, Select[Any]] = {}

    def selection(self, equal: Mapping[str, object], *, limited: bool, moved: bool) -> Select[Any]:
        """Give the statement that reads the rows of a filter, or a page of them."""
        shape = (*_shape(equal), limited, moved)
        statement = self._selections.get(shape)
        if statement is None:
            statement = select(self.table).where(*self._conditions(equal)).order_by(*self.key)
            if limited:
                statement = statement.limit(bindparam("its_limit"))
            if moved:
                statement = statement.offset(bindparam("its_offset"))
            self._selections[shape] = statement
        return statement

    def counting(self, equal: Mapping[str, object]) -> Select[Any]:
        """Give the statement that counts the rows of a filter."""
        shape = _shape(equal)
        statement = self._counts.get(shape)
        if statement is None:
            statement = select(func.count()).select_from(self.table)
            statement = self._counts[shape] = statement.where(*self._conditions(equal))
        return statement

    def _conditions(self, equal: Mapping[str, object]) -> list[ColumnElement[bool]]:
        self.kept.check_filter(equal)
        columns = self.table.c
        return [
            columns[name].is_(None)
            if value is None
            else columns[name] == bindparam(name, type_=columns[name].type)
            for name, value in equal.items()
        ]


def _shape(equal: Mapping[str, object]) -> tuple[tuple[str, bool], ...]:
    return tuple((name, value is None) for name, value in equal.items())


class SqlCollection(Generic[Record]):
    """`ports.Collection` on a connection that is in a transaction."""

    def __init__(
        self, statements: Statements[Record], connection: Connection, *, writable: bool
    ) -> None:
        """Read and, if `writable`, write through `connection`."""
        self._sql = statements
        self._kept = statements.kept
        self._connection = connection
        self._writable = writable

    def add(self, record: Record) -> Record:
        """Store a new record; a number that is 0 is given by the database."""
        self._check_writable()
        kept, values = self._kept, self._kept.values(record)
        if kept.numbered and values[kept.key[0]] == 0:
            del values[kept.key[0]]
            inserted = self._connection.execute(self._sql.insert_numbered, values)
            (number,) = cast("tuple[int]", inserted.inserted_primary_key)
            return kept.numbered_as(record, number)
        if self._connection.execute(self._sql.insert_new, values).rowcount == 0:
            raise Taken(self._kept.name)
        return record

    def get(self, *key: object) -> Record | None:
        """Read one record, or None."""
        row = self._connection.execute(self._sql.one, self._its(key)).first()
        return None if row is None else self._kept.build(row._asdict())

    def replace(self, record: Record) -> Record:
        """Store a changed record if its version is still the stored one."""
        self._check_writable()
        changed = self._kept.next_version(record)
        its = self._its(self._kept.key_of(record)) | {"its_version": self._kept.version_of(record)}
        values = self._kept.values(changed)
        for name in self._kept.fixed:
            del values[name]
        if self._connection.execute(self._sql.update, values | its).rowcount == 0:
            raise Stale(self._kept.name)
        return changed

    def remove(self, *key: object) -> bool:
        """Delete one record; tell whether it was there."""
        self._check_writable()
        return self._connection.execute(self._sql.delete, self._its(key)).rowcount > 0

    def where(self, *, offset: int = 0, limit: int | None = None, **equal: object) -> list[Record]:
        """Read the records whose fields equal the given values, in key order."""
        schema.check_page(offset, limit)
        statement = self._sql.selection(equal, limited=limit is not None, moved=offset > 0)
        page = {"its_limit": limit, "its_offset": offset}
        rows = self._connection.execute(statement, equal | page)
        return [self._kept.build(row._asdict()) for row in rows]

    def prune(self, field: str, before: datetime) -> int:
        """Delete the records whose time in `field` is earlier; give how many there were."""
        self._check_writable()
        self._kept.check_filter({field: before})
        column = self._sql.table.c[field]
        return self._connection.execute(delete(self._sql.table).where(column < before)).rowcount

    def due(self, field: str, by: datetime, limit: int) -> list[Record]:
        """Read the records whose time in `field` is `by` or earlier, the earliest first."""
        self._kept.check_filter({field: by})
        column = self._sql.table.c[field]
        statement = select(self._sql.table).where(column <= by)
        statement = statement.order_by(column, *self._sql.key).limit(limit)
        rows = self._connection.execute(statement)
        return [self._kept.build(row._asdict()) for row in rows]

    def count(self, **equal: object) -> int:
        """Count the records whose fields equal the given values."""
        return cast("int", self._connection.execute(self._sql.counting(equal), equal).scalar_one())

    def _its(self, key: tuple[object, ...]) -> dict[str, object]:
        self._kept.check_key(key)
        return {f"its_{name}": value for name, value in zip(self._kept.key, key, strict=True)}

    def _check_writable(self) -> None:
        if not self._writable:
            raise ReadOnly("a read does not write")
