"""Takes the steps of issuers that ask a CA elsewhere, beside all other work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from certdesk.domain.pki.issuance import Later
from certdesk.workflow.repeating import step_back
from certdesk.workflow.validation_run import Stopped

AT_ONCE = 4
"""Steps under way together of one issuer, so that a slow one holds up its own orders alone."""


class Outside:
    """Threads for each issuer, which are started when there is something to ask it."""

    def __init__(self) -> None:
        """Prepare."""
        self._change = threading.Lock()
        self._stopping = False
        self._threads: dict[str, ThreadPoolExecutor] = {}

    def take(self, issuer: str, step: Callable[[], Later | None]) -> Future[Later | None]:
        """Take a step of an issuer; it ends with the pause that the order then needs, if any.

        Raises:
            Stopped: the desk is ending.
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
        """Let the steps under way end, and begin none that waits."""
        with self._change:
            self._stopping = True
        for threads in self._threads.values():
            threads.shutdown()

    def _carry_out(self, step: Callable[[], Later | None]) -> Later | None:
        if self._stopping:
            raise Stopped
        return step()
