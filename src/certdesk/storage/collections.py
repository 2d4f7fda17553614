"""Collections of records on a database connection."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic

from sqlalchemy import bindparam, delete, func, insert, select, update

from certdesk.ports import Stale, Stored, Taken
from certdesk.storage import ReadOnly
from certdesk.storage.driver import Statement, insert_into
from certdesk.storage.schema import TABLES
from certdesk.storage.statement_cache import StatementCache, padded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Delete, Select

    from certdesk.ports import Collection, CollectionSpec
    from certdesk.storage.driver import Driver, Row
    from certdesk.storage.statement_cache import Make, Values


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
        self.insert_numbered = Statement(
            insert(table).returning(*self.key), sets=spec.fields.keys() - spec.key
        )
        # A duplicate key is no error here: on PostgreSQL an error would end the whole transaction.
        # The count of rows shows that nothing was inserted.
        self.insert_new = Statement(
            insert_into(table, dialect).on_conflict_do_nothing(), sets=spec.fields
        )
        self.one = Statement(select(table).where(*its_key))
        self.update = Statement(
            update(table).where(*its_key, *its_version), sets=spec.fields.keys() - spec.fixed
        )
        self.delete = Statement(delete(table).where(*its_key))
        self.cache = StatementCache()

    def rows(self, its: Values) -> Select[Any]:
        """Select the rows of a filter, or a page of them."""
        found = select(self.table).where(*self._equal(its["equal"])).order_by(*self.key)
        return found.limit(its["limit"]).offset(its["offset"])

    def due(self, its: Values, field: str, first: str, newest: bool) -> Select[Any]:  # noqa: FBT001 -- a part of the shape, given by place
        """Select the rows of a filter up to a time, sorted by the field `first`."""
        self.spec.check_filter(dict.fromkeys([field, first, *its["unlike"]]))
        columns = self.table.c
        others = [
            columns[name].is_distinct_from(value)
            for name, values in its["unlike"].items()
            for value in values
        ]
        conditions = [columns[field] <= its["by"], *self._equal(its["equal"]), *others]
        time = columns[first].desc() if newest else columns[first]
        return select(self.table).where(*conditions).order_by(time, *self.key).limit(its["limit"])

    def count(self, its: Values) -> Select[Any]:
        """Count the rows of a filter."""
        return select(func.count()).select_from(self.table).where(*self._equal(its))

    def prune(self, its: Values, field: str) -> Delete:
        """Delete the rows of a filter before a time."""
        self.spec.check_filter({field: None})
        earlier = self.table.c[field] < its["before"]
        return delete(self.table).where(earlier, *self._equal(its["equal"]))

    def _equal(self, its: Values) -> list[ColumnElement[bool]]:
        self.spec.check_filter(its)
        # Compared with None, a column is NULL.
        return [self.table.c[name] == value for name, value in its.items()]


def earlier(
    collection: Collection[Stored], field: str, before: datetime, equal: Mapping[str, object]
) -> list[Stored]:
    """Read the records of a filter whose time in `field` is before a time, as `prune` does."""
    chosen: Any = equal
    due = collection.due(field, before, sys.maxsize, **chosen)
    return [record for record in due if getattr(record, field) < before]


def check_page(offset: int, limit: int | None) -> None:
    """Refuse a negative offset or limit, which each database reads in its own way."""
    if offset < 0 or (limit is not None and limit < 0):
        raise ValueError("offset and limit are not negative")


class SqlCollection(Generic[Stored]):
    """`ports.Collection` on a connection that is in a transaction."""

    def __init__(
        self,
        statements: Statements[Stored],
        driver: Driver,
        *,
        writable: bool,
    ) -> None:
        """Read and, if `writable`, write through `driver`."""
        self._sql = statements
        self._spec = statements.spec
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
        return None if row is None else self._spec.build(row)

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
        page = {"equal": equal, "limit": limit, "offset": offset or None}
        return self._built(self._sql.rows, page)

    def prune(self, field: str, before: datetime, **equal: object) -> int:
        """Delete the records whose time in `field` is earlier; return how many there were."""
        self._check_writable()
        values = {"before": before, "equal": equal}
        return self._sql.cache.touch(self._driver, self._sql.prune, values, field)

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
        others = {name: padded(values) for name, values in (unlike or {}).items()}
        values = {"by": by, "limit": limit, "equal": equal, "unlike": others}
        return self._built(self._sql.due, values, field, first or field, newest)

    def count(self, **equal: object) -> int:
        """Count the records whose fields equal the given values."""
        return self._sql.cache.number(self._driver, self._sql.count, equal)

    def _built(self, make: Make, values: Values, *further: object) -> list[Stored]:
        return self._sql.cache.take(self._driver, self._records, make, values, *further)

    def _records(self, rows: Iterator[Row]) -> list[Stored]:
        return [self._spec.build(row) for row in rows]

    def _its(self, key: tuple[object, ...]) -> dict[str, object]:
        self._spec.check_key(key)
        return {f"its_{name}": value for name, value in zip(self._spec.key, key, strict=True)}

    def _check_writable(self) -> None:
        if not self._writable:
            raise ReadOnly("a read does not write")
