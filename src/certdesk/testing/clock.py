"""Clocks that are moved: one that stands still between, and one that another process moves."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger()


class ManualClock:
    """`ports.Clock` whose time a test sets."""

    def __init__(self, now: datetime) -> None:
        """Stand at `now`.

        Raises:
            ValueError: it has no time zone.
        """
        if now.tzinfo is None:
            raise ValueError("a time needs its zone")
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """Return the time at which the clock stands, in UTC."""
        return self._now

    def move(self, span: timedelta) -> None:
        """Put the clock forward, or with a negative span back, as a machine's may be."""
        self._now += span


class FileClock:
    """`ports.Clock` that runs like the machine's, moved by what stands in a file.

    That is a number of seconds with its sign (`+86400`), or a time with its zone
    (`2027-03-15T00:00:00Z`), which it was when the file was written. The file is read again
    whenever it has changed. While it is missing, or cannot be understood, the clock goes on as it
    did: whoever writes the file may be in the middle of it.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            OSError: it cannot be read.
            ValueError: it holds neither.
        """
        self._path = path
        self._lock = threading.Lock()
        self._seen = self._stamp()
        self._moved = self._read()

    def now(self) -> datetime:
        """Return the machine's time as moved by the file, in UTC."""
        with self._lock:
            self._follow()
            return datetime.now(UTC) + self._moved

    def _follow(self) -> None:
        try:
            stamp = self._stamp()
            if stamp == self._seen:
                return
            self._seen = stamp
            self._moved = self._read()
        except (OSError, ValueError) as error:
            log.warning("the clock file is not followed", reason=str(error))
        else:
            log.warning("the clock was moved", seconds=self._moved.total_seconds())

    def _stamp(self) -> tuple[int, int, int]:
        found = self._path.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _read(self) -> timedelta:
        """Read how far the clock is moved."""
        text = self._path.read_text("ascii").strip()
        try:
            if text.startswith(("+", "-")):
                moved = timedelta(seconds=float(text))
            else:
                told = datetime.fromisoformat(text)
                written = datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
                # Raises TypeError where it has no zone.
                moved = told - written
            # Raises OverflowError where that is no time any more.
            datetime.now(UTC) + moved
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(
                f"{self._path}: give seconds such as +86400, or a time such as "
                f"2027-03-15T00:00:00Z, not {text[:40]!r}"
            ) from error
        return moved
