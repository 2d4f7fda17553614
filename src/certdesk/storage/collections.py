"""Collections of records on a database connection."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Generic, cast

from sqlalchemy import bindparam, delete, func, insert, select, update

from certdesk.ports import Stale, Stored, Taken
from certdesk.storage import ReadOnly
from certdesk.storage.driver import INSERTS, Statement
from certdesk.storage.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from certdesk.ports import CollectionSpec
    from certdesk.storage.driver import Driver, Row


class Statements(Generic[Stored]):
    """The SQL of one collection, built once.

    Every value is bound. The parameters that select the row to change are called `its_` and the
    field's name, since SQLAlchemy uses the plain names for the values to set.
    """

    def __init__(self, spec: CollectionSpec[Stored], dialect: str) -> None:
        """Build the statements for `sqlite` or `postgresql`."""
        self.spec = spec
        self.table = table = TABLES[spec.name]
        self.key = [table.c[name] for name in spec.key]
        its_key = [
            column == bindparam(f"its_{column.name}", type_=column.type) for column in self.key
        ]
        its_version = [table.c.version == bindparam("its_version")] if spec.versioned else []
        insert_ = INSERTS[dialect]
        self.insert_numbered = Statement(
            insert(table).returning(*self.key), sets=spec.fields.keys() - spec.key, reads=self.key
        )
        # A duplicate key is no error here: on PostgreSQL an error would end the whole transaction.
        # The count of rows shows that nothing was inserted.
        self.insert_new = Statement(insert_(table).on_conflict_do_nothing(), sets=spec.fields)
        self.one = Statement(select(table).where(*its_key), reads=table.c)
        self.update = Statement(
            update(table).where(*its_key, *its_version), sets=spec.fields.keys() - spec.fixed
        )
        self.delete = Statement(delete(table).where(*its_key))
        self._selections: dict[object, Statement] = {}
        self._counts: dict[object, Statement] = {}
        self._dues: dict[object, Statement] = {}

    def selection(self, equal: Mapping[str, object], *, limited: bool, moved: bool) -> Statement:
        """Return the statement that reads the rows of a filter, or a page of them."""
        shape = (*_shape(equal), limited, moved)
        statement = self._selections.get(shape)
        if statement is None:
            rows = select(self.table).where(*self._conditions(equal)).order_by(*self.key)
            if limited:
                rows = rows.limit(bindparam("its_limit"))
            if moved:
                rows = rows.offset(bindparam("its_offset"))
            statement = self._selections[shape] = Statement(rows, reads=self.table.c)
        return statement

    def due(
        self,
        field: str,
        first: str,
        equal: Mapping[str, object],
        unlike: Mapping[str, Sequence[object]],
        *,
        newest: bool,
    ) -> Statement:
        """Return the statement that reads the rows of a filter up to a time, sorted by `first`."""
        shape = (
            field,
            first,
            newest,
            _shape(equal),
            *((name, len(unlike[name])) for name in unlike),
        )
        statement = self._dues.get(shape)
        if statement is None:
            self.spec.check_filter(dict.fromkeys([field, first, *unlike]))
            columns = self.table.c
            others = [
                columns[name].is_distinct_from(
                    bindparam(f"not_{name}_{at}", type_=columns[name].type)
                )
                for name, values in unlike.items()
                for at in range(len(values))
            ]
            due = columns[field] <= bindparam("its_time", type_=columns[field].type)
            rows = select(self.table).where(due, *self._conditions(equal), *others)
            time = columns[first].desc() if newest else columns[first]
            rows = rows.order_by(time, *self.key).limit(bindparam("its_limit"))
            statement = self._dues[shape] = Statement(rows, reads=self.table.c)
        return statement

    def counting(self, equal: Mapping[str, object]) -> Statement:
        """Return the statement that counts the rows of a filter."""
        shape = _shape(equal)
        statement = self._counts.get(shape)
        if statement is None:
            number = func.count()
            rows = select(number).select_from(self.table).where(*self._conditions(equal))
            statement = self._counts[shape] = Statement(rows, reads=[number])
        return statement

    def _conditions(self, equal: Mapping[str, object]) -> list[ColumnElement[bool]]:
        self.spec.check_filter(equal)
        columns = self.table.c
        return [
            columns[name].is_(None)
            if value is None
            else columns[name] == bindparam(name, type_=columns[name].type)
            for name, value in equal.items()
        ]


def check_page(offset: int, limit: int | None) -> None:
    """Refuse a negative offset or limit, which each database reads in its own way."""
    if offset < 0 or (limit is not None and limit < 0):
        raise ValueError("offset and limit are not negative")


def _padded(values: Sequence[object]) -> Sequence[object]:
    """Return values as many as a power of two, some twice, so that few statements are compiled."""
    size = 1 << (len(values) - 1).bit_length() if values else 0
    return [*values, *(values[-1] for _ in range(size - len(values)))]


def _shape(equal: Mapping[str, object]) -> tuple[tuple[str, bool], ...]:
    return tuple((name, value is None) for name, value in equal.items())


class SqlCollection(Generic[Stored]):
    """`ports.Collection` on a connection that is in a transaction."""

    def __init__(
        self,
        statements: Statements[Stored],
        connection: Connection,
        driver: Driver,
        *,
        writable: bool,
    ) -> None:
        """Read and, if `writable`, write through `connection` and its driver."""
        self._sql = statements
        self._spec = statements.spec
        self._connection = connection
        self._driver = driver
        self._writable = writable

    def add(self, record: Stored) -> Stored:
        """Store a new record; the database draws a number that is 0."""
        self._check_writable()
        spec, values = self._spec, self._spec.values(record)
        if spec.numbered and values[spec.key[0]] == 0:
            (number,) = self._sql.insert_numbered.one(self._driver, values)
            return spec.numbered_as(record, number)
        if self._sql.insert_new.touch(self._driver, values) == 0:
            raise Taken(self._spec.name)
        return record

    def get(self, *key: object) -> Stored | None:
        """Read one record, or None."""
        row = self._sql.one.first(self._driver, self._its(key))
        return None if row is None else self._built(row)

    def replace(self, record: Stored) -> Stored:
        """Store a changed record if its version is still the stored one."""
        self._check_writable()
        changed = self._spec.next_version(record)
        its = self._its(self._spec.key_of(record)) | {"its_version": self._spec.version_of(record)}
        if self._sql.update.touch(self._driver, self._spec.values(changed) | its) == 0:
            raise Stale(self._spec.name)
        return changed

    def remove(self, *key: object) -> bool:
        """Delete one record; return whether it was there."""
        self._check_writable()
        return self._sql.delete.touch(self._driver, self._its(key)) > 0

    def where(self, *, offset: int = 0, limit: int | None = None, **equal: object) -> list[Stored]:
        """Read the records whose fields equal the given values, in key order."""
        check_page(offset, limit)
        statement = self._sql.selection(equal, limited=limit is not None, moved=offset > 0)
        page = {"its_limit": limit, "its_offset": offset}
        return [self._built(row) for row in statement.all(self._driver, equal | page)]

    def prune(self, field: str, before: datetime, **equal: object) -> int:
        """Delete the records whose time in `field` is earlier; return how many there were."""
        self._check_writable()
        self._spec.check_filter({field: before, **equal})
        columns = self._sql.table.c
        others = [columns[name] == value for name, value in equal.items()]
        statement = delete(self._sql.table).where(columns[field] < before, *others)
        return self._connection.execute(statement).rowcount

    def due(
        self,
        field: str,
        by: datetime,
        limit: int,
        *,
        first: str | None = None,
        newest: bool = False,
        unlike: Mapping[str, Sequence[object]] | None = None,
        **equal: object,
    ) -> list[Stored]:
        """Read the records whose time in `field` is `by` or earlier, the earliest first."""
        unlike = {name: _padded(others) for name, others in (unlike or {}).items()}
        statement = self._sql.due(field, first or field, equal, unlike, newest=newest)
        values = {name: value for name, value in equal.items() if value is not None}
        for name, others in unlike.items():
            values |= {f"not_{name}_{at}": value for at, value in enumerate(others)}
        found = statement.all(self._driver, values | {"its_time": by, "its_limit": limit})
        return [self._built(row) for row in found]

    def count(self, **equal: object) -> int:
        """Count the records whose fields equal the given values."""
        (number,) = self._sql.counting(equal).one(self._driver, equal)
        return cast("int", number)

    def _built(self, row: Row) -> Stored:
        return self._spec.build(dict(zip(self._spec.fields, row, strict=True)))

    def _its(self, key: tuple[object, ...]) -> dict[str, object]:
        self._spec.check_key(key)
        return {f"its_{name}": value for name, value in zip(self._spec.key, key, strict=True)}

    def _check_writable(self) -> None:
        if not self._writable:
            raise ReadOnly("a read does not write")
