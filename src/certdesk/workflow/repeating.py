"""A background thread that does one thing again and again, and at once when it is woken."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable

import structlog

NICENESS = 10

log = structlog.get_logger()


class Repeating:
    """Runs `task` every `seconds`, and soon after `wake`; what it raises is logged, not fatal."""

    def __init__(self, name: str, task: Callable[[], None], seconds: float) -> None:
        """Prepare the thread; `start` starts it."""
        self._task = task
        self._seconds = seconds
        self._awake = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, with a first run at once."""
        self._awake.set()
        self._thread.start()

    def wake(self) -> None:
        """Ask for a run as soon as the present one ends."""
        self._awake.set()

    def stop(self) -> None:
        """Let the present run end, and wait for it."""
        self._ended.set()
        self._awake.set()
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread is there to do it."""
        return self._thread.is_alive()

    def _run(self) -> None:
        step_back()
        while not self._ended.is_set():
            self._awake.wait(self._seconds)
            self._awake.clear()
            if self._ended.is_set():
                return
            try:
                self._task()
            except Exception:
                log.exception("background work failed", thread=self._thread.name)


def step_back() -> None:
    """Give way to requests: on Linux a thread has a niceness of its own."""
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
