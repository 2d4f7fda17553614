"""A background thread that runs a task periodically, and at once when it is woken."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable

import structlog

from certdesk.domain.values.retry import Failures

NICENESS = 10
LONGEST_SECONDS = 60
"""How long a run may take without a sign of progress."""

AGAIN_SECONDS = 10
"""The longest pause after a run that failed."""

log = structlog.get_logger()


class Repeating:
    """Runs `task` every `seconds`, and soon after `wake`; its errors are logged and not fatal.

    After a failure it runs again within `AGAIN_SECONDS`. The log has one line for the first failure
    of a kind, and one when the failures end; `trouble` describes them in between.
    """

    def __init__(
        self,
        name: str,
        task: Callable[[], None],
        seconds: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare the thread; `start` starts it."""
        self._task = task
        self._seconds = seconds
        self._ticking = monotonic
        self._awake = threading.Event()
        self._ended = threading.Event()
        self._failures = Failures()
        self._sign_at: float | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread; the first run follows at once."""
        self._awake.set()
        self._thread.start()

    def wake(self) -> None:
        """Ask for a run as soon as the current one ends."""
        self._awake.set()

    def stop(self) -> None:
        """Wait for the current run to end, and stop."""
        self._ended.set()
        self._awake.set()
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread.is_alive()

    @property
    def trouble(self) -> str:
        """Why the work makes no progress although the thread runs; empty if it does."""
        now, sign_at = self._ticking(), self._sign_at
        if sign_at is not None and now - sign_at > LONGEST_SECONDS:
            return "it does not end"
        reason = self._failures.standing(now)
        return f"it fails again and again: {reason}" if reason else ""

    def go_on(self) -> None:
        """Report progress, from a run that may take long."""
        self._sign_at = self._ticking()

    def _run(self) -> None:
        step_back()
        while not self._ended.is_set():
            seconds = self._seconds
            self._awake.wait(min(seconds, AGAIN_SECONDS) if self._failures.reason else seconds)
            self._awake.clear()
            if self._ended.is_set():
                return
            self.go_on()
            self._do()
            self._sign_at = None

    def _do(self) -> None:
        try:
            self._task()
        except Exception as error:
            if self._failures.failed(error, self._ticking()):
                log.exception("background work failed", thread=self._thread.name)
        else:
            if self._failures.succeeded():
                log.warning("background work continues", thread=self._thread.name)


def step_back() -> None:
    """Lower the thread's priority below that of requests: on Linux each thread has a niceness."""
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
