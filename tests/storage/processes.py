"""Processes that tests start on a store, to kill them or to take the disk away from them.

Run as `processes.py WORK DATABASE`; what was acknowledged is told line by line on stdout.
"""

from __future__ import annotations

import itertools
import os
import resource
import signal
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

import structlog

from certdesk.domain.accounts.records import AuditEntry
from certdesk.ports import StoreUnavailable
from certdesk.storage.migrate import migrate
from certdesk.storage.session import Library, Sessions
from certdesk.storage.sqlite import LOCK_NAME, WRITE_LOCK_NAME, SqliteStore
from certdesk.storage.write_lock import SharedWriteLock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def tell(line: object) -> None:
    """Write a line that the test can read at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def add(store: SqliteStore, subject: str) -> int:
    """Write one audit entry; give its number."""
    entry = AuditEntry(
        at=NOON, request_id="r", uin="1", actor="a", action="A", subject=subject, detail="d" * 999
    )
    return store.write(lambda unit: unit.audit.add(entry)).entry_id


def write_for_ever(database: Path) -> None:
    """Write audit entries and tell the number of each, until killed."""
    store = SqliteStore.open(database)
    for number in itertools.count():
        tell(add(store, str(number)))


def inherited_lock() -> int:
    """Find the open `desk.lock` among the files that this process has inherited."""
    files = Path("/proc/self/fd")
    return next(int(each.name) for each in files.iterdir() if _is_lock(each))


def _is_lock(file: Path) -> bool:
    return file.exists() and file.resolve().name == LOCK_NAME


def write_beside(database: Path) -> None:
    """Write audit entries beside the process that started this one, until killed."""
    store = SqliteStore.join(database, inherited_lock(), on_sync_failure=os.abort)
    for number in itertools.count():
        tell(add(store, str(number)))


def lose_a_write(database: Path) -> None:
    """Note that the disk lost a write, and end before anybody is told."""
    with SharedWriteLock(
        database.with_name(WRITE_LOCK_NAME), inherited_lock(), first=False
    ) as lock:
        lock.note_lost_write()
        tell("noted")
        os.kill(os.getpid(), signal.SIGKILL)


def write_until_the_disk_is_full(database: Path) -> None:
    """Write until no file may grow any more, then get room again and write once more."""
    store = SqliteStore.open(database, library=Library(sqlite3, write_ahead=False))
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    room = database.stat().st_size + 100_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        while True:
            tell(add(store, "before"))
    except StoreUnavailable:
        tell("full")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    tell(add(store, "after"))
    store.close()


def die_in_a_migration(database: Path) -> None:
    """Make the schema and die before it is committed."""
    session = Sessions(database, Library.find(), 0).writer()
    session.run("BEGIN IMMEDIATE")
    migrate(session.connection)
    tell("migrated")
    os.kill(os.getpid(), signal.SIGKILL)


def main(work: str, database: str) -> None:
    """Do one of the works above."""
    known = (
        write_for_ever,
        write_beside,
        lose_a_write,
        write_until_the_disk_is_full,
        die_in_a_migration,
    )
    works = {each.__name__: each for each in known}
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    works[work](Path(database))


if __name__ == "__main__":
    main(*sys.argv[1:])
