"""What became of a commit whose connection was lost, found out afterwards.

Each transaction that writes first takes a ticket: it writes its number into the row of its
connection. Where COMMIT was sent and the connection is lost before the answer, that row tells
whether the transaction was committed. PostgreSQL's own numbers of transactions do not: after a
crash it gives the number of one that was lost to another, and `pg_xact_status` calls it committed.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, cast

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, delete, func, text
from sqlalchemy.dialects.postgresql import insert

from certdesk.storage.postgresql.versions import check_revision

if TYPE_CHECKING:
    from sqlalchemy import Connection

COMMITS = Table(
    "commits",
    MetaData(),
    Column("connection", Text(collation="C"), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
"""The last ticket of each connection: the store's own notes, none of the desk's records."""

_NOTE = insert(COMMITS)
_TAKE = _NOTE.on_conflict_do_update(
    index_elements=["connection"], set_={"number": _NOTE.excluded.number, "at": func.now()}
)
_LOOK_UP = _NOTE.on_conflict_do_update(
    index_elements=["connection"], set_={"number": COMMITS.c.number}
).returning(COMMITS.c.number)
_TAKE_KNOWING = _TAKE.returning(text("(SELECT max(version_num) FROM alembic_version)"))
_FORGET = delete(COMMITS).where(COMMITS.c.at < func.now() - text("interval '1 day'"))


@dataclasses.dataclass(frozen=True, slots=True)
class Ticket:
    """The number of a transaction on a connection."""

    connection: str
    number: int

    @classmethod
    def take(cls, connection: Connection) -> Ticket:
        """Write the next number of this connection down, in the transaction that it is in.

        Raises:
            SchemaChanged: the database has another schema than this version of certdesk knows.
        """
        name, number = connection.info["name"], connection.info["tickets"] + 1
        connection.info["tickets"] = number
        note = {"connection": name, "number": number}
        check_revision(connection.execute(_TAKE_KNOWING, note).scalar_one())
        return cls(name, number)

    def was_committed(self, connection: Connection) -> bool:
        """Tell whether the transaction was committed; `connection` is another, in none.

        Writing to the row waits for a transaction that has it, and so for the end of the one in
        question, also where that one made the row.
        """
        note = {"connection": self.connection, "number": 0}
        found = connection.execute(_LOOK_UP, note).scalar_one()
        return cast("int", found) == self.number


def name_connection(info: dict[object, object], name: str) -> None:
    """Note the name of a new connection, under which its tickets are written down."""
    info["name"] = name
    info["tickets"] = 0


def prepare(connection: Connection) -> None:
    """Make the table where it is missing, and forget connections that wrote nothing for a day."""
    COMMITS.create(connection, checkfirst=True)
    connection.execute(_FORGET)
