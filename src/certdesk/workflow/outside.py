"""Takes the steps of issuers that ask an external CA, in threads of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from certdesk.domain.pki.issuance import Later
from certdesk.workflow.repeating import step_back
from certdesk.workflow.validation_run import Stopped

AT_ONCE = 4
"""The most steps of one issuer at once, so that a slow CA holds up its own orders only."""


class Outside:
    """Threads for each issuer, started when there is something to ask it."""

    def __init__(self) -> None:
        """Prepare."""
        self._change = threading.Lock()
        self._stopping = False
        self._threads: dict[str, ThreadPoolExecutor] = {}

    def take(self, issuer: str, step: Callable[[], Later | None]) -> Future[Later | None]:
        """Take a step of an issuer; the result is the pause that the order then needs, if any.

        Raises:
            Stopped: the desk is stopping.
        """
        with self._change:
            if self._stopping:
                raise Stopped
            if issuer not in self._threads:
                self._threads[issuer] = ThreadPoolExecutor(
                    AT_ONCE, f"issuer {issuer}", initializer=step_back
                )
            return self._threads[issuer].submit(self._carry_out, step)

    def stop(self) -> None:
        """Wait for the steps in progress, and drop those that have not started."""
        with self._change:
            self._stopping = True
        for threads in self._threads.values():
            threads.shutdown()

    def _carry_out(self, step: Callable[[], Later | None]) -> Later | None:
        if self._stopping:
            raise Stopped
        return step()
