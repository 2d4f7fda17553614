"""What is told of the processes that serve, to health, doctor and the metrics."""

from __future__ import annotations

import os

import pytest

from certdesk.domain.operation.checkup import Health
from certdesk.workflow.serving_watch import NOTED_SECONDS, ServingWatch

KILLED = "ended by signal 9"


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        """Begin anywhere."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Read it."""
        return self.now


@pytest.fixture
def time() -> Time:
    """A clock."""
    return Time()


@pytest.fixture
def two(time: Time) -> ServingWatch:
    """Two processes that serve."""
    watch = ServingWatch(time)
    watch.begin(2)
    watch.serves(0, 70)
    watch.serves(1, 71)
    return watch


def found(watch: ServingWatch) -> list[tuple[Health, str]]:
    """Give what doctor says."""
    assert all(each.check == "desk" and each.remedy for each in watch.examine())
    return [(each.state, each.what) for each in watch.examine()]


def test_while_all_serve_nothing_is_wrong(two: ServingWatch) -> None:
    """Their numbers are told, and that of the parent."""
    assert (two.faults(), two.notes(), found(two)) == ([], [], [])
    assert two.describe() == f"parent {os.getpid()}, 2 serving processes (70, 71)"
    assert two.states() == {"serves": 2, "silent": 0, "missing": 0}


def test_a_process_that_has_not_served_yet_is_not_missing(time: Time) -> None:
    """The desk is starting, and says `ready` when all serve."""
    watch = ServingWatch(time)
    watch.begin(2)
    watch.serves(1, 71)

    assert (watch.faults(), found(watch)) == ([], [])


def test_a_single_process_has_no_places() -> None:
    """It serves while it can be asked."""
    watch = ServingWatch()

    assert (watch.faults(), watch.notes(), found(watch)) == ([], [], [])
    assert watch.describe() == f"process {os.getpid()}"
    assert watch.states() == {"serves": 1, "silent": 0, "missing": 0}


def test_one_that_is_missing_is_a_fault_of_which_the_desk_recovers(two: ServingWatch) -> None:
    """A warning of doctor while another one serves, a failure if none does."""
    two.ended(0, KILLED)
    missing = "serving process 0 ended by signal 9 and is being replaced; 1 of 2 serves"
    assert (two.faults(), two.notes(), found(two)) == ([missing], [], [(Health.WARN, missing)])
    assert two.describe() == f"parent {os.getpid()}, 1 of 2 serving processes (71)"
    assert two.states() == {"serves": 1, "silent": 0, "missing": 1}

    two.ended(1, "did not answer for 30 s and was killed")
    none = "serving process 1 did not answer for 30 s and was killed and is being replaced"
    assert two.faults()[1] == f"{none}; none of 2 serves"
    assert [state for state, _ in found(two)] == [Health.FAIL, Health.FAIL]


def test_one_that_was_replaced_is_told_for_ten_minutes(two: ServingWatch, time: Time) -> None:
    """By health and by doctor alike."""
    two.ended(0, KILLED)
    two.serves(0, 72)
    time.now += 40

    told = "serving process 0 ended by signal 9, 40 s ago; process 72 serves now"
    assert (two.faults(), two.notes(), found(two)) == ([], [told], [(Health.WARN, told)])
    time.now += NOTED_SECONDS
    assert (two.notes(), found(two)) == ([], [])


def test_ends_again_and_again_are_one_line(two: ServingWatch) -> None:
    """It tells how many there were, and when the next one is started."""
    for process in range(72, 77):
        two.ended(0, KILLED)
        two.waits(0, 10.0)
        missing = two.faults()
        two.serves(0, process)

    ended = "serving process 0 ended 5 times in 10 minutes (the last one ended by signal 9)"
    again = "is being replaced; the next one is started in 10 s; 1 of 2 serves"
    assert missing == [f"{ended} and {again}"]
    assert two.notes() == [f"{ended}, 0 s ago; process 76 serves now"]


def test_one_that_cannot_be_started_is_told_with_the_reason(two: ServingWatch) -> None:
    """Memory, processes or files are used up."""
    two.ended(0, KILLED)
    two.waits(0, 0.25, "Too many open files")
    (missing,) = two.faults()

    assert missing.startswith("serving process 0 cannot be started: Too many open files; 1 of 2")


def test_one_that_does_not_answer_is_told_before_it_is_killed(two: ServingWatch) -> None:
    """Health is well meanwhile; doctor fails if none answers."""
    two.is_silent(0, 12.0)
    told = "serving process 0 (process 70) has not answered for 12 s"
    assert (two.faults(), two.notes(), found(two)) == ([], [told], [(Health.WARN, told)])
    assert two.states() == {"serves": 1, "silent": 1, "missing": 0}

    two.is_silent(1, 6.0)
    assert [state for state, _ in found(two)] == [Health.FAIL, Health.FAIL]
    two.is_silent(0, 0)
    two.is_silent(1, 0)
    assert found(two) == []


def test_what_a_process_finds_wrong_with_itself_is_told_with_its_number(two: ServingWatch) -> None:
    """Unless the parent has the same fault, until the process has it no more or is replaced."""
    assert two.finds(1, ["no file can be opened", "no resolver answers"])
    assert not two.finds(1, ["no file can be opened", "no resolver answers"])
    two.knows(["no resolver answers"])

    assert two.faults() == ["serving process 1: no file can be opened"]
    assert found(two) == [(Health.FAIL, "serving process 1: no file can be opened")]
    two.serves(1, 72)
    assert two.faults() == []
