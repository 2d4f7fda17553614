"""The machine: its cores, who runs on which of them, and the CPU time of everything."""

from __future__ import annotations

import contextlib
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

Cores: TypeAlias = frozenset[int]

CORES = tuple(sorted(os.sched_getaffinity(0)))
"""Those that this process may use; it reads them before it binds anything to one."""

ALL: Cores = frozenset(CORES)
TICK = 1 / os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
BUSY = (0, 1, 2, 5, 6, 7)
"""Where /proc/stat has the times of a busy core: user, nice, system, interrupts, and stolen."""

PARENT, WAITED_FOR = 1, slice(13, 15)
"""Where /proc/PID/stat, behind the name, has the parent and the times of children that ended."""


def serving(processes: int = 1) -> Cores:
    """Return the cores of a server with so many serving processes: the last ones."""
    return frozenset(CORES[-processes:])


def asking(processes: int = 1) -> Cores:
    """Return the cores of its clients: the others, or all where the server has every core."""
    return frozenset(CORES[:-processes] or CORES)


@contextlib.contextmanager
def on(cores: Cores) -> Iterator[None]:
    """Run this thread, and what it starts meanwhile, on these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and all below it, of those that have ended as well."""
    return sum(_own_seconds(each) + _seconds_of_ended(each) for each in family(pid))


def family(pid: int) -> list[int]:
    """Return a process and all processes below it."""
    children = defaultdict(list)
    for folder in PROC.iterdir():
        if folder.name.isdigit() and (words := _words(int(folder.name))):
            children[int(words[PARENT])].append(int(folder.name))
    found = [pid]
    for each in found:
        found.extend(children[each])
    return found


def busy_seconds() -> float:
    """Return how long all cores together were busy since the machine's start, for anyone."""
    words = (PROC / "stat").read_text().splitlines()[0].split()[1:]
    return TICK * sum(int(words[place]) for place in BUSY)


def memory_of(pid: int) -> int:
    """Return how many bytes of memory a process has in use, shared ones included."""
    status = (PROC / str(pid) / "status").read_text()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])


def _own_seconds(pid: int) -> float:
    """Read the process's own clock; its number is what `clock_getcpuclockid(3)` makes of it."""
    with contextlib.suppress(OSError):
        return time.clock_gettime((~pid << 3) | 2)
    return 0.0


def _seconds_of_ended(pid: int) -> float:
    return TICK * sum(int(word) for word in _words(pid)[WAITED_FOR])


def _words(pid: int) -> list[str]:
    """Read what /proc has of a process behind its name, in which there may be blanks."""
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return []
