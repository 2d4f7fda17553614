"""The background thread that does one thing again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable

from structlog.testing import capture_logs

from certdesk.workflow.repeating import Repeating

SECONDS = 30
"""How long to wait for another thread before a test fails."""

NEVER = 3600


class Counting:
    """A task that counts its runs and lets a test wait for them."""

    def __init__(self, work: Callable[[int], None] | None = None) -> None:
        """Do `work` in each run, which gets the run's number."""
        self.runs = 0
        self._work = work
        self._change = threading.Condition()

    def __call__(self) -> None:
        """Run once."""
        with self._change:
            self.runs += 1
            self._change.notify_all()
        if self._work is not None:
            self._work(self.runs)

    def reaches(self, runs: int) -> bool:
        """Wait until there were so many runs; tell whether there were."""
        with self._change:
            return self._change.wait_for(lambda: self.runs >= runs, SECONDS)


def test_the_first_run_is_at_the_start() -> None:
    """Not one period later."""
    task = Counting()
    repeating = Repeating("test", task, NEVER)
    repeating.start()
    assert task.reaches(1)
    repeating.stop()


def test_the_task_runs_again_and_again() -> None:
    """Once in each period."""
    task = Counting()
    repeating = Repeating("test", task, 0.01)
    repeating.start()
    assert task.reaches(5)
    repeating.stop()


def test_a_task_that_is_woken_runs_at_once() -> None:
    """However long the period is."""
    task = Counting()
    repeating = Repeating("test", task, NEVER)
    repeating.start()
    for run in range(1, 4):
        assert task.reaches(run)
        repeating.wake()
    assert task.reaches(4)
    repeating.stop()


def test_waking_a_task_that_runs_asks_for_one_run_more() -> None:
    """What came up during a run is not missed, and not done twice."""
    waken = threading.Event()
    task = Counting(lambda run: None if run > 1 else _wait(waken))
    repeating = Repeating("test", task, NEVER)
    repeating.start()
    assert task.reaches(1)
    for _ in range(3):
        repeating.wake()
    waken.set()
    assert task.reaches(2)
    repeating.stop()
    assert task.runs == 2


def test_a_run_that_fails_is_not_the_last() -> None:
    """What it raised is for the log."""

    def fail(run: int) -> None:
        if run < 3:
            raise ValueError(run)

    task = Counting(fail)
    repeating = Repeating("test", task, 0.01)
    repeating.start()
    assert task.reaches(3)
    repeating.stop()


def test_stopping_waits_for_the_run_under_way() -> None:
    """And there is none after it, even when it was asked for."""
    ended = []
    going_on = threading.Event()

    def work(run: int) -> None:
        _wait(going_on)
        ended.append(run)

    task = Counting(work)
    repeating = Repeating("test", task, NEVER)
    repeating.start()
    assert task.reaches(1)
    repeating.wake()
    stopping = threading.Thread(target=repeating.stop)
    stopping.start()
    going_on.set()
    stopping.join(SECONDS)
    assert not stopping.is_alive()
    assert len(ended) == task.runs


def _wait(event: threading.Event) -> None:
    assert event.wait(SECONDS)


class Ticks:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        """Begin at none."""
        self.now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def test_work_that_fails_again_and_again_stands_still() -> None:
    """Not after the first time; and it is over with the first run that comes through."""
    ticks, broken = Ticks(), [True]

    def fail(_: int) -> None:
        if broken:
            raise ValueError

    task = Counting(fail)
    repeating = Repeating("test", task, 0.01, monotonic=ticks)
    repeating.start()
    assert task.reaches(2)
    assert repeating.trouble == ""
    ticks.now = 25
    assert task.reaches(task.runs + 2)
    assert repeating.trouble == "it fails again and again: ValueError"
    broken.clear()
    assert task.reaches(task.runs + 2)
    assert repeating.trouble == ""
    repeating.stop()


def test_work_that_does_not_come_to_an_end_stands_still() -> None:
    """A sign of life says that it goes on."""
    ticks, going_on = Ticks(), threading.Event()
    task = Counting(lambda _: _wait(going_on))
    repeating = Repeating("test", task, NEVER, monotonic=ticks)
    repeating.start()
    assert task.reaches(1)
    assert repeating.trouble == ""
    ticks.now = 61
    assert repeating.trouble == "it does not end"
    repeating.go_on()
    assert repeating.trouble == ""
    going_on.set()
    repeating.stop()


def test_what_fails_in_the_same_way_leaves_one_line() -> None:
    """And another one when it goes on again."""
    task = Counting(lambda run: _fail(ValueError() if run < 4 else KeyError()) if run < 6 else None)
    repeating = Repeating("test", task, 0.01)
    with capture_logs() as lines:
        repeating.start()
        assert task.reaches(7)
        repeating.stop()
    failed, goes_on = "background work failed", "background work continues"
    assert [line["event"] for line in lines] == [failed, failed, goes_on]


def _fail(error: Exception) -> None:
    raise error
