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


def own_name() -> str:
    """Return the name of this process."""
    return f"{_here()}{os.getpid()}/{_began(os.getpid())}"


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
    return _began(int(process)) not in {"", began}


def _here() -> str:
    """Return the boot and the namespace of processes; of systems other than Linux, their name."""
    try:
        return f"{_BOOT.read_text().strip()}/{_NAMESPACE.stat().st_ino}/"
    except OSError:
        return f"{platform.node()}/"


def _began(process: int) -> str:
    """Return when a process began, in ticks of the kernel; empty if that cannot be read."""
    try:
        after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2]
    except OSError:
        return ""
    return after_name.split()[19]
