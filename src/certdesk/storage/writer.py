"""The writer thread: commits share one transaction, and answers wait until it is durable."""

from __future__ import annotations

import contextlib
import functools
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy.exc
import structlog

from certdesk.domain.values.record import Record
from certdesk.ports import StoreUnavailable, Unit
from certdesk.storage.order_words import FtsIndex
from certdesk.storage.session import unavailable
from certdesk.storage.write_lock import OnlyWriter, WriteLock

if TYPE_CHECKING:
    from certdesk.storage.session import Session

Result = TypeVar("Result")
Commit = Callable[[Unit], Result]

GROUP = 256
"""The most commits that share a transaction."""

# https://www.sqlite.org/rescode.html
SYNC_FAILED = {"SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC"}
FULL = "SQLITE_FULL"

log = structlog.get_logger()


class Job(Record, gc=True):
    """A commit that waits for its turn, and the future of its answer."""

    commit: Commit[Any]
    answer: Future[Any]


class Outcome(Record, gc=True):
    """What a commit returned or raised."""

    result: object = None
    error: BaseException | None = None

    def give(self, answer: Future[Any]) -> None:
        """Set the outcome as the answer."""
        if self.error is None:
            answer.set_result(self.result)
        else:
            answer.set_exception(self.error)


class Writer:
    """A thread that runs commits one after the other on one connection.

    A transaction takes every waiting commit, each in its own savepoint, so that one that raises is
    undone alone. No commit is answered before the transaction is durable, not even with an error,
    since the error may depend on what another commit of the group wrote.
    """

    def __init__(
        self,
        session: Session,
        reopen: Callable[[], Session],
        *,
        on_sync_failure: Callable[[], None],
        refused: Callable[[], bool] = lambda: False,
        cramped: Callable[[], bool] = lambda: False,
        lock: WriteLock | None = None,
    ) -> None:
        """Start the thread on `session`; after a failure it continues with a session from `reopen`.

        `refused` returns whether the disk currently takes no writes at all, and `cramped` whether
        it takes none that need more room than the file has. `lock` is held during each transaction;
        without one, no other process writes.
        """
        self._session: Session | None = session
        self._reopen = reopen
        self._on_sync_failure = on_sync_failure
        self._refused = refused
        self._cramped = cramped
        self._full = ""
        self._lock = lock or OnlyWriter()
        self._broken = False
        self._told: set[str] = set()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._checkpoint_due = False
        self._thread = threading.Thread(target=self._serve, name="certdesk-writer", daemon=True)
        self._thread.start()

    def submit(self, commit: Commit[Result]) -> Future[Result]:
        """Queue a commit.

        Raises:
            StoreUnavailable: the writer is closed.
            RuntimeError: called from inside a commit, which would deadlock.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("a commit cannot write through the store: it has its unit")
        job = Job(commit, Future())
        # It cannot be cancelled any more, since it may already be running.
        job.answer.set_running_or_notify_cancel()
        with self._gate:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            self._jobs.put(job)
        return job.answer

    @property
    def full(self) -> str:
        """Why writes fail for want of room; empty if they do not."""
        return self._full

    def checkpoint(self) -> None:
        """Overwrite erased values in the file, and empty the log; other commits go on.

        A long read can keep the log from being emptied; then the next checkpoint empties it.

        Raises:
            StoreUnavailable: the writer is closed, or the disk failed to write.
        """
        more = self.submit(functools.partial(self._merge_words, begin=True)).result()
        while more:
            more = self.submit(functools.partial(self._merge_words, begin=False)).result()

    def close(self) -> None:
        """Finish every queued commit, move the log into the file, and close the connection."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._commit_together(job)
        if self._session is not None:
            with self._lock:
                self._empty_log(self._session)
                self._session.discard()

    def _commit_together(self, first: Job) -> None:
        """Commit a job, and all others that wait when it is this process's turn to write."""
        group, outcomes = [first], []
        try:
            with self._lock:
                group = self._group_of(first)
                outcomes = self._outcomes(group)
        except Exception as error:
            log.exception("a group of writes failed, or the lock for writing")
            outcomes = outcomes or [Outcome(error=unavailable(error)) for _ in group]
        for job, outcome in zip(group, outcomes, strict=True):
            outcome.give(job.answer)

    def _group_of(self, first: Job) -> list[Job]:
        group = [first]
        while len(group) < GROUP and not self._jobs.empty():
            job = self._jobs.get()
            if job is None:
                # The end marker was read while gathering: leave it for `_serve`.
                self._jobs.put(None)
                break
            group.append(job)
        return group

    def _outcomes(self, group: list[Job]) -> list[Outcome]:
        try:
            outcomes = self._transaction(group)
        except Exception as error:  # noqa: BLE001 -- nobody may be left waiting
            self._recover(error)
            # One error object each: every thread that raises it adds its traceback.
            outcomes = [Outcome(error=unavailable(error)) for _ in group]
        else:
            # A write that needs no more room than the file has shows nothing.
            if self._told and not (self._full and self._cramped()):
                # The same level as the failure, so that a log of warnings shows both.
                log.warning("writes work again")
                self._told.clear()
                self._full = ""
        if self._checkpoint_due and self._session is not None:
            self._empty_log(self._session)
        self._checkpoint_due = False
        return outcomes

    def _merge_words(self, _: Unit, *, begin: bool) -> bool:
        """Take one step of the merge, as a commit; the log is emptied after the last one."""
        # A commit only runs while there is a session.
        more = self._session is not None and FtsIndex().merge(self._session.driver, begin=begin)
        self._checkpoint_due = not more
        return more

    def _empty_log(self, session: Session) -> None:
        with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError):
            session.run("PRAGMA wal_checkpoint(TRUNCATE)")

    def _transaction(self, group: list[Job]) -> list[Outcome]:
        if self._lock.has_lost_a_write and not self._broken:
            # Another process found it. Nothing more may be written here either.
            self._broken = True
            self._on_sync_failure()
        if self._broken:
            raise StoreUnavailable("the disk lost a write: start certdesk again")
        if self._session is None:
            self._session = self._reopen()
        session = self._session
        # IMMEDIATE: a transaction that began by reading might be unable to write.
        session.run("BEGIN IMMEDIATE")
        session.usage.begin_group()
        outcomes = [_attempt(session, job.commit) for job in group]
        session.usage.write()
        session.run("COMMIT")
        return outcomes

    def _recover(self, error: Exception) -> None:
        """Undo the transaction by closing its connection; the next group opens another."""
        self._tell(error)
        if self._session is not None:
            self._session.discard()
            self._session = None
        if self._lost_a_write(error):
            self._broken = True
            # Before the lock is released, so that no process writes after the loss.
            self._lock.note_lost_write()
            self._on_sync_failure()

    def _tell(self, error: Exception) -> None:
        """Log a failure once a reason until a write succeeds: a full disk is one line."""
        reason = str(getattr(error, "orig", error))
        if not isinstance(error, sqlalchemy.exc.DBAPIError | StoreUnavailable):
            log.error("a group of writes failed", exc_info=error)
        elif reason not in self._told:
            log.error("writes fail", reason=reason)
        self._told.add(reason)
        if any(_is_full(said) for said in _chain(error)) or (not self._full and self._refused()):
            self._full = reason

    def _lost_a_write(self, error: BaseException) -> bool:
        """Return whether the disk failed to sync, now or in what led to the error.

        The kernel reports this once and may drop the data: a second sync would succeed although the
        data is lost. So nothing is retried on such a disk. `pysqlite3` does not report which I/O
        error it was, so any I/O error at the commit counts, unless the disk takes no writes at all:
        then the first write was refused, and nothing was left to sync.
        """
        for said in _chain(error):
            name = getattr(said.orig, "sqlite_errorname", "")
            if name in SYNC_FAILED:
                return True
            if name == "SQLITE_IOERR" and said.statement == "COMMIT" and not self._refused():
                return True
        return False


def _attempt(session: Session, commit: Commit[Any]) -> Outcome:
    """Run one commit so that its failure affects no other.

    If SQLite itself has aborted the whole transaction (disk full, I/O error), the savepoint is gone
    and the statement that ends it raises: the whole group fails.
    """
    session.run("SAVEPOINT its_own")
    try:
        session.usage.begin()
        result = commit(session.unit)
        session.usage.count_changes({})
    except BaseException as error:  # noqa: BLE001 -- whatever it is, it belongs to the caller
        session.usage.drop()
        session.run("ROLLBACK TO its_own")
        session.run("RELEASE its_own")
        failed = isinstance(error, sqlalchemy.exc.DBAPIError)
        return Outcome(error=unavailable(error) if failed else error)
    session.run("RELEASE its_own")
    return Outcome(result=result)


def _is_full(said: sqlalchemy.exc.DBAPIError) -> bool:
    return getattr(said.orig, "sqlite_errorname", "") == FULL


def _chain(error: BaseException | None) -> Iterator[sqlalchemy.exc.DBAPIError]:
    """Yield the database's errors in an error's chain of causes."""
    while error is not None:
        if isinstance(error, sqlalchemy.exc.DBAPIError):
            yield error
        error = error.__context__
