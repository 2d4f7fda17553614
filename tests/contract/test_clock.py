"""What every clock promises, proven on each adapter; a new one joins by a line in ADAPTERS."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from certdesk.bootstrap import SystemClock
from certdesk.ports import Clock
from certdesk.testing.clock import FileClock, ManualClock

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


def file_with(path: Path, text: str) -> Path:
    """Write a clock file as a careful program does: it is there as a whole or not at all."""
    draft = path.with_name("draft")
    draft.write_text(text)
    draft.replace(path)
    return path


def test_a_clock_file_moves_a_clock_as_often_as_it_changes(tmp_path: Path) -> None:
    """By seconds, forward and back; the clock runs on meanwhile."""
    clock = FileClock(file_with(tmp_path / "clock", "+86400\n"))
    before = datetime.now(UTC)
    assert before + timedelta(days=1) <= clock.now() <= datetime.now(UTC) + timedelta(days=1)
    assert clock.now().tzinfo is UTC

    file_with(tmp_path / "clock", "-3600")

    assert clock.now() <= datetime.now(UTC) - timedelta(hours=1)
    assert clock.now() >= before - timedelta(hours=1)


def test_a_time_in_a_clock_file_is_when_it_was_written(tmp_path: Path) -> None:
    """So that every process that reads it, whenever it does, has the same time."""
    path = file_with(tmp_path / "clock", "2027-03-15T08:00:00+08:00")
    written = datetime.now(UTC) - timedelta(hours=1)
    os.utime(path, (written.timestamp(), written.timestamp()))

    now = FileClock(path).now()

    passed = datetime.now(UTC) - written
    assert datetime(2027, 3, 15, tzinfo=UTC) + timedelta(minutes=59) < now
    assert now <= datetime(2027, 3, 15, tzinfo=UTC) + passed


@pytest.mark.parametrize("text", ["", "86400", "+a day", "2027-03-15T00:00:00", "+1e15", "+nan"])
def test_a_clock_file_that_is_none_is_told_at_the_start(tmp_path: Path, text: str) -> None:
    """Among them a time without its zone, and one that is past the end of the calendar."""
    with pytest.raises(ValueError, match=r"give seconds such as \+86400"):
        FileClock(file_with(tmp_path / "clock", text))


@pytest.mark.parametrize("later", ["", "half a li"])
def test_a_clock_file_that_becomes_useless_leaves_the_clock_as_it_was(
    tmp_path: Path, later: str
) -> None:
    """Somebody may be writing it just now; one that is gone does so too."""
    path = file_with(tmp_path / "clock", "+86400")
    clock = FileClock(path)
    file_with(path, later)
    assert clock.now() > datetime.now(UTC) + timedelta(hours=23)
    path.unlink()
    assert clock.now() > datetime.now(UTC) + timedelta(hours=23)


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
