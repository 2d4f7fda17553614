"""What every clock promises, proven on each adapter; a new one joins by a line in ADAPTERS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from certdesk.bootstrap import SystemClock
from certdesk.ports import Clock
from certdesk.testing.clock import ManualClock

BEIJING = timezone(timedelta(hours=8))

ADAPTERS: dict[str, Clock] = {
    "system": SystemClock(),
    "manual": ManualClock(datetime(2026, 3, 1, 12, tzinfo=UTC)),
    "manual, set in another zone": ManualClock(datetime(2026, 3, 1, 12, tzinfo=BEIJING)),
}


@pytest.mark.parametrize("clock", ADAPTERS.values(), ids=list(ADAPTERS))
def test_a_clock_tells_the_time_in_utc(clock: Clock) -> None:
    """An aware datetime whose zone is UTC itself, so that times compare and print alike."""
    assert clock.now().tzinfo is UTC


def test_a_manual_clock_stands_until_it_is_moved() -> None:
    """Forward and back, by the span that is given."""
    clock = ManualClock(datetime(2026, 3, 1, 12, tzinfo=BEIJING))
    assert clock.now() == clock.now() == datetime(2026, 3, 1, 4, tzinfo=UTC)

    clock.move(timedelta(days=1))
    clock.move(timedelta(seconds=-1))

    assert clock.now() == datetime(2026, 3, 2, 3, 59, 59, tzinfo=UTC)


def test_a_manual_clock_needs_a_zone() -> None:
    """A time without one is no time."""
    with pytest.raises(ValueError, match="needs its zone"):
        ManualClock(datetime(2026, 3, 1))  # noqa: DTZ001 -- the missing zone is the point
