"""Commits on PostgreSQL: those that wait share a SERIALIZABLE transaction.

A transaction that loses a race is rolled back and run again, alone: it blocks those of all other
processes, so it cannot lose to one of ours again. If the connection is lost during COMMIT, the
outcome is looked up before anything is answered.
"""

from __future__ import annotations

import contextlib
import functools
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError

from certdesk.ports import StoreUnavailable
from certdesk.storage.postgresql.attempts import Attempts, failure_of
from certdesk.storage.postgresql.commit_queue import CommitQueue, Job
from certdesk.storage.postgresql.pool import has_lost_race, is_lost
from certdesk.storage.postgresql.sessions import Here, Sessions, driver_of
from certdesk.storage.postgresql.tickets import Ticket
from certdesk.storage.postgresql.versions import SchemaChanged
from certdesk.storage.session import unavailable
from certdesk.storage.writer import Commit, Outcome

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from certdesk.storage.session import Session

Result = TypeVar("Result")

LOCKS = {False: "ROW EXCLUSIVE", True: "EXCLUSIVE"}
"""The lock that a group takes first, by whether it runs alone. The weaker one is shared."""

SAVEPOINTS = {False: "SAVEPOINT its_own", True: "RELEASE its_own; SAVEPOINT its_own"}
"""What comes before a commit of a group, by whether another one of the group came before it."""

ALONE_AFTER_LOSS = 10
"""How many groups of a process run alone after one that lost a race, so that few are run twice."""

LOOK_UP_PAUSE_SECONDS = 0.1

log = structlog.get_logger()


class PostgresWriter:
    """Threads that run the commits of a process in groups, each in a transaction."""

    def __init__(
        self,
        sessions: Sessions,
        here: Here,
        rng: random.Random,
        *,
        look_up_seconds: float,
        queue_seconds: float,
    ) -> None:
        """Run commits on `sessions`; `here` notes which threads do so. See `PostgresStore.open`."""
        self._sessions = sessions
        self._here = here
        self._rng = rng
        self._attempts = Attempts(rng)
        self._look_up_seconds = look_up_seconds
        self._queue_seconds = queue_seconds
        self._alone = 0
        self.outdated = ""
        self._queue = CommitQueue(self._answer, sessions.pool.size)

    def submit(self, commit: Commit[Result]) -> Future[Result]:
        """Queue a commit."""
        answer: Future[Result] = Future()
        # It cannot be cancelled any more, since it may already be running.
        answer.set_running_or_notify_cancel()
        self._queue.put(Job(commit, answer, time.monotonic()))
        return answer

    def close(self) -> None:
        """Finish every queued commit."""
        self._queue.close()

    def _answer(self, group: Sequence[Job]) -> None:
        self._here.writing = True
        try:
            outcomes = self._attempts.until_done(functools.partial(self._commit, group))
        except Exception as error:
            failure = error
            if not isinstance(error, StoreUnavailable):
                log.exception("a group of writes failed")
                # The text of an unforeseen error may hold a secret.
                failure = unavailable(error)
            # One error object each: every thread that raises it adds its traceback.
            outcomes = [Outcome(error=StoreUnavailable(f"{failure}")) for _ in group]
        finally:
            self._here.writing = False
        for job, outcome in zip(group, outcomes, strict=True):
            outcome.give(job.answer)

    def _commit(self, group: Sequence[Job], attempt: int) -> list[Outcome]:
        """Run the commits of a group in a transaction; return what each returned or raised."""
        alone = attempt > 0 or self._alone > 0
        self._alone -= self._alone > 0
        try:
            return self._transaction(group, alone=alone)
        except DBAPIError as error:
            if has_lost_race(error):
                self._alone = ALONE_AFTER_LOSS
            raise

    def _transaction(self, group: Sequence[Job], *, alone: bool) -> list[Outcome]:
        with self._sessions.session() as session:
            # The lock comes first: the next statement fixes what the transaction sees.
            session.run(
                f"BEGIN ISOLATION LEVEL SERIALIZABLE; LOCK TABLE commits IN {LOCKS[alone]} MODE"
            )
            ticket = self._take_ticket(session)
            outcomes = self._outcomes(session, group)
            if len(group) == 1 and outcomes[0].error is not None:
                return outcomes
            try:
                session.run("COMMIT")
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                lost = error
            else:
                return outcomes
        if self._was_committed(ticket):
            return outcomes
        raise lost

    def _outcomes(self, session: Session, group: Sequence[Job]) -> list[Outcome]:
        single = len(group) == 1
        outcomes: list[Outcome] = []
        for job in group:
            if not single:
                session.run(SAVEPOINTS[bool(outcomes)])
            if time.monotonic() - job.since > self._queue_seconds:
                slow = StoreUnavailable("the database is too slow for this request")
                outcomes.append(Outcome(error=slow))
            else:
                outcomes.append(_run(session, job.commit, single=single))
        return outcomes

    def _take_ticket(self, session: Session) -> Ticket:
        try:
            ticket = Ticket.take(session)
        except SchemaChanged as changed:
            self.outdated = str(changed)
            raise
        self.outdated = ""
        return ticket

    def _was_committed(self, ticket: Ticket) -> bool:
        enough = time.monotonic() + self._look_up_seconds
        while time.monotonic() < enough:
            with (
                contextlib.suppress(DBAPIError, StoreUnavailable),
                self._sessions.pool.connection() as connection,
            ):
                return ticket.was_committed(connection)
            time.sleep(self._rng.uniform(0, LOOK_UP_PAUSE_SECONDS))
        raise StoreUnavailable(
            "the connection to the database was lost during a commit, and the desk could "
            "not find out whether the commit took effect"
        )


def _run(session: Session, commit: Commit[Any], *, single: bool) -> Outcome:
    """Run one commit, after a savepoint unless it is `single`, so that it fails by itself.

    Raises:
        DBAPIError: the whole transaction has lost.
    """
    session.usage.begin()
    try:
        result = commit(session.unit)
        session.usage.count_changes({})
        _check_whole(session)
    except BaseException as error:
        if isinstance(error, DBAPIError) and is_lost(error):
            raise
        if not single:
            session.run("ROLLBACK TO its_own")
        return Outcome(error=failure_of(error) if isinstance(error, DBAPIError) else error)
    return Outcome(result)


def _check_whole(session: Session) -> None:
    """Refuse to continue if a commit has swallowed an error of the database.

    PostgreSQL has then aborted the transaction, yet answers COMMIT without an error.
    """
    if driver_of(session).info.transaction_status.name != "INTRANS":
        raise StoreUnavailable("the database ended the transaction early")
