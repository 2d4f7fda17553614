"""Whether the clock can be trusted, by the latest time that the desk has seen."""

from __future__ import annotations

from datetime import datetime, timedelta

from certdesk.domain.values.mark import Mark

MOST_BEHIND = timedelta(minutes=5)
MARK = "clock"
"""The mark that holds the latest time; the probe of a running desk advances it."""


def latest_of(mark: Mark | None) -> datetime | None:
    """Return the latest time that was seen, None if there was none yet."""
    return datetime.fromisoformat(mark.value.decode("ascii")) if mark else None


def mark_of(at: datetime) -> Mark:
    """Return the mark for a time."""
    return Mark(name=MARK, value=at.isoformat().encode("ascii"))


def fault_of(now: datetime, latest: datetime | None) -> str | None:
    """Return what is wrong if a clock that shows `now` has gone back too far since `latest`."""
    if latest is None or latest - now <= MOST_BEHIND:
        return None
    return f"the clock is behind: it showed {latest:%Y-%m-%d %H:%M:%S} UTC before"
