"""The lock on a data directory: one desk holds it, until all its processes ended in any way."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import structlog

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator

POLL_SECONDS = 0.05


class DeskBusy(Exception):
    """Another process uses the data directory.

    `left_behind` says that the process which took the lock has ended, and one that it had started
    has not.
    """

    def __init__(self, text: str, *, left_behind: bool = False) -> None:
        """Store both."""
        self.left_behind = left_behind
        super().__init__(text)


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
        number = _written(descriptor)
        runs = number is not None and _runs(number)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() >= deadline:
            owner = f"process {number}" if runs else _heirs(descriptor, number)
            left_behind = number is not None and not runs
            raise DeskBusy(f"{path.parent} is in use by {owner}", left_behind=left_behind)
        time.sleep(POLL_SECONDS)


def owner_of(path: Path) -> int | None:
    """Return the process that took the lock, by its number; None if it has ended or none did."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        number = _written(descriptor)
    finally:
        os.close(descriptor)
    return number if number is not None and _runs(number) else None


def _written(descriptor: int) -> int | None:
    """Return the number of the process that took the lock, as it wrote it into the file."""
    number = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
    return int(number) if number.isdecimal() else None


def _heirs(descriptor: int, number: int | None) -> str:
    """Return who holds the lock although the process that took it has ended."""
    if number is None:
        return "another process"
    heirs = [str(process) for process in _holding(os.fstat(descriptor))]
    started = f"process {number} had started and left behind"
    if not heirs:
        return f"a process that {started} (`pgrep -f certdesk` lists such processes)"
    return f"process {', '.join(heirs)}, which {started}; end it with `kill -9 {' '.join(heirs)}`"


def _holding(file: os.stat_result) -> Iterator[int]:
    """Yield the processes of this user that hold the lock on a file, on Linux.

    Others that wait for it have the file open as well.
    """
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(_holds(folder, each, file) for each in (folder / "fd").iterdir()):
                yield int(folder.name)


def _holds(process: Path, link: Path, file: os.stat_result) -> bool:
    """Return whether an open file of a process is this one, with the lock (proc_pid_fdinfo(5))."""
    # The process may close a file meanwhile.
    with contextlib.suppress(OSError):
        if os.path.samestat(link.stat(), file):
            return "FLOCK" in (process / "fdinfo" / link.name).read_text()
    return False


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
