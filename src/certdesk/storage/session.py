"""Connections to the embedded database, set up so that commits survive power loss."""

from __future__ import annotations

import contextlib
import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

import sqlalchemy
import sqlalchemy.exc
import structlog
from sqlalchemy import Connection

from certdesk.domain.values.record import Record
from certdesk.ports import StoreUnavailable, Unit
from certdesk.storage.driver import Driver
from certdesk.storage.unit import Sql
from certdesk.storage.usage import SqlUsage

if TYPE_CHECKING:
    from pathlib import Path

# SQLite 3.7.0 to 3.51.2 can corrupt a database in write-ahead mode when two connections
# write or checkpoint at once. https://www.sqlite.org/wal.html
WRITE_AHEAD_SINCE = (3, 51, 3)
BUSY_SECONDS = 5.0
JOURNAL_BYTES = 64 * 1024 * 1024


class Library(Record, gc=True):
    """A DB-API module for SQLite, and whether it is used in write-ahead mode.

    Both modes survive power loss. In write-ahead mode, FULL syncs the log at every commit. With a
    rollback journal, EXTRA also syncs the folder, since deleting the journal is the commit.
    https://www.sqlite.org/pragma.html#pragma_synchronous
    """

    module: ModuleType
    write_ahead: bool

    @classmethod
    def of(cls, module: ModuleType) -> Library:
        """Use `module` in the mode that is safe with its version of SQLite."""
        return cls(module, module.sqlite_version_info >= WRITE_AHEAD_SINCE)

    @classmethod
    def find(cls) -> Library:
        """Return the SQLite of `pysqlite3` if that is installed, otherwise Python's own.

        Log it if the version is too old for write-ahead mode.
        """
        try:
            library = cls.of(importlib.import_module("pysqlite3.dbapi2"))
        except ImportError:
            library = cls.of(importlib.import_module("sqlite3"))
        if not library.write_ahead:
            structlog.get_logger().warning(
                "old SQLite: safe but slower, with a rollback journal",
                version=library.module.sqlite_version,
                write_ahead_since=".".join(map(str, WRITE_AHEAD_SINCE)),
            )
        return library

    @property
    def journal(self) -> tuple[str, str]:
        """The journal mode and the synchronous setting."""
        return ("wal", "FULL") if self.write_ahead else ("delete", "EXTRA")


class Session(Record, gc=True):
    """A connection and its unit; only `run` begins and ends transactions on it."""

    connection: Connection
    driver: Driver
    usage: SqlUsage
    unit: Unit

    @classmethod
    def on(cls, connection: Connection, sql: Sql, *, writable: bool) -> Session:
        """Open every collection on a connection."""
        driver = Driver(connection)
        usage = sql.usage(driver, writable=writable)
        unit = sql.unit(driver, usage, writable=writable)
        return cls(connection, driver, usage, unit)

    def run(self, statement: str) -> None:
        """Run a statement without values."""
        self.driver.run(statement)

    def discard(self) -> None:
        """Close the connection in any state; uncommitted changes are undone."""
        with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError):
            self.connection.invalidate()
        self.connection.close()


class Sessions:
    """A factory of connections to one database file."""

    def __init__(self, path: Path, library: Library, busy_seconds: float = BUSY_SECONDS) -> None:
        """Open `path` with `library`; wait up to `busy_seconds` for another connection."""
        self._path = path
        self._library = library
        self._busy_seconds = busy_seconds
        self._sql = Sql("sqlite")
        self._engine = sqlalchemy.create_engine(
            "sqlite://",
            module=library.module,
            creator=self._connect,
            poolclass=sqlalchemy.NullPool,
            # The driver's own transactions are switched off: it would commit before some
            # statements.
            isolation_level="AUTOCOMMIT",
            # Values are personal data and sealed keys, and the text of an error goes to the log.
            hide_parameters=True,
        )

    def writer(self) -> Session:
        """Open the connection that writes; there is one at a time.

        Raises:
            StoreUnavailable: the file system does not allow the journal mode.
        """
        journal, synchronous = self._library.journal
        session = self._open(
            f"PRAGMA synchronous={synchronous}",
            # On macOS an ordinary sync does not reach the disk. No effect elsewhere.
            "PRAGMA fullfsync=ON",
            "PRAGMA checkpoint_fullfsync=ON",
            # A key taken from the stock is overwritten, not only unlinked; the cost is not
            # measurable.
            "PRAGMA secure_delete=ON",
            # The log shrinks again after a long read has made it grow.
            f"PRAGMA journal_size_limit={JOURNAL_BYTES}",
            writable=True,
        )
        mode = session.connection.exec_driver_sql(f"PRAGMA journal_mode={journal}").scalar_one()
        if mode != journal:
            session.discard()
            raise StoreUnavailable(f"{self._path}: no journal mode {journal} here, only {mode}")
        return session

    def reader(self) -> Session:
        """Open a connection that cannot write."""
        return self._open("PRAGMA query_only=ON", writable=False)

    def _connect(self) -> Any:  # noqa: ANN401 -- a connection of whichever module it is
        return self._library.module.connect(
            self._path,
            timeout=self._busy_seconds,
            isolation_level=None,
            # A session is used by one thread at a time, but not always the thread that made it.
            check_same_thread=False,
        )

    def _open(self, *pragmas: str, writable: bool) -> Session:
        connection = self._engine.connect()
        session = Session.on(connection, self._sql, writable=writable)
        try:
            for pragma in (
                "PRAGMA foreign_keys=ON",
                # A manipulated schema cannot call functions or tables with side effects.
                "PRAGMA trusted_schema=OFF",
                "PRAGMA cell_size_check=ON",
                # Sorting never writes rows to a temporary file.
                "PRAGMA temp_store=MEMORY",
                *pragmas,
            ):
                session.run(pragma)
        except BaseException:
            session.discard()
            raise
        return session


def unavailable(error: BaseException) -> StoreUnavailable:
    """Convert a failure of the database into a failure of the store."""
    said = getattr(error, "orig", None)
    failure = StoreUnavailable(f"the database failed{f': {said}' if said else ''}")
    failure.__cause__ = error
    return failure
