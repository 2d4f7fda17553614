"""The names under which processes hold places in the rate limit, and which of them have ended.

A name has the boot of the machine, the process's namespace, its number and when it began, so that
it never stands for two processes, not even for two in containers.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


_ENDED = frozenset("ZX")
"""States of a process that runs no more, though its parent has not asked for its end (proc(5))."""


def own_name() -> str:
    """Return the name of this process."""
    return name_of(os.getpid())


def name_of(process: int) -> str:
    """Return the name of a process of this machine by its number."""
    return f"{_here()}{process}/{_began(process)}"


def has_ended(holder: str) -> bool:
    """Return whether the process with this name has ended; False if it is of another machine."""
    here = _here()
    if not holder.startswith(here):
        return False
    process, _, began = holder.removeprefix(here).partition("/")
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    if _stat(int(process))[:1] in _ENDED:
        return True
    return _began(int(process)) not in {"", began}


def _here() -> str:
    """Return the boot and the namespace of processes; of systems other than Linux, their name."""
    try:
        return f"{_BOOT.read_text().strip()}/{_NAMESPACE.stat().st_ino}/"
    except OSError:
        return f"{platform.node()}/"


def _began(process: int) -> str:
    """Return when a process began, in ticks of the kernel; empty if that cannot be read."""
    return "".join(_stat(process).split()[19:20])


def _stat(process: int) -> str:
    """Return what the kernel tells of a process, from its state on; empty if it tells nothing."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2]
    except OSError:
        return ""
