"""Connections to PostgreSQL: safe settings, time-outs, and a fair turn for everyone who waits."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import event

from certdesk.ports import StoreUnavailable
from certdesk.storage.postgresql.session_settings import SCHEMA, limits, of_options, set_up
from certdesk.storage.postgresql.tickets import name_connection
from certdesk.storage.postgresql.versions import PROGRAM, session_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.exc import DBAPIError

PLACE_SECONDS = 1.0
LOCK_SECONDS = 1.5
"""More than the server's `deadlock_timeout` (1 s), or a deadlock would not be told as one."""

# Milliseconds, and seconds: a server that is gone without a word is noticed.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
CONNECTING: dict[str, object] = {
    "application_name": PROGRAM,
    # Before all else: what the driver reads is in it.
    "client_encoding": "utf8",
    # They are set by statements; the environment's are not wanted either.
    "options": "",
    "connect_timeout": 2,
    "tcp_user_timeout": 5000,
    "keepalives_idle": 5,
    "keepalives_interval": 1,
    "keepalives_count": 5,
}

# https://www.postgresql.org/docs/current/errcodes-appendix.html
LOST_RACES = {"40001", "40P01"}
ENDED_SESSIONS = ("08", "57P", "25P03", "25P04")


class Pool:
    """So many connections, lent one by one.

    Left to SQLAlchemy's pool, a busy thread takes the same connection again and again while
    others starve. Here they are lent in the order in which they are asked for.
    """

    def __init__(self, url: str, connections: int, lock_seconds: float = LOCK_SECONDS) -> None:
        """Connect to `url` when a connection is needed."""
        parsed = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
        self.size = connections
        self._free = connections
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()
        self._engine = sqlalchemy.create_engine(
            parsed,
            connect_args=_connecting(parsed),
            pool_size=connections,
            max_overflow=0,
            pool_use_lifo=True,
            # Transactions are begun and ended by statements of ours.
            isolation_level="AUTOCOMMIT",
            # Values are personal data and sealed keys; an error's text goes to the log.
            hide_parameters=True,
        )
        given = of_options(_last(parsed.query.get("options", "")))
        self._wanted = SCHEMA | limits(lock_seconds) | given
        self.names_schema = given.keys() >= SCHEMA.keys()
        event.listen(self._engine, "do_connect", self._connect)
        event.listen(self._engine, "connect", _connected)
        event.listen(self._engine, "handle_error", _note_ended_session)

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend a connection; a transaction that is left open on it is rolled back.

        Raises:
            StoreUnavailable: all are in use, or the server does not keep what it acknowledges.
        """
        self._wait()
        try:
            with self._engine.connect() as connection:
                yield connection
        finally:
            self._pass_on()

    def close(self) -> None:
        """Close the connections, none of which is lent any more."""
        self._engine.dispose()

    def _connect(
        self, _: object, __: object, words: tuple[Any, ...], parameters: dict[str, Any]
    ) -> object:
        # Not before: a desk on SQLite needs no client library of PostgreSQL.
        from certdesk.storage.postgresql.connection import Connection  # noqa: PLC0415 -- as above

        connection = Connection.connect(*words, autocommit=True, **parameters)
        try:
            set_up(connection, self._wanted)
        except BaseException:
            connection.close()
            raise
        return connection

    def _wait(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            self._waiting.append(turn)
        if not turn.wait(PLACE_SECONDS):
            with self._lock:
                # It may have come just now.
                if not turn.is_set():
                    self._waiting.remove(turn)
                    raise StoreUnavailable("all connections to the database are in use")

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


def is_lost(error: DBAPIError) -> bool:
    """Tell whether a race or a connection was lost: nothing was written, and another try may."""
    state = _state(error.orig)
    return error.connection_invalidated or state in LOST_RACES or state.startswith(ENDED_SESSIONS)


def words(error: DBAPIError) -> str:
    """Say what went wrong without the values of the row, which the server's details would list."""
    primary = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    return f"{primary} ({_state(error.orig)})" if primary else str(error.orig).strip()


def _connecting(url: URL) -> dict[str, object]:
    """Return the driver's parameters; of time-outs and names what the URL says goes first."""
    fixed = ("client_encoding", "options")
    given = {
        name: value if name in fixed else url.query.get(name, value)
        for name, value in CONNECTING.items()
    }
    return given | {"application_name": session_name(str(given["application_name"]))}


def _last(given: str | tuple[str, ...]) -> str:
    """Take the last of what a URL says more than once, as the client library does."""
    return given if isinstance(given, str) else given[-1]


def _connected(connection: Any, record: Any) -> None:  # noqa: ANN401 -- the driver's and SQLAlchemy's
    (unique,) = connection.execute("SELECT gen_random_uuid()::text").fetchone()
    name_connection(record.info, unique)


def _note_ended_session(context: ExceptionContext) -> None:
    """Tell SQLAlchemy that the server has ended a session, before the driver has noticed."""
    if _state(context.original_exception).startswith(ENDED_SESSIONS):
        context.is_disconnect = True


def _state(error: BaseException | None) -> str:
    """Give the SQLSTATE of a driver's error, or nothing where it never reached a server."""
    return getattr(error, "sqlstate", None) or ""
