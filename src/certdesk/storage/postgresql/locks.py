"""Named locks of all processes on a PostgreSQL database.

Each is held by a transaction: the server frees it when that ends, or its connection. So a lock has
no time after which another process may take it, and needs no number that tells a late holder from
the next one.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, Table, Text, bindparam, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import func

from certdesk.storage.driver import Statement
from certdesk.storage.postgresql.sessions import driver_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from certdesk.storage.postgresql.pool import Pool
    from certdesk.storage.postgresql.sessions import Sessions
    from certdesk.storage.session import Session

NO_SUCH_FUNCTION = ("42883", "0A000")
"""The SQLSTATEs of a server that has no such function, or does not support it."""

WAIT_SECONDS = 300
"""How long to wait for a lock, as while another process migrates the schema."""

_TABLE = Table("named_locks", MetaData(), Column("name", Text(collation="C"), primary_key=True))

_KEY = func.hashtextextended(bindparam("name", type_=Text()), 7)
ADVISORY = Statement(select(func.pg_advisory_xact_lock(_KEY)))
"""Takes a lock in the current transaction."""

_INSERT = insert(_TABLE)
BY_TABLE = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=[_TABLE.c.name], set_={"name": _INSERT.excluded.name}
    ),
    sets=["name"],
)
"""The same by a row of a table, which the transaction locks when it writes it."""

_TRY = text("SELECT pg_try_advisory_xact_lock(7164775002)")


class PostgresLocks:
    """A `ports.NamedLocks` by the statement that takes a lock."""

    def __init__(self, sessions: Sessions, statement: Statement = ADVISORY) -> None:
        """Hold locks on `sessions`."""
        self._sessions = sessions
        self.statement = statement

    @contextlib.contextmanager
    def hold(self, name: str) -> Iterator[Session]:
        """Hold a lock; see `ports.NamedLocks`.

        The session is in the transaction that holds it. The caller may commit that, which ends the
        lock; otherwise it is rolled back.
        """
        with self._sessions.session() as session, driver_of(session).unlimited():
            session.run("BEGIN ISOLATION LEVEL READ COMMITTED")
            session.run(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
            session.run("SET LOCAL statement_timeout = 0")
            session.run("SET LOCAL idle_in_transaction_session_timeout = 0")
            self.statement.touch(session.driver, {"name": name})
            yield session


def lock_statement(one: Pool, other: Pool) -> Statement:
    """Return the statement for a server; without advisory locks, make the table that it needs.

    A server may have no functions for them, or functions that do nothing.
    """
    with one.connection() as first, other.connection() as second:
        first.exec_driver_sql("BEGIN")
        try:
            # If the first does not get it, another process has it: it is a lock.
            if not (first.scalar(_TRY) and second.scalar(_TRY)):
                return ADVISORY
        except DBAPIError as error:
            # After any other failure, this process would use another lock than the rest.
            if getattr(error.orig, "sqlstate", None) not in NO_SUCH_FUNCTION:
                raise
        # Another process may be making it at this moment.
        with contextlib.suppress(DBAPIError):
            _TABLE.create(second, checkfirst=True)
    return BY_TABLE
