"""Commits that wait for their turn, and the threads that take them in groups."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from certdesk.domain.values.record import Record
from certdesk.ports import Unit

GROUP = 32
"""The most commits that share a transaction."""

PATIENCE_SECONDS = 0.1
"""How long a commit waits until another thread begins a group beside those that are running."""


class Job(Record, gc=True):
    """A commit that has waited for its turn `since`, and the future of its answer."""

    commit: Callable[[Unit], Any]
    answer: Future[Any]
    since: float


class CommitQueue:
    """A queue, and the threads that take from it: one, as long as that is fast enough.

    So the commits of a process usually share transactions, and do not lose races to each other. If
    a group takes long, as with a distant server or a foreign lock, more threads run others beside
    it.
    """

    def __init__(self, run: Callable[[list[Job]], None], threads: int) -> None:
        """Call `run` with each group, on one of so many threads; it answers and never raises."""
        self._run = run
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._running = 0
        self._closed = False
        self._most = threads
        self._threads: list[threading.Thread] = []

    def put(self, job: Job) -> None:
        """Add a job at the end."""
        with self._changed:
            self._jobs.append(job)
            if len(self._threads) < min(self._running + 1, self._most):
                self._threads.append(
                    threading.Thread(target=self._serve, name="certdesk-writer", daemon=True)
                )
                self._threads[-1].start()
            if not self._running or len(self._jobs) == 1:
                self._changed.notify()

    def close(self) -> None:
        """Wait until every job is done, and end the threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        group = self._next_group()
        while group:
            self._run(group)
            with self._changed:
                self._running -= 1
            group = self._next_group()

    def _next_group(self) -> list[Job]:
        """Wait for jobs and take them; return none once the queue is closed and empty."""
        with self._changed:
            while not self._is_due():
                if self._closed and not self._jobs:
                    self._changed.notify_all()
                    return []
                self._changed.wait(PATIENCE_SECONDS if self._jobs else None)
            group = [self._jobs.popleft() for _ in range(min(GROUP, len(self._jobs)))]
            self._running += bool(group)
            # Another thread waits for the jobs that are left.
            self._changed.notify()
            return group

    def _is_due(self) -> bool:
        """Return whether a thread is to take jobs now."""
        if not self._jobs:
            return False
        waited = time.monotonic() - self._jobs[0].since
        return not self._running or len(self._jobs) >= GROUP or waited >= PATIENCE_SECONDS
