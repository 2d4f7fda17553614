"""The store for several processes: one PostgreSQL database and pooled connections.

Commits are run by `PostgresWriter`, in SERIALIZABLE transactions. A read sees one state of the
database, and is tried again if its connection is lost.
"""

from __future__ import annotations

import contextlib
import functools
from concurrent.futures import Future
from typing import TYPE_CHECKING, Self, TypeVar

from sqlalchemy.exc import DBAPIError

from certdesk.storage.migrate import migrate
from certdesk.storage.postgresql import tickets
from certdesk.storage.postgresql.attempts import Attempts
from certdesk.storage.postgresql.checkup import examine_server
from certdesk.storage.postgresql.locks import PostgresLocks, lock_statement
from certdesk.storage.postgresql.opening import check_schema, check_sessions, worded
from certdesk.storage.postgresql.parts import take_part
from certdesk.storage.postgresql.pool import LOCK_SECONDS, Pool
from certdesk.storage.postgresql.sessions import Here, Sessions
from certdesk.storage.postgresql.versions import SchemaChanged, check_nobody_else
from certdesk.storage.postgresql.writer import PostgresWriter
from certdesk.storage.underway import Underway
from certdesk.storage.unit import Sql

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from certdesk.domain.operation.checkup import Observation
    from certdesk.ports import Unit

Result = TypeVar("Result")

CONNECTIONS = 8
"""Connections for writing, and as many for reading: enough to keep a process busy."""

QUEUE_SECONDS = 3.0
LOOK_UP_SECONDS = 10.0

MIGRATION = "migration"
"""The lock of the process that migrates the schema."""


class PostgresStore:
    """A `ports.Store` on a PostgreSQL database that other processes use as well."""

    def __init__(
        self,
        writers: Pool,
        readers: Pool,
        rng: random.Random,
        *,
        look_up_seconds: float,
        queue_seconds: float,
    ) -> None:
        """Assemble a store of its parts; use `open` to make them."""
        sql = Sql("postgresql")
        self._writers = Sessions(writers, sql, writable=True)
        self._readers = Sessions(readers, sql, writable=False)
        self.locks = PostgresLocks(self._writers)
        self._attempts = Attempts(rng)
        self._here = Here()
        self._underway = Underway()
        self._writer = PostgresWriter(
            self._writers,
            self._here,
            rng,
            look_up_seconds=look_up_seconds,
            queue_seconds=queue_seconds,
        )

    @classmethod
    def open(
        cls,
        url: str,
        *,
        rng: random.Random,
        connections: int = CONNECTIONS,
        lock_seconds: float = LOCK_SECONDS,
        look_up_seconds: float = LOOK_UP_SECONDS,
        queue_seconds: float = QUEUE_SECONDS,
        beginning: Callable[[], None] = lambda: None,
    ) -> Self:
        """Open the database at `url` and migrate its schema, one process at a time.

        `connections` are used for writing and as many for reading. The store waits up to
        `lock_seconds` for a lock that a foreign program holds. If a connection is lost during a
        commit, the outcome is looked up for at most `look_up_seconds`. A submitted commit that has
        waited `queue_seconds` for its turn is dropped. `rng` draws the pauses between attempts, so
        that two commits do not collide again. `beginning` is called before an empty database gets
        its tables; if it raises, the database stays empty.

        Raises:
            SchemaUnknown: a newer version of certdesk has written the database.
            StoreUnavailable: it cannot be reached or used, or the server may lose what it
                acknowledges, or it needs a migration while another version of certdesk uses it.
        """
        with worded(url), contextlib.ExitStack() as held:
            writers = Pool(url, connections, lock_seconds, begin=take_part)
            readers = Pool(url, connections, lock_seconds)
            store = cls(
                writers,
                readers,
                rng,
                look_up_seconds=look_up_seconds,
                queue_seconds=queue_seconds,
            )
            held.callback(store.close)
            check_sessions(writers, readers)
            store.locks.statement = lock_statement(writers, readers)
            store._migrate(beginning)
            held.pop_all()
        return store

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Run `commit` in a transaction, shared with other waiting commits; return once durable.

        Raises:
            StoreUnavailable: the transaction failed, or the store is closed. If the text says that
                the outcome is unknown, it may still be committed.
            RuntimeError: called from inside a commit.
        """
        return self.submit(commit).result()

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Queue `commit` for a thread of the store; see `write`."""
        if self._here.writing:
            raise RuntimeError("a commit cannot write through the store: it has its unit")
        self._underway.begin()
        answer = self._writer.submit(commit)
        answer.add_done_callback(lambda _: self._underway.finish())
        return answer

    def read(self, query: Callable[[Unit], Result]) -> Result:
        """Run `query` on one state of the database.

        A nested read uses the outer read's connection and sees the same state; waiting for another
        connection could deadlock.

        Raises:
            StoreUnavailable: the database cannot be read, or the store is closed.
            ReadOnly: `query` tried to write.
        """
        if self._here.reading is not None:
            return query(self._here.reading)
        if self._writer.outdated:
            raise SchemaChanged(self._writer.outdated)
        # A read inside a running commit belongs to it and is never refused.
        self._underway.begin(further=self._here.writing)
        try:
            return self._attempts.until_done(lambda _: self._query(query))
        finally:
            self._underway.finish()

    def examine(self) -> Iterator[Observation]:
        """Report the state of the server."""
        return examine_server(self._readers.pool)

    def refusing(self) -> str:
        """Return a text once a commit finds that another version has migrated the database."""
        return self._writer.outdated

    def checkpoint(self) -> None:
        """Do nothing: the server overwrites old rows when it vacuums."""

    def close(self) -> None:
        """Finish what is in progress, refuse the rest, and close every connection."""
        self._underway.end()
        self._writer.close()
        self._writers.pool.close()
        self._readers.pool.close()

    def _migrate(self, beginning: Callable[[], None]) -> None:
        with self.locks.hold(MIGRATION) as session:
            if not self._writers.pool.names_schema:
                check_schema(session.connection)
            migration = migrate(
                session.connection,
                beginning=beginning,
                changing=functools.partial(check_nobody_else, session.connection),
            )
            tickets.prepare(session.connection)
            session.run("COMMIT")
        migration.tell()

    def _query(self, query: Callable[[Unit], Result]) -> Result:
        with self._readers.session() as session:
            session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self._here.reading = session.unit
            try:
                return query(session.unit)
            finally:
                self._here.reading = None
                # After a rollback, the driver would have every statement prepared again.
                with contextlib.suppress(DBAPIError):
                    session.run("COMMIT")
