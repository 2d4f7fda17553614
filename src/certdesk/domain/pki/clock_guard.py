"""Whether the clock may be believed, by the latest time that the desk has seen."""

from __future__ import annotations

from datetime import datetime, timedelta

from certdesk.domain.values.mark import Mark

MOST_BEHIND = timedelta(minutes=5)
MARK = "clock"
"""The mark that holds the latest time; the probe of a desk that runs moves it on."""


def latest_of(mark: Mark | None) -> datetime | None:
    """Read the latest time that was seen, None where none was yet."""
    return datetime.fromisoformat(mark.value.decode("ascii")) if mark else None


def mark_of(at: datetime) -> Mark:
    """Write it down."""
    return Mark(name=MARK, value=at.isoformat().encode("ascii"))


def fault_of(now: datetime, latest: datetime | None) -> str | None:
    """Say of a clock that shows `now` that it has gone back since `latest`, beyond what it may."""
    if latest is None or latest - now <= MOST_BEHIND:
        return None
    return f"the clock is behind: it was {latest:%Y-%m-%d %H:%M:%S} UTC before"
