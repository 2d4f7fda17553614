"""Takes the steps of issuers that ask an external CA, in threads of their own."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from certdesk.workflow.order_state import Next
from certdesk.workflow.repeating import step_back
from certdesk.workflow.validation_run import Stopped

AT_ONCE = 4
"""The most steps of one issuer at once, so that a slow CA holds up its own orders only."""

MOST_TAKEN = 2 * AT_ONCE
"""The most steps of one issuer that are in progress or wait for a thread.

An order keeps its place in the scheduler while its step waits here, and the scheduler has few
places for each account. So the other orders go back to the list.
"""


class IssuerThreads:
    """Threads for each issuer, started when there is something to ask it."""

    def __init__(self) -> None:
        """Prepare."""
        self._change = threading.Lock()
        self._stopping = False
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._taken: Counter[str] = Counter()

    def take(self, issuer: str, step: Callable[[], Next | Future[Next]]) -> Future[Next] | None:
        """Take a step of an issuer; the result is that of the step.

        Return None if `MOST_TAKEN` steps of the issuer are in progress or waiting already.

        Raises:
            Stopped: the desk is stopping.
        """
        with self._change:
            if self._stopping:
                raise Stopped
            if self._taken[issuer] == MOST_TAKEN:
                return None
            if issuer not in self._threads:
                self._threads[issuer] = ThreadPoolExecutor(
                    AT_ONCE, f"issuer {issuer}", initializer=step_back
                )
            self._taken[issuer] += 1
            return self._threads[issuer].submit(self._carry_out, issuer, step)

    def stop(self) -> None:
        """Wait for the steps in progress, and drop those that have not started."""
        with self._change:
            self._stopping = True
        for threads in self._threads.values():
            threads.shutdown()

    def _carry_out(self, issuer: str, step: Callable[[], Next | Future[Next]]) -> Next:
        try:
            if self._stopping:
                raise Stopped
            ahead = step()
            return ahead.result() if isinstance(ahead, Future) else ahead
        finally:
            with self._change:
                self._taken[issuer] -= 1
