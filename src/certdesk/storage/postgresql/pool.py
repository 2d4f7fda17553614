"""Connections to PostgreSQL: safe settings, time-outs, and a fair queue."""

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
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Connection
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.exc import DBAPIError

PLACE_SECONDS = 1.0
LOCK_SECONDS = 1.5
"""Longer than the server's `deadlock_timeout` (1 s), or deadlocks would look like time-outs."""

# In milliseconds and seconds: they detect a server that disappears without closing.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
CONNECTING: dict[str, object] = {
    "application_name": PROGRAM,
    # First of all: it decides what the driver reads.
    "client_encoding": "utf8",
    # They are set by statements; those of the environment are ignored too.
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


def _nothing(_: object, __: object) -> None:
    """Do nothing."""


class Pool:
    """A fixed number of connections, lent one by one.

    With SQLAlchemy's pool, a busy thread can take the same connection again and again while others
    starve. Here connections are lent in the order of the requests.
    """

    def __init__(
        self,
        url: str,
        connections: int,
        lock_seconds: float = LOCK_SECONDS,
        *,
        begin: Callable[[Any, dict[object, object]], None] = _nothing,
    ) -> None:
        """Connect to `url` when a connection is needed.

        `begin` is called with each new connection of the driver, and the info that is kept with it.
        """
        self._begin = begin
        parsed = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
        self.size = connections
        self._free = connections
        self._idle: list[Connection] = []
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()
        self._engine = sqlalchemy.create_engine(
            parsed,
            connect_args=_connecting(parsed),
            # Connections are kept here, so SQLAlchemy does not reset them after each use.
            poolclass=sqlalchemy.NullPool,
            # Our own statements begin and end transactions.
            isolation_level="AUTOCOMMIT",
            # Values are personal data and sealed keys, and the text of an error goes to the log.
            hide_parameters=True,
        )
        given = of_options(_last(parsed.query.get("options", "")))
        self._wanted = SCHEMA | limits(lock_seconds) | given
        self.names_schema = given.keys() >= SCHEMA.keys()
        event.listen(self._engine, "do_connect", self._connect)
        event.listen(self._engine, "connect", self._connected)
        event.listen(self._engine, "handle_error", _note_ended_session)

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend a connection; a transaction left open on it is rolled back.

        Raises:
            StoreUnavailable: all are in use, or the server may lose what it acknowledges.
        """
        self._wait()
        try:
            connection = self._take() or self._engine.connect()
            try:
                yield connection
            finally:
                self._keep(connection)
        finally:
            self._pass_on()

    def close(self) -> None:
        """Close the connections; none may be lent at this point."""
        while connection := self._take():
            connection.close()

    def _take(self) -> Connection | None:
        """Take the idle connection that was used last."""
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _keep(self, connection: Connection) -> None:
        """Keep a connection for its next use, unless it is lost; then the idle ones may be too."""
        if _is_ready(connection):
            with self._lock:
                self._idle.append(connection)
        else:
            connection.close()
            self.close()

    def _connect(
        self, _: object, __: object, words: tuple[Any, ...], parameters: dict[str, Any]
    ) -> object:
        # Imported here: a desk on SQLite does not need PostgreSQL's client library.
        from certdesk.storage.postgresql.connection import Connection  # noqa: PLC0415 -- as above

        connection = Connection.connect(*words, autocommit=True, **parameters)
        try:
            set_up(connection, self._wanted)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connected(self, connection: Any, record: Any) -> None:  # noqa: ANN401 -- the driver's and SQLAlchemy's
        (unique,) = connection.execute("SELECT gen_random_uuid()::text").fetchone()
        name_connection(record.info, unique)
        self._begin(connection, record.info)

    def _wait(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            self._waiting.append(turn)
        if not turn.wait(PLACE_SECONDS):
            with self._lock:
                # It may have been returned just now.
                if not turn.is_set():
                    self._waiting.remove(turn)
                    raise StoreUnavailable("all connections to the database are in use")

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


def has_lost_race(error: DBAPIError) -> bool:
    """Return whether a transaction lost to another one."""
    return _state(error.orig) in LOST_RACES


def is_lost(error: DBAPIError) -> bool:
    """Return whether a race or a connection was lost; nothing was written, and a retry may work."""
    state = _state(error.orig)
    return error.connection_invalidated or state in LOST_RACES or state.startswith(ENDED_SESSIONS)


def words(error: DBAPIError) -> str:
    """Return the error's message without the server's details, which list the values of the row."""
    primary = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    if primary:
        return f"{primary} ({_state(error.orig)})"
    # The client's library indents its hints with tabs.
    return "\n".join(line.strip() for line in str(error.orig).strip().split("\n"))


def _is_ready(connection: Connection) -> bool:
    """Roll back what was left open on a connection; return whether it can be used again."""
    if connection.invalidated:
        return False
    driver: Any = connection.connection.driver_connection
    with contextlib.suppress(connection.dialect.loaded_dbapi.Error):
        if driver.info.transaction_status.name != "IDLE":
            driver.rollback()
        return not driver.closed
    return False


def _connecting(url: URL) -> dict[str, object]:
    """Return the driver's parameters; time-outs and names in the URL take precedence."""
    fixed = ("client_encoding", "options")
    given = {
        name: value if name in fixed else url.query.get(name, value)
        for name, value in CONNECTING.items()
    }
    return given | {"application_name": session_name(str(given["application_name"]))}


def _last(given: str | tuple[str, ...]) -> str:
    """Return the last value if a URL repeats a parameter, as the client library does."""
    return given if isinstance(given, str) else given[-1]


def _note_ended_session(context: ExceptionContext) -> None:
    """Tell SQLAlchemy that the server has ended a session, before the driver has noticed."""
    if _state(context.original_exception).startswith(ENDED_SESSIONS):
        context.is_disconnect = True


def _state(error: BaseException | None) -> str:
    """Return the SQLSTATE of a driver's error, or "" if no server was reached."""
    return getattr(error, "sqlstate", None) or ""
