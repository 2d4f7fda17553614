"""Clocks for tests: one that stands still until moved, and one that another process moves."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger()


class ManualClock:
    """A `ports.Clock` whose time a test sets."""

    def __init__(self, now: datetime) -> None:
        """Stand at `now`.

        Raises:
            ValueError: it has no time zone.
        """
        if now.tzinfo is None:
            raise ValueError("a time needs its zone")
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """Return the clock's time, in UTC."""
        return self._now

    def move(self, span: timedelta) -> None:
        """Move the clock forward or, with a negative span, back."""
        self._now += span


class FileClock:
    """A `ports.Clock` that runs like the machine's, shifted by the content of a file.

    The file has a number of seconds with its sign (`+86400`), or the time, with its zone, at which
    the file was written (`2027-03-15T00:00:00Z`). It is read again whenever it has changed. While
    it is missing or malformed, the clock goes on as before, since the file may be half written.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            OSError: it cannot be read.
            ValueError: it has neither form.
        """
        self.path = path
        self._lock = threading.Lock()
        self._seen = self._stamp()
        self._moved = self._read()

    def now(self) -> datetime:
        """Return the machine's time, shifted as the file says, in UTC."""
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
        found = self.path.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _read(self) -> timedelta:
        """Return how far the file shifts the clock."""
        text = self.path.read_text("ascii").strip()
        try:
            if text.startswith(("+", "-")):
                moved = timedelta(seconds=float(text))
            else:
                told = datetime.fromisoformat(text)
                written = datetime.fromtimestamp(self.path.stat().st_mtime, UTC)
                # Raises TypeError if it has no zone.
                moved = told - written
            # Raises OverflowError if the result is out of range.
            datetime.now(UTC) + moved
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(
                f"{self.path}: give seconds such as +86400, or a time such as "
                f"2027-03-15T00:00:00Z, not {text[:40]!r}"
            ) from error
        return moved
