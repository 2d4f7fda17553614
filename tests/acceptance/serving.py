"""Kills and stops processes of a desk."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

from tests.acceptance.watching import WELL, told, until
from tests.children import gone, serving_processes_of
from tests.running import RunningDesk

PROCESSES = 2


@contextlib.contextmanager
def killing_one(desk: RunningDesk, which: int = 0) -> Iterator[None]:
    """Kill a serving process as a power cut would; at the end wait until another one serves."""
    victim = sorted(serving_processes_of(desk.pid))[which]
    os.kill(victim, signal.SIGKILL)
    yield
    assert gone(victim)
    until(lambda: len({*serving_processes_of(desk.pid)} - {victim}) == PROCESSES)
    until(lambda: told(desk.url).status == WELL)


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Let a process stand still, as one that hangs."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
