"""A clock that stands still until it is moved."""

from __future__ import annotations

from datetime import datetime, timedelta


class ManualClock:
    """`ports.Clock` whose time a test sets."""

    def __init__(self, now: datetime) -> None:
        """Stand at `now`, which has a time zone.

        Raises:
            ValueError: it has none.
        """
        if now.tzinfo is None:
            raise ValueError("a time needs its zone")
        self._now = now

    def now(self) -> datetime:
        """Give the time at which the clock stands."""
        return self._now

    def move(self, by: timedelta) -> None:
        """Go on by a span of time.

        Raises:
            ValueError: the span is negative; `ports.Clock` promises not to go back.
        """
        if by < timedelta():
            raise ValueError("time does not go back")
        self._now += by
