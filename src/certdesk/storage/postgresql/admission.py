"""Replay protection and the rate limit of all processes on a PostgreSQL database.

Both are rows of unlogged tables: they cost no flush to the disk, and a crash of the server empties
them. For the rate limits, this admits one second's requests twice. For the signatures, the missing
row `BEGUN` shows the loss: whatever was signed before the row is written again counts as seen.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    inspect,
    text,
)
from sqlalchemy.exc import DBAPIError

from certdesk.domain.accounts.replay import HONEST_SECONDS, KEPT_SECONDS, Sighting, Use, check_use
from certdesk.domain.errors import SignatureExpire
from certdesk.domain.values.record import Record
from certdesk.ports import RateLimitExceeded, Slot, StoreUnavailable
from certdesk.storage.driver import Driver, Statement
from certdesk.storage.postgresql.holders import has_ended, own_name
from certdesk.storage.postgresql.locks import ADVISORY
from certdesk.storage.postgresql.pool import Pool, is_lost, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

Result = TypeVar("Result")

CONNECTIONS = 4
ATTEMPTS = 3
PAUSE_SECONDS = 0.05
RUNNING_SECONDS = 120
"""How long answering a request may take; then its process is presumed dead, if nobody on its
machine has told before."""

BEGUN = b""
"""The digest of the row that holds since when the table of sightings is complete."""

_LETTERS = Text(collation="C")
_TABLES = MetaData()
PLACES_TAKEN = Table(
    "pace",
    _TABLES,
    Column("number", BigInteger, Identity(), primary_key=True),
    Column("uin", _LETTERS, nullable=False),
    Column("action", _LETTERS, nullable=False),
    Column("taken", DateTime(timezone=True), nullable=False),
    Column("free_at", DateTime(timezone=True), nullable=False),
    Column("holder", _LETTERS, nullable=False, server_default=""),
    prefixes=["UNLOGGED"],
)
"""The places taken, and by which process (`holders.py`).

These rows are the admission's own, not records of the desk.
"""
Index("ix_pace_uin_action", PLACES_TAKEN.c.uin, PLACES_TAKEN.c.action)
SIGHTINGS = Table(
    "sightings",
    _TABLES,
    Column("digest", LargeBinary, primary_key=True),
    Column("action", _LETTERS, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
)
"""The first use of each signature; also the admission's own rows."""
Index("ix_sightings_seen_at", SIGHTINGS.c.seen_at)

# The database's clock is used, so the clocks of the processes need not agree.
_CLEAR = Statement(
    text("DELETE FROM pace WHERE uin = :uin AND action = :action AND free_at <= clock_timestamp()")
)
# Updating an existing row changes nothing, but waits for the process that is writing it and returns
# what that process wrote. A refused signature takes no place.
_TAKE = Statement(
    text(
        "WITH seen AS ("
        " INSERT INTO sightings AS known (digest, action, seen_at)"
        " VALUES (:digest, :action, clock_timestamp())"
        " ON CONFLICT (digest) DO UPDATE SET digest = known.digest"
        " RETURNING action, extract(epoch FROM clock_timestamp() - seen_at) AS age"
        "), place AS ("
        " INSERT INTO pace (uin, action, taken, free_at, holder)"
        " SELECT :uin, :action, clock_timestamp(),"
        "  clock_timestamp() + make_interval(secs => :running), :holder"
        " FROM seen"
        " WHERE (SELECT count(*) FROM pace WHERE uin = :uin AND action = :action) < :most"
        " AND (abs(age) <= :honest OR (NOT :once AND action = :action))"
        " RETURNING number, extract(epoch FROM taken) AS taken"
        ") SELECT seen.action, seen.age,"
        " (SELECT extract(epoch FROM seen_at) FROM sightings WHERE digest = :begun) AS since,"
        " place.number, place.taken,"
        " (SELECT count(*) FROM pace WHERE uin = :uin AND action = :action) AS count"
        " FROM seen LEFT JOIN place ON true"
    ),
    reads=[Column(name) for name in ("action", "age", "since", "number", "taken", "count")],
)
_GIVE_BACK = Statement(text("DELETE FROM pace WHERE number = :number"))
_LEAVE = Statement(
    text("UPDATE pace SET free_at = taken + interval '1 second' WHERE number = :number")
)
# Places that are free by now are left alone: their deletion waits for nobody then.
_HOLDERS = text("SELECT DISTINCT holder FROM pace WHERE free_at > clock_timestamp()")
_LEAVE_ALL = text(
    "UPDATE pace SET free_at = taken + interval '1 second'"
    " WHERE holder = ANY(:holders) AND free_at > clock_timestamp()"
)
_ADD_HOLDER = text(
    "ALTER TABLE pace ADD COLUMN IF NOT EXISTS holder text COLLATE \"C\" NOT NULL DEFAULT ''"
)
_BEGIN = text(
    "INSERT INTO sightings (digest, action, seen_at)"
    " VALUES (:begun, '', greatest(clock_timestamp(), to_timestamp(:at)))"
    " ON CONFLICT (digest) DO NOTHING"
)
_BEGIN_EMPTY = text(
    "INSERT INTO sightings (digest, action, seen_at) VALUES (:begun, '', '-infinity')"
    " ON CONFLICT (digest) DO NOTHING"
)
_COMPLETE_SINCE = text("SELECT extract(epoch FROM seen_at) FROM sightings WHERE digest = :begun")
_TIDY = text(
    "DELETE FROM sightings WHERE digest <> :begun"
    " AND seen_at < clock_timestamp() - make_interval(secs => :kept)"
)


class _Taken(Record, gc=True):
    """The database's answer for a request: why it is refused, or its place if it needs one."""

    slot: Slot | None
    count: int
    refusal: SignatureExpire | None


class PostgresAdmission:
    """A `ports.Admission` for all processes on one database."""

    waits = True

    def __init__(self, url: str, *, first_service: bool, lock: Statement = ADVISORY) -> None:
        """Use the database at `url`, whose schema is up to date.

        `first_service` is true if no process has served the desk before, so that no signature was
        ever seen and lost. `lock` takes a named lock (`storage/postgresql/locks.py`).

        Raises:
            StoreUnavailable: it cannot be reached.
        """
        self._pool = Pool(url, CONNECTIONS, begin=_commit_later)
        self._lock = lock
        self.holder = own_name()

        def prepare(connection: Connection, driver: Driver) -> None:
            driver.run("BEGIN")
            lock.touch(driver, {"name": "admission"})
            _create_tables(connection)
            _leave_for_ended(connection)
            if first_service:
                connection.execute(_BEGIN_EMPTY, {"begun": BEGUN})
            driver.run("COMMIT")

        self._run(prepare)

    def take(self, use: Use, limit: int) -> Slot | None:
        """Admit a request; see `ports.Admission`.

        Raises:
            StoreUnavailable: the database cannot be used.
        """
        taken = self._taken(use, limit)
        # The sighting is stored even if this raises.
        if taken.refusal is not None:
            raise taken.refusal
        if limit and taken.slot is None:
            raise RateLimitExceeded(taken.count + 1)
        return taken.slot

    def note(self, use: Use) -> None:
        """Record a use of a signature."""
        self._taken(use, 0)

    def leave(self, slot: Slot) -> None:
        """Release the place when its second is over."""
        self._run(lambda _, driver: _LEAVE.touch(driver, {"number": slot.number}))

    def leave_all(self, holder: str) -> None:
        """Release all places of a process that has ended, when their second is over."""
        self._run(lambda connection, _: connection.execute(_LEAVE_ALL, {"holders": [holder]}))

    def tidy(self) -> None:
        """Delete signatures whose timestamps are no longer accepted."""
        asked = {"begun": BEGUN, "kept": KEPT_SECONDS}
        self._run(lambda connection, _: connection.execute(_TIDY, asked))

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _taken(self, use: Use, limit: int) -> _Taken:
        asked = {
            "digest": use.digest,
            "uin": use.uin,
            "action": use.action,
            "once": use.once,
            "honest": HONEST_SECONDS,
            "most": limit,
            "running": RUNNING_SECONDS,
            "holder": self.holder,
            "begun": BEGUN,
        }

        def ask(connection: Connection, driver: Driver) -> _Taken:
            if limit:
                # Each sees what those before it did: the place is counted when it is the turn.
                turn = (self._lock, {"name": f"{use.uin}/{use.action}"})
                row = driver.transaction(turn, (_CLEAR, asked), (_TAKE, asked))
            else:
                row = _TAKE.one(driver, asked)
            action, age, since, number, taken, count = row
            slot = None if number is None else Slot(use.uin, use.action, taken, number)
            refusal = _refusal(
                use, Sighting(float(age), action), _complete_since(connection, since, use)
            )
            if refusal is not None and slot is not None:
                _GIVE_BACK.touch(driver, {"number": slot.number})
            return _Taken(slot, count, refusal)

        return self._run(ask)

    def _run(self, ask: Callable[[Connection, Driver], Result]) -> Result:
        """Ask the database; retry if the connection had ended, as after a server's restart.

        A place taken by a transaction whose answer was lost is free again after a while.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return self._ask(ask)
            except DBAPIError as error:
                if not is_lost(error):
                    raise _unavailable(error) from error
            time.sleep(PAUSE_SECONDS)
        try:
            return self._ask(ask)
        except DBAPIError as error:
            raise _unavailable(error) from error

    def _ask(self, ask: Callable[[Connection, Driver], Result]) -> Result:
        with self._pool.connection() as connection:
            return ask(connection, Driver(connection))


def _create_tables(connection: Connection) -> None:
    """Create the tables that are missing, and the column that they once had not."""
    _TABLES.create_all(connection, checkfirst=True)
    columns = inspect(connection).get_columns(PLACES_TAKEN.name)
    if PLACES_TAKEN.c.holder.name not in {column["name"] for column in columns}:
        connection.execute(_ADD_HOLDER)


def _leave_for_ended(connection: Connection) -> None:
    """Release the places of processes of this machine that have ended, as this desk's last ones."""
    holders = [holder for holder in connection.execute(_HOLDERS).scalars() if has_ended(holder)]
    if holders:
        connection.execute(_LEAVE_ALL, {"holders": holders})


def _commit_later(connection: Any, _: object) -> None:  # noqa: ANN401 -- the driver's, which is imported late
    """Let a session's commits not wait for the disk: these rows need not survive a crash."""
    connection.execute("SET synchronous_commit = off")


def _unavailable(error: DBAPIError) -> StoreUnavailable:
    return StoreUnavailable(f"the database cannot be asked: {words(error)}")


def _refusal(use: Use, first: Sighting, complete_since: float | None) -> SignatureExpire | None:
    try:
        check_use(use, first, complete_since)
    except SignatureExpire as refusal:
        return refusal
    return None


def _complete_since(connection: Connection, found: float | None, use: Use) -> float | None:
    """Return since when sightings are complete; that is now if the server has lost them."""
    if found is None:
        connection.execute(_BEGIN, {"begun": BEGUN, "at": use.at})
        found = connection.execute(_COMPLETE_SINCE, {"begun": BEGUN}).scalar_one()
    return None if math.isinf(found) else float(found)
