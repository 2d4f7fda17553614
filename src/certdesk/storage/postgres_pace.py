"""The pace of requests over all processes that share a PostgreSQL database.

Each place that is taken is a row of an unlogged table: it costs no flush to the disk, and a crash
of the server empties it, which lets a second's worth of requests in twice and loses nothing.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, MetaData, Table, Text, text
from sqlalchemy.exc import DBAPIError

from certdesk.ports import PaceExceeded, Slot
from certdesk.storage import StoreUnavailable
from certdesk.storage.postgres_pool import Pool, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

CONNECTIONS = 4
LOCK_SECONDS = 1.5
RUNNING_SECONDS = 120
"""How long a request may be answered before its place is taken for one of a dead process."""

_LETTERS = Text(collation="C")
PACE = Table(
    "pace",
    MetaData(),
    Column("number", BigInteger, Identity(), primary_key=True),
    Column("uin", _LETTERS, nullable=False),
    Column("action", _LETTERS, nullable=False),
    Column("taken", DateTime(timezone=True), nullable=False),
    Column("free_at", DateTime(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
)
"""The places taken: the pace's own notes, none of the desk's records."""
Index("ix_pace_uin_action", PACE.c.uin, PACE.c.action)

# The database's clock counts, so that the processes' own need not agree.
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:uin || '/' || :action, 7))")
_CLEAR = text(
    "DELETE FROM pace WHERE uin = :uin AND action = :action AND free_at <= clock_timestamp()"
)
_TAKE = text(
    "INSERT INTO pace (uin, action, taken, free_at) "
    "SELECT :uin, :action, clock_timestamp(), clock_timestamp() + make_interval(secs => :running) "
    "WHERE (SELECT count(*) FROM pace WHERE uin = :uin AND action = :action) < :most "
    "RETURNING number, extract(epoch FROM taken)"
)
_COUNT = text("SELECT count(*) FROM pace WHERE uin = :uin AND action = :action")
_LEAVE = text("UPDATE pace SET free_at = taken + interval '1 second' WHERE number = :number")


class PostgresPace:
    """`ports.Pace` for all processes on one database."""

    waits = True

    def __init__(self, url: str) -> None:
        """Keep the pace in the database at `url`, whose schema is up to date.

        Raises:
            StoreUnavailable: it cannot be reached.
        """
        parsed = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
        self._pool = Pool(parsed, CONNECTIONS, LOCK_SECONDS)
        with self._transaction() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(7)"))
            PACE.create(connection, checkfirst=True)

    def take(self, uin: str, action: str, limit: int) -> Slot:
        """Take a place; see `ports.Pace`.

        Raises:
            StoreUnavailable: the database cannot be asked.
        """
        asked = {"uin": uin, "action": action, "most": limit, "running": RUNNING_SECONDS}
        with self._transaction() as connection:
            connection.execute(_TURN, asked)
            connection.execute(_CLEAR, asked)
            row = connection.execute(_TAKE, asked).first()
            if row is None:
                raise PaceExceeded(connection.execute(_COUNT, asked).scalar_one() + 1)
            return Slot(uin, action, float(row[1]), row[0])

    def leave(self, slot: Slot) -> None:
        """Let the place go when its second is over."""
        with self._transaction() as connection:
            connection.execute(_LEAVE, {"number": slot.number})

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._pool.connection() as connection:
                # A place is no promise that has to outlive the server.
                connection.execute(text("BEGIN"))
                connection.execute(text("SET LOCAL synchronous_commit = off"))
                yield connection
                connection.execute(text("COMMIT"))
        except DBAPIError as error:
            raise StoreUnavailable(f"the database cannot be asked: {words(error)}") from error
