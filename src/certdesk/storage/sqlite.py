"""The embedded store: one SQLite file that one desk owns, with one or several processes."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import sys
import tempfile
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy.exc

from certdesk.domain.operation.probe_result import NOTHING_WRITTEN
from certdesk.ports import StoreUnavailable
from certdesk.storage.lock import DeskLock
from certdesk.storage.migrate import migrate
from certdesk.storage.readers import Readers
from certdesk.storage.session import BUSY_SECONDS, Library, Session, Sessions
from certdesk.storage.write_lock import SharedWriteLock
from certdesk.storage.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from certdesk.ports import Unit

Result = TypeVar("Result")

LOCK_NAME = "desk.lock"
WRITE_LOCK_NAME = "write.lock"
GROWTH = 1024 * 1024
"""Bytes for which a disk has room if writes work on it."""

REFUSALS = {errno.EROFS, errno.ENOSPC, errno.EDQUOT}


class SqliteStore:
    """A `ports.Store` on one SQLite file."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        lock: DeskLock | None,
        write_lock: SharedWriteLock | None,
    ) -> None:
        """Assemble a store of its parts; use `open` or `join` to make them."""
        self._writer = writer
        self._readers = readers
        self._lock = lock
        self._write_lock = write_lock

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        wait_seconds: float = 0.0,
        busy_seconds: float = BUSY_SECONDS,
        library: Library | None = None,
        on_sync_failure: Callable[[], None] = lambda: None,
        shared: bool = False,
    ) -> SqliteStore:
        """Open the database file, creating it if needed, and migrate its schema.

        The store holds `desk.lock` in the file's folder until it is closed; it waits for the lock
        for at most `wait_seconds`. Commits wait `busy_seconds` for a foreign program that has
        locked the file. `on_sync_failure` is called on the writer thread when the disk reports a
        lost write: then nothing more is written, and the process should restart. If the store is
        `shared`, processes that inherit the lock may `join` it.

        Raises:
            DeskBusy: another process uses the folder.
            SchemaUnknown: a newer version of certdesk has written the file.
            StoreUnavailable: the file is not a database, or it or its folder cannot be opened.
        """
        with _worded(path), contextlib.ExitStack() as held:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = held.enter_context(DeskLock.acquire(path.with_name(LOCK_NAME), wait_seconds))
            # SQLite creates its journal files with the mode of the database file.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            write_lock = _write_lock(path, lock.descriptor, first=True) if shared else None
            sessions = Sessions(path, library or Library.find(), busy_seconds)
            session = _migrated(sessions)
            held.pop_all()
        writer = _writer(path, session, sessions, on_sync_failure, write_lock)
        return cls(writer, Readers(sessions.reader), lock, write_lock)

    @classmethod
    def join(cls, path: Path, lock: int, *, on_sync_failure: Callable[[], None]) -> SqliteStore:
        """Open the file of a `shared` store, whose open `desk.lock` this process has inherited.

        Raises:
            StoreUnavailable: the file cannot be opened.
        """
        with _worded(path):
            write_lock = _write_lock(path, lock, first=False)
            sessions = Sessions(path, Library.find(), BUSY_SECONDS)
            session = sessions.writer()
        writer = _writer(path, session, sessions, on_sync_failure, write_lock)
        return cls(writer, Readers(sessions.reader), None, write_lock)

    @property
    def lock(self) -> DeskLock | None:
        """The lock on the folder, for processes that inherit it; None if this one inherited it."""
        return self._lock

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Run `commit` in a transaction, shared with other waiting commits; return once durable.

        Raises:
            StoreUnavailable: the transaction failed, or the store is closed.
        """
        return self.submit(commit).result()

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Queue `commit` for the writer's thread; see `write`."""
        return self._writer.submit(commit)

    def read(self, query: Callable[[Unit], Result]) -> Result:
        """Run `query` on one state of the database.

        Raises:
            StoreUnavailable: the database cannot be read, or the store is closed.
            ReadOnly: `query` tried to write.
        """
        return self._readers.read(query)

    def refusing(self) -> str:
        """Return a text while writes fail for want of room: small ones may succeed meanwhile."""
        return f"{NOTHING_WRITTEN}: {self._writer.full}" if self._writer.full else ""

    def checkpoint(self) -> None:
        """Overwrite erased values in the file and in the index of words, and empty the log.

        Raises:
            StoreUnavailable: the store is closed, or the disk failed to write.
        """
        self._writer.checkpoint()

    def close(self) -> None:
        """Finish reads and queued commits, move the log into the file, and release the folder."""
        self._readers.close()
        self._writer.close()
        if self._write_lock is not None:
            self._write_lock.close()
        if self._lock is not None:
            self._lock.release()


def _write_lock(path: Path, inherited: int, *, first: bool) -> SharedWriteLock:
    return SharedWriteLock(path.with_name(WRITE_LOCK_NAME), inherited, first=first)


def _writer(
    path: Path,
    session: Session,
    sessions: Sessions,
    on_sync_failure: Callable[[], None],
    lock: SharedWriteLock | None,
) -> Writer:
    return Writer(
        session,
        sessions.writer,
        on_sync_failure=on_sync_failure,
        refused=functools.partial(_takes_no_writes, path.parent),
        cramped=functools.partial(_takes_no_writes, path.parent, GROWTH),
        lock=lock,
    )


def _takes_no_writes(folder: Path, size: int = 1) -> bool:
    """Return whether the disk of a folder is read-only, or full for so many bytes."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            if sys.platform == "win32":
                return file.write(bytes(size)) < size
            # Write as SQLite does, to meet the same errors.
            return os.pwrite(file.fileno(), bytes(size), 0) < size
    except OSError as error:
        return error.errno in REFUSALS


@contextlib.contextmanager
def _worded(path: Path) -> Iterator[None]:
    """Convert an error of the system or SQLite into a message for the operator."""
    try:
        yield
    except OSError as error:
        # It may be one of the lock files beside it.
        which = error.filename or path
        raise StoreUnavailable(f"{which} cannot be opened: {error.strerror}") from error
    except sqlalchemy.exc.DBAPIError as error:
        raise StoreUnavailable(f"{path} cannot be opened: {error.orig}") from error


def _migrated(sessions: Sessions) -> Session:
    session = sessions.writer()
    try:
        session.run("BEGIN IMMEDIATE")
        migration = migrate(session.connection)
        session.run("COMMIT")
    except BaseException:
        session.discard()
        raise
    migration.tell()
    return session
