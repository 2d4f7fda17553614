"""Sessions on pooled connections, each made once for its connection."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, cast

from certdesk.storage.session import Session
from certdesk.storage.unit import Sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from certdesk.ports import Unit
    from certdesk.storage.postgresql.connection import Connection
    from certdesk.storage.postgresql.pool import Pool

SESSION = "session"
"""In the info of a connection: its session."""


class Here(threading.local):
    """What the current thread is doing on a store."""

    writing = False
    reading: Unit | None = None


class Sessions:
    """The sessions of a pool."""

    def __init__(self, pool: Pool, sql: Sql, *, writable: bool) -> None:
        """Lend sessions that read and, if `writable`, write."""
        self.pool = pool
        self._sql = sql
        self._writable = writable

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """Lend a session; a transaction left open on it is rolled back.

        Raises:
            StoreUnavailable: all are in use, or the server may lose what it acknowledges.
        """
        with self.pool.connection() as connection:
            session = connection.info.get(SESSION)
            if session is None:
                session = Session.on(connection, self._sql, writable=self._writable)
                connection.info[SESSION] = session
            yield session


def driver_of(session: Session) -> Connection:
    """Return the driver's connection."""
    return cast("Connection", session.driver.connection)
