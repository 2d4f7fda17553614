"""The lock on a data directory: one desk holds it, until all its processes ended in any way."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING, Self

import structlog

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from pathlib import Path

POLL_SECONDS = 0.05


class DeskBusy(Exception):
    """Another process uses the data directory."""


class DeskLock:
    """The lock on a data directory, held until it is released.

    The lock is `flock` on an open file. It is not inherited through `exec`, but a process forked
    without one shares it: start helpers with `spawn`.
    """

    def __init__(self, descriptor: int) -> None:
        """Hold the lock of an open file; use `acquire` to make one."""
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, path: Path, wait_seconds: float = 0.0) -> Self:
        """Lock the file `path`, creating it if needed, and write the process id into it.

        Raises:
            DeskBusy: another process still had it after `wait_seconds`.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor, path, time.monotonic() + wait_seconds)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    @property
    def descriptor(self) -> int:
        """The open file; a process that inherits it holds the lock too, until it ends."""
        return self._descriptor

    def release(self) -> None:
        """Release the lock; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _lock(descriptor: int, path: Path, deadline: float) -> None:
    if sys.platform == "win32":
        structlog.get_logger().warning(
            "this file system has no file locks: start only one certdesk", path=str(path)
        )
        return
    while True:
        # Before the attempt, since a process may end after it.
        owner = _owner(descriptor)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() >= deadline:
            raise DeskBusy(f"{path.parent} is in use by {owner}")
        time.sleep(POLL_SECONDS)


def _owner(descriptor: int) -> str:
    """Return who holds the lock: the process that took it, or one that inherited it."""
    number = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
    if not number.isdecimal():
        return "another process"
    if _runs(int(number)):
        return f"process {number}"
    return f"a process that process {number} had started (`pgrep -f certdesk` lists such processes)"


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
