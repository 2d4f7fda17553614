"""Protection of a process's memory, which holds keys."""

from __future__ import annotations

import ctypes
import os
import resource
import sys

PR_SET_DUMPABLE = 4
"""From prctl(2) of Linux."""


def hide_memory() -> None:
    """Prevent core files, and on Linux let only root inspect this process.

    Raises:
        OSError: the system refuses it.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A limit does not apply if cores are piped to a program; this does, and to debuggers too.
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
