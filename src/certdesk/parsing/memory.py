"""Keeps the memory of a process to itself: it holds keys."""

from __future__ import annotations

import ctypes
import os
import resource
import sys

PR_SET_DUMPABLE = 4
"""prctl(2), of Linux."""


def hide_memory() -> None:
    """Have no core file written, and on Linux let only root look into this process.

    Raises:
        OSError: the system refuses it.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A limit does not count where cores go to a program; this counts there too, and for debuggers.
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
