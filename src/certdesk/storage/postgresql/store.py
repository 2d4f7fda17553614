"""The store for several processes: one PostgreSQL database and pooled connections.

Each commit runs in its own SERIALIZABLE transaction. One that loses a race is retried; one that
loses twice is run alone: it blocks every other commit of every process, so it cannot lose again to
one of ours. If the connection is lost during COMMIT, the outcome is looked up before anything is
answered.
"""

from __future__ import annotations

import contextlib
import functools
import math
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self, TypeVar, cast

from sqlalchemy.exc import DBAPIError

from certdesk.ports import StoreUnavailable
from certdesk.storage.checkup import examine_server
from certdesk.storage.migrate import migrate
from certdesk.storage.postgresql import tickets
from certdesk.storage.postgresql.opening import check_schema, check_sessions, worded
from certdesk.storage.postgresql.parts import take_part
from certdesk.storage.postgresql.pool import LOCK_SECONDS, Pool, is_lost, words
from certdesk.storage.postgresql.tickets import Ticket
from certdesk.storage.postgresql.versions import SchemaChanged, check_nobody_else
from certdesk.storage.session import Session
from certdesk.storage.underway import Underway
from certdesk.storage.unit import Sql

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from certdesk.domain.operation.checkup import Observation
    from certdesk.ports import Unit
    from certdesk.storage.postgresql.connection import Connection

Result = TypeVar("Result")

CONNECTIONS = 8
"""Connections for writing, and as many for reading: enough to keep a process busy."""

RETRIES = 3
ALONE_FROM = 2
RETRY_SECONDS = 2.0
"""No new attempt after this time; with the other limits, an answer takes at most five seconds."""

QUEUE_SECONDS = 3.0
PAUSE_SECONDS = 0.02
LOOK_UP_SECONDS = 10.0
LOOK_UP_PAUSE_SECONDS = 0.1

OPENING_SECONDS = 300
"""How long to wait while another process migrates the schema."""

MIGRATION_LOCK = 7_164_775_001
FIRST_START_LOCK = 7_164_775_002

LOCKS = {False: "ROW EXCLUSIVE", True: "EXCLUSIVE"}
"""The lock that a commit takes first, by whether it must run alone. The weaker one is shared."""


class PostgresStore:
    """A A `ports.Store` on a PostgreSQL database that other processes use as well."""

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
        self._writers = writers
        self._readers = readers
        self._rng = rng
        self._look_up_seconds = look_up_seconds
        self._queue_seconds = queue_seconds
        self._sql = Sql("postgresql")
        self._here = _Here()
        self._outdated = ""
        self._underway = Underway()
        self._threads = ThreadPoolExecutor(writers.size, "certdesk-writer")

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
            store._migrate(beginning)
            held.pop_all()
        return store

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Run `commit` in its own transaction; return once it is durable.

        Raises:
            StoreUnavailable: the transaction failed, or the store is closed. If the text says that
                the outcome is unknown, it may still be committed.
            RuntimeError: called from inside a commit.
        """
        self._begin_writing()
        try:
            return self._write(commit)
        finally:
            self._underway.finish()

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Queue `commit` for a thread of the store; see `write`."""
        self._begin_writing()
        answer: Future[Result] = Future()
        # From here on it cannot be cancelled: it may already be running.
        answer.set_running_or_notify_cancel()
        self._threads.submit(self._answer, commit, answer, time.monotonic() + self._queue_seconds)
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
        if self._outdated:
            raise SchemaChanged(self._outdated)
        # A read inside a running commit belongs to it and is never refused.
        self._underway.begin(further=self._here.writing)
        try:
            return self._persist(lambda _: self._query(query))
        finally:
            self._underway.finish()

    @contextlib.contextmanager
    def alone(self, lock: int = FIRST_START_LOCK) -> Iterator[Session]:
        """Hold a lock that one process has at a time, while the context lasts.

        The session is in the transaction that holds the lock; the lock ends with that transaction.
        """
        with (
            self._session(self._writers, writable=True) as session,
            _driver(session).unlimited(),
        ):
            session.run("BEGIN ISOLATION LEVEL READ COMMITTED")
            session.run(f"SET LOCAL lock_timeout = '{OPENING_SECONDS}s'")
            session.run("SET LOCAL statement_timeout = 0")
            session.run("SET LOCAL idle_in_transaction_session_timeout = 0")
            session.run(f"SELECT pg_advisory_xact_lock({lock})")
            yield session

    def examine(self) -> Iterator[Observation]:
        """Report the state of the server."""
        return examine_server(self._readers)

    def refusing(self) -> str:
        """Return a text once a commit finds that another version has migrated the database."""
        return self._outdated

    def checkpoint(self) -> None:
        """Do nothing: the server overwrites old rows when it vacuums."""

    def close(self) -> None:
        """Finish what is in progress, refuse the rest, and close every connection."""
        self._underway.end()
        self._threads.shutdown()
        self._writers.close()
        self._readers.close()

    def _migrate(self, beginning: Callable[[], None]) -> None:
        with self.alone(MIGRATION_LOCK) as session:
            if not self._writers.names_schema:
                check_schema(session.connection)
            migration = migrate(
                session.connection,
                beginning=beginning,
                changing=functools.partial(check_nobody_else, session.connection),
            )
            tickets.prepare(session.connection)
            session.run("COMMIT")
        migration.tell()

    def _begin_writing(self) -> None:
        if self._here.writing:
            raise RuntimeError("a commit cannot write through the store: it has its unit")
        self._underway.begin()

    def _write(self, commit: Callable[[Unit], Result], latest: float = math.inf) -> Result:
        if time.monotonic() > latest:
            raise StoreUnavailable("the database is too slow for what is asked of it")
        self._here.writing = True
        try:
            return self._persist(lambda attempt: self._commit(commit, alone=attempt >= ALONE_FROM))
        finally:
            self._here.writing = False

    def _answer(
        self, commit: Callable[[Unit], Result], answer: Future[Result], latest: float
    ) -> None:
        try:
            answer.set_result(self._write(commit, latest))
        except BaseException as error:  # noqa: BLE001 -- whatever it is, it belongs to the caller
            answer.set_exception(error)
        finally:
            self._underway.finish()

    def _persist(self, attempt: Callable[[int], Result]) -> Result:
        """Call `attempt` with 0, 1, … while it loses races or connections."""
        enough = time.monotonic() + RETRY_SECONDS
        number = 0
        while True:
            try:
                return attempt(number)
            except DBAPIError as error:
                failure = StoreUnavailable(f"the database could not do its work: {words(error)}")
                final = number == RETRIES or time.monotonic() > enough or not is_lost(error)
            if final:
                # Raised out here, so that the driver's error, with the values of the row, is not
                # its context.
                raise failure
            time.sleep(self._rng.uniform(0, PAUSE_SECONDS * number))
            number += 1

    def _commit(self, commit: Callable[[Unit], Result], *, alone: bool) -> Result:
        with self._session(self._writers, writable=True) as session:
            # The lock comes first: the next statement fixes what the transaction sees.
            session.run(
                f"BEGIN ISOLATION LEVEL SERIALIZABLE; LOCK TABLE commits IN {LOCKS[alone]} MODE"
            )
            try:
                ticket = Ticket.take(session.connection)
            except SchemaChanged as changed:
                self._outdated = str(changed)
                raise
            self._outdated = ""
            result = commit(session.unit)
            session.usage.count_changes({})
            _check_whole(session)
            try:
                session.run("COMMIT")
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                lost = error
            else:
                return result
        if self._was_committed(ticket):
            return result
        raise lost

    def _query(self, query: Callable[[Unit], Result]) -> Result:
        with self._session(self._readers, writable=False) as session:
            session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self._here.reading = session.unit
            try:
                return query(session.unit)
            finally:
                self._here.reading = None
                # After a rollback, the driver would have every statement prepared again.
                with contextlib.suppress(DBAPIError):
                    session.run("COMMIT")

    def _was_committed(self, ticket: Ticket) -> bool:
        enough = time.monotonic() + self._look_up_seconds
        while time.monotonic() < enough:
            with (
                contextlib.suppress(DBAPIError, StoreUnavailable),
                self._writers.connection() as connection,
            ):
                return ticket.was_committed(connection)
            time.sleep(self._rng.uniform(0, LOOK_UP_PAUSE_SECONDS))
        raise StoreUnavailable(
            "the connection to the database was lost in the middle of a commit, and the outcome "
            "is unknown: the database could not be asked any more"
        )

    @contextlib.contextmanager
    def _session(self, pool: Pool, *, writable: bool) -> Iterator[Session]:
        with pool.connection() as connection:
            yield Session.on(connection, self._sql, writable=writable)


class _Here(threading.local):
    """What the current thread is doing."""

    writing = False
    reading: Unit | None = None


def _check_whole(session: Session) -> None:
    """Refuse to continue if a commit has swallowed an error of the database.

    PostgreSQL has then aborted the transaction, yet answers COMMIT without an error.
    """
    if _driver(session).info.transaction_status.name != "INTRANS":
        raise StoreUnavailable("the database has given the transaction up before its end")


def _driver(session: Session) -> Connection:
    return cast("Connection", session.driver.connection)
