"""Statements that are compiled once and run on the driver's cursor.

To read a row by its key, SQLAlchemy takes seven times as long as SQLite itself. So its work is done
here once for each statement: its text, and the conversion of values for the driver and back.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, TypeVar, cast

from sqlalchemy.sql.selectable import ReturnsRows

from certdesk.domain.values.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection, Dialect, Table
    from sqlalchemy.dialects import postgresql, sqlite
    from sqlalchemy.sql import ClauseElement, ColumnElement

Convert: TypeAlias = Callable[[Any], Any]
Conversions: TypeAlias = tuple[tuple[int, Convert], ...]
Row: TypeAlias = Sequence[Any]

Taken = TypeVar("Taken")

_FIRST: Callable[[Any], Row | None] = operator.methodcaller("fetchone")
_TOUCHED: Callable[[Any], int] = operator.attrgetter("rowcount")

PART = "part"
"""In the info of a connection: the part of the counts that it writes to, if not 0."""


def insert_into(table: Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    """Return the dialect's insert statement, which may do nothing if the row exists.

    Only this dialect is imported: PostgreSQL's takes 30 milliseconds.
    """
    its = importlib.import_module(f"sqlalchemy.dialects.{dialect}")
    return cast("postgresql.Insert | sqlite.Insert", its.insert(table))


class Driver:
    """The driver of a connection in a transaction; `run` begins one if needed.

    Its errors are SQLAlchemy's. A lost connection stays lost: a transaction never continues on
    another connection.
    """

    def __init__(self, connection: Connection) -> None:
        """Use the driver's connection; SQLAlchemy's remains usable."""
        if not connection.in_transaction():
            # Otherwise SQLAlchemy would roll back what others wrote when a statement fails.
            connection.begin()
        self._connection = connection
        self.dialect: Dialect = connection.dialect
        self.connection: Any = connection.connection.driver_connection
        self.part: int = connection.info.get(PART, 0)
        self._errors = connection.dialect.loaded_dbapi.Error

    def run(self, text: str) -> None:
        """Run a statement without values or rows."""
        self.take(_nothing, text)

    def take(
        self,
        what: Callable[[Any], Taken],
        text: str,
        *values: Sequence[object] | Mapping[str, object],
    ) -> Taken:
        """Run a statement with its values, if any; return `what` is taken from its cursor."""
        try:
            cursor = self.connection.cursor()
            try:
                cursor.execute(text, *values)
                return what(cursor)
            finally:
                # While a cursor has a statement, SQLite keeps a transaction, or a closed connection
                # and its locks.
                cursor.close()
        except self._errors as error:
            self._fail(error, text)

    def transaction(self, *steps: tuple[Statement, Mapping[str, object]]) -> Row:
        """Run statements in a transaction, sent to the server at once; return a row of the last."""
        compiled = [(each.compiled(self.dialect), values) for each, values in steps]
        try:
            with self.connection.pipeline():
                self.connection.execute("BEGIN")
                cursors = [
                    self.connection.execute(each.text, each.values(values))
                    for each, values in compiled
                ]
                self.connection.execute("COMMIT")
        except self._errors as error:
            self._fail(error, "a transaction")
        return compiled[-1][0].row(cursors[-1].fetchone())

    def _fail(self, error: BaseException, text: str) -> NoReturn:
        """Raise SQLAlchemy's error for one of the driver."""
        # It has no public name. It converts the error, asks the listeners whether the connection
        # was lost, and drops the connection if so. It always raises.
        self._connection._handle_dbapi_exception(error, text, None, None, None)  # noqa: SLF001 -- SQLAlchemy has no public way to wrap a driver's error


def _nothing(_: object) -> None: ...


class Compiled(Record, gc=True):
    """The text of a statement, and the conversions of its values and rows, by their places."""

    text: str
    constants: Mapping[str, object]
    names: tuple[str, ...]
    positional: bool
    writes: Conversions
    reads: Conversions

    def values(self, given: Mapping[str, object]) -> Sequence[object] | Mapping[str, object]:
        """Return the values as the driver takes them, by position or by name."""
        known = {**self.constants, **given} if self.constants else given
        values = [known[name] for name in self.names]
        _convert(values, self.writes)
        return values if self.positional else dict(zip(self.names, values, strict=True))

    def row(self, row: Row) -> Row:
        """Return a row with its values converted to the columns' types."""
        values = list(row)
        _convert(values, self.reads)
        return values


def _convert(values: list[Any], conversions: Conversions) -> None:
    for place, convert in conversions:
        if values[place] is not None:
            values[place] = convert(values[place])


class Statement:
    """A statement whose values are all bound; it is compiled when first run."""

    def __init__(
        self,
        clause: ClauseElement,
        *,
        sets: Iterable[str] = (),
        reads: Iterable[ColumnElement[Any]] | None = None,
    ) -> None:
        """Run `clause`, which writes the columns `sets`.

        The columns that it returns are its own, or `reads` if it is a text.
        """
        self._clause: ClauseElement | None = clause
        self._sets = tuple(sets)
        own = clause.exported_columns if isinstance(clause, ReturnsRows) else ()
        self._reads = tuple(own if reads is None else reads)
        self._compiled: Compiled | None = None

    def first(self, driver: Driver, values: Mapping[str, object]) -> Row | None:
        """Return the first row, or None."""
        compiled = self._compiled or self.compiled(driver.dialect)
        row = driver.take(_FIRST, compiled.text, compiled.values(values))
        return None if row is None else compiled.row(row)

    def one(self, driver: Driver, values: Mapping[str, object]) -> Row:
        """Return the first row of a statement that always returns one."""
        row = self.first(driver, values)
        assert row is not None  # noqa: S101 -- such is the statement
        return row

    def all(self, driver: Driver, values: Mapping[str, object]) -> list[Row]:
        """Return all rows."""
        return self.take(driver, list, values)

    def take(
        self, driver: Driver, what: Callable[[Iterator[Row]], Taken], values: Mapping[str, object]
    ) -> Taken:
        """Return `what` is taken from the rows; those that it does not ask for are not read."""
        compiled = self._compiled or self.compiled(driver.dialect)

        def taken(cursor: Any) -> Taken:  # noqa: ANN401 -- a cursor of whichever driver it is
            return what(map(compiled.row, cursor))

        return driver.take(taken, compiled.text, compiled.values(values))

    def touch(self, driver: Driver, values: Mapping[str, object]) -> int:
        """Write; return how many rows were affected."""
        compiled = self._compiled or self.compiled(driver.dialect)
        return driver.take(_TOUCHED, compiled.text, compiled.values(values))

    def compiled(self, dialect: Dialect) -> Compiled:
        """Return the compiled statement, for the dialect of the first connection that ran it."""
        # Read in this order: another thread may drop the clause when it has compiled it.
        clause, done = self._clause, self._compiled
        if clause is None or done is not None:
            return cast("Compiled", done)
        made: Any = clause.compile(dialect=dialect, column_keys=list(self._sets) or None)
        names = tuple(made.positiontup if made.positional else made.binds)
        binds = [made.binds[name].type.dialect_impl(dialect) for name in names]
        columns = [column.type.dialect_impl(dialect) for column in self._reads]
        self._compiled = Compiled(
            text=made.string,
            constants={name: bind.value for name, bind in made.binds.items() if not bind.required},
            names=names,
            positional=made.positional,
            writes=_present(kind.bind_processor(dialect) for kind in binds),
            reads=_present(kind.result_processor(dialect, None) for kind in columns),
        )
        # It takes three times the memory of all the rest.
        self._clause = None
        return self._compiled


def _present(conversions: Iterable[Convert | None]) -> Conversions:
    return tuple((place, convert) for place, convert in enumerate(conversions) if convert)
