"""The lock around each transaction that writes, if several processes write to one SQLite file.

SQLite's own lock is polled, so one process would starve another. `flock` queues, and the kernel
releases it when its process ends in any way.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Protocol, Self

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from pathlib import Path

LOST = 1
"""The position in the inherited file once the disk has lost a write."""


class WriteLock(Protocol):
    """Held by the one process that writes, from before its transaction until after its end."""

    def __enter__(self) -> object:
        """Wait for the lock, and take it."""
        ...

    def __exit__(self, *_: object) -> None:
        """Release the lock."""
        ...

    @property
    def has_lost_a_write(self) -> bool:
        """Whether a process has found that the disk lost a write; ask while holding the lock."""
        ...

    def note_lost_write(self) -> None:
        """Tell the processes that write next that the disk lost a write."""
        ...


class OnlyWriter:
    """The `WriteLock` of the only process that writes: it waits for nobody."""

    has_lost_a_write = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def note_lost_write(self) -> None:
        """Do nothing: there is nobody to tell."""


class SharedWriteLock:
    """The `WriteLock` of several processes, on a file that all of them open.

    The lock belongs to the open file, so each process opens the file itself. A file that they have
    inherited has one position for all of them, in the kernel. So a lost write is noted there: the
    disk may take no note any more.
    """

    def __init__(self, path: Path, inherited: int, *, first: bool) -> None:
        """Open the file, which the `first` process creates.

        `inherited` is an open file that all processes have from the first one, and never read from.
        """
        self._descriptor = os.open(path, os.O_RDWR | (os.O_CREAT if first else 0), 0o600)
        self._inherited = inherited

    def __enter__(self) -> Self:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    @property
    def has_lost_a_write(self) -> bool:
        """Whether a process has found that the disk lost a write."""
        return os.lseek(self._inherited, 0, os.SEEK_CUR) == LOST

    def note_lost_write(self) -> None:
        """Tell the processes that write next."""
        os.lseek(self._inherited, LOST, os.SEEK_SET)

    def close(self) -> None:
        """Close the file; the lock is released."""
        os.close(self._descriptor)
