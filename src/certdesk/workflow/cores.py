"""One processor core for each process that serves, and all of them for work that needs no Python.

Threads of Python on several cores spend much of their time passing on the interpreter's lock
(docs/benchmarks.md). Making a key or parsing in another process does not hold that lock.
"""

from __future__ import annotations

import os
import sys

_ALLOWED = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
"""The cores that this process had when it started."""


def count_cores() -> int:
    """Return how many cores this process may use."""
    return len(_ALLOWED) or os.cpu_count() or 1


def take_core(number: int) -> None:
    """Keep this thread, and those that it starts, on one of the cores, counted by `number`."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, {_ALLOWED[number % len(_ALLOWED)]})


def use_all_cores() -> None:
    """Let this thread, and what it starts, run on any core that the process had."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, _ALLOWED)
