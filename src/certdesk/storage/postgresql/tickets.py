"""A way to find out the outcome of a commit whose connection was lost.

Each transaction that writes takes a ticket first: it writes its number into the row of its
connection. If the connection is lost after COMMIT was sent and before the answer, that row shows
whether the transaction was committed. PostgreSQL's own transaction ids do not: after a crash it
reuses the id of a lost transaction, and `pg_xact_status` reports that as committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    MetaData,
    Table,
    Text,
    delete,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import insert

from certdesk.domain.values.record import Record
from certdesk.storage.driver import Statement
from certdesk.storage.postgresql.versions import check_revision

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from certdesk.storage.session import Session

COMMITS = Table(
    "commits",
    MetaData(),
    Column("connection", Text(collation="C"), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
"""The last ticket of each connection; these rows are the store's own, not records of the desk."""

_NOTE = insert(COMMITS)
_TAKE = Statement(
    _NOTE.on_conflict_do_update(
        index_elements=["connection"], set_={"number": _NOTE.excluded.number, "at": func.now()}
    ).returning(literal_column("(SELECT max(version_num) FROM alembic_version)", Text)),
    sets=("connection", "number"),
    reads=[literal_column("version_num", Text)],
)
_LOOK_UP = _NOTE.on_conflict_do_update(
    index_elements=["connection"], set_={"number": COMMITS.c.number}
).returning(COMMITS.c.number)
_FORGET = delete(COMMITS).where(COMMITS.c.at < func.now() - text("interval '1 day'"))


class Ticket(Record):
    """The number of a transaction on a connection."""

    connection: str
    number: int

    @classmethod
    def take(cls, session: Session) -> Ticket:
        """Write the next number of this session's connection, in its current transaction.

        Raises:
            SchemaChanged: the schema of the database is not that of this version of certdesk.
        """
        info = session.connection.info
        name, number = info["name"], info["tickets"] + 1
        info["tickets"] = number
        (revision,) = _TAKE.one(session.driver, {"connection": name, "number": number})
        check_revision(revision)
        return cls(name, number)

    def was_committed(self, connection: Connection) -> bool:
        """Return whether the transaction was committed; use another, idle `connection`.

        Writing to the row waits for any transaction that holds it, and so for the end of the one in
        question, even if that one created the row.
        """
        note = {"connection": self.connection, "number": 0}
        found = connection.execute(_LOOK_UP, note).scalar_one()
        return cast("int", found) == self.number


def name_connection(info: dict[object, object], name: str) -> None:
    """Name a new connection; its tickets are written under that name."""
    info["name"] = name
    info["tickets"] = 0


def prepare(connection: Connection) -> None:
    """Create the table if needed, and delete connections that wrote nothing for a day."""
    COMMITS.create(connection, checkfirst=True)
    connection.execute(_FORGET)
