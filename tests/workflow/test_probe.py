"""The probe: what it keeps of the time, and what it finds wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from certdesk.domain.pki import clock_guard
from certdesk.ports import Clock, Slot
from certdesk.storage.memory_admission import MemoryAdmission
from certdesk.testing.clock import ManualClock
from certdesk.testing.store import MemoryStore
from certdesk.workflow.probe import Probe

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


class Seconds:
    """Monotonic seconds, which pass when they are told to."""

    def __init__(self) -> None:
        """Begin somewhere."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


class Patient:
    """A probe on a store in memory, and what its time is made of."""

    def __init__(self) -> None:
        """Feel nothing yet."""
        self.store, self.clock, self.seconds = MemoryStore(), ManualClock(NOON), Seconds()
        self.admission = MemoryAdmission(None)
        self.probe = self.new_probe(self.clock)

    def new_probe(self, clock: Clock) -> Probe:
        """Make a probe of another process on the same database."""
        return Probe(self.store, clock, self.admission, monotonic=self.seconds)

    def kept(self) -> datetime | None:
        """Give the latest time that was kept."""
        return self.store.read(lambda unit: clock_guard.latest_of(unit.marks.get(clock_guard.MARK)))


@pytest.fixture
def patient() -> Patient:
    """A desk that is well."""
    return Patient()


def test_the_latest_time_is_kept_and_never_goes_back(patient: Patient) -> None:
    """Whatever the clock does."""
    for moved in (timedelta(0), HOUR, -2 * HOUR, HOUR + SECOND):
        patient.clock.move(moved)
        patient.probe.check()

    assert patient.kept() == NOON + HOUR
    patient.clock.move(timedelta(days=365))
    patient.probe.check()
    assert patient.kept() == patient.clock.now()


@pytest.mark.parametrize(
    ("back", "told"),
    [
        (5 * MINUTE, []),
        (5 * MINUTE + SECOND, ["the clock is behind: it showed 2026-11-24 12:00:00 UTC before"]),
    ],
)
def test_a_clock_that_goes_back_is_wrong_after_five_minutes(
    patient: Patient, back: timedelta, told: list[str]
) -> None:
    """Those are for a clock that is being set right; and it is right again at the mark."""
    patient.probe.check()
    patient.clock.move(-back)
    patient.probe.check()
    assert patient.probe.faults() == told

    patient.clock.move(back)
    assert patient.probe.faults() == []


def test_another_process_may_know_a_clock_to_be_behind(patient: Patient) -> None:
    """The mark is in the database, also for one that has just started."""
    patient.probe.check()
    late = patient.new_probe(ManualClock(NOON - HOUR))
    assert late.faults() == []

    late.check()

    assert late.faults() == ["the clock is behind: it showed 2026-11-24 12:00:00 UTC before"]


def test_a_check_has_to_end_every_twelve_seconds(patient: Patient) -> None:
    """By a clock that nobody sets; the next one that comes through makes the desk well."""
    patient.seconds.now += 12
    assert patient.probe.faults() == []
    patient.seconds.now += 0.1
    assert patient.probe.faults() == ["the database does not answer"]

    patient.probe.check()

    assert patient.probe.faults() == []


def test_what_a_check_finds_is_told_with_its_age(patient: Patient) -> None:
    """At once when it has ended, and until the next one."""
    patient.probe.check()
    patient.seconds.now += 3
    assert patient.probe.result().line == "probe: ok, 3.0 seconds ago"

    patient.store.close()
    patient.probe.check()

    assert patient.probe.faults() == ["the desk cannot write to the database: the store is closed"]
    assert patient.probe.result().line == "probe: failed, 0.0 seconds ago"


def test_a_place_that_another_process_has_is_no_fault(patient: Patient) -> None:
    """Two probes on one database meet now and then, and their marks as well."""
    held = patient.admission.take(patient.probe.use(), 1)
    assert isinstance(held, Slot)
    patient.probe.check()
    assert patient.probe.faults() == []


def test_it_writes_by_itself() -> None:
    """From the start to the end."""
    patient = Patient()
    patient.probe.start()
    _until(lambda: patient.kept() is not None)
    patient.probe.stop()


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
