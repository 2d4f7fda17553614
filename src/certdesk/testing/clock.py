"""A clock that stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


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
        """Give the time at which the clock stands, in UTC."""
        return self._now

    def move(self, span: timedelta) -> None:
        """Put the clock forward, or with a negative span back, as a machine's may be."""
        self._now += span
