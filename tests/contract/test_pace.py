"""What every `Pace` owes: a limit that holds in any second, and disturbs nobody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.ports import PaceExceeded, Slot
from certdesk.web.pace import MemoryPace

LIMIT = 10
ACCOUNT, ACTION = "100000000001", "DescribeCompanies"


class Hand:
    """A clock in seconds that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Counted:
    """A pace under test, and what it let in: (taken, answered) in seconds."""

    def __init__(self) -> None:
        self.hand = Hand()
        self.pace = MemoryPace(self.hand)
        self.served: list[tuple[float, float]] = []

    def take(self, account: str = ACCOUNT, action: str = ACTION) -> Slot:
        """Ask once, and do not answer."""
        return self.pace.take(account, action, LIMIT)

    def serve(self, seconds: float = 0.0) -> bool:
        """Ask once, and answer after `seconds` if let in."""
        began = self.hand.now
        try:
            slot = self.take()
        except PaceExceeded:
            return False
        self.hand.now += seconds
        self.pace.leave(slot)
        self.served.append((began, self.hand.now))
        return True


@pytest.fixture
def counted() -> Counted:
    """A pace of ten a second, and its clock."""
    return Counted()


def test_the_eleventh_request_of_a_second_is_refused_with_its_number(counted: Counted) -> None:
    """`Your current request times equals to 11 in a second`."""
    for _ in range(10):
        counted.serve()

    with pytest.raises(PaceExceeded) as refused:
        counted.take()

    assert refused.value.count == 11


def test_a_client_that_keeps_to_the_limit_is_never_refused(counted: Counted) -> None:
    """Ten a second, evenly, for a minute."""
    for _ in range(600):
        assert counted.serve(seconds=0.02)
        counted.hand.now += 0.0800001


def test_a_request_in_progress_keeps_its_place(counted: Counted) -> None:
    """Else ten slow answers and ten quick ones would fall into one second."""
    slots = [counted.take() for _ in range(10)]
    counted.hand.now += 5

    assert not counted.serve()

    for slot in slots:
        counted.pace.leave(slot)
    assert counted.serve()


def test_a_refused_request_costs_no_place(counted: Counted) -> None:
    """Whoever keeps asking is let in again as soon as one who waits."""
    for _ in range(10):
        counted.serve()
    for _ in range(50):
        counted.hand.now += 0.01
        counted.serve()
    counted.hand.now += 0.51

    assert [counted.serve() for _ in range(11)] == [True] * 10 + [False]


def test_accounts_and_actions_do_not_share_their_places(counted: Counted) -> None:
    """One that is busy leaves the others alone."""
    for _ in range(10):
        counted.serve()

    assert counted.take("100000000002").uin == "100000000002"
    assert counted.take(action="CreateCertificate").action == "CreateCertificate"


@given(st.lists(st.tuples(st.floats(0, 0.3), st.floats(0, 0.5)), min_size=11, max_size=60))
def test_no_second_holds_more_than_the_limit(steps: list[tuple[float, float]]) -> None:
    """Whatever the pauses and the times to answer: sent and answered within it."""
    counted = Counted()
    for pause, seconds in steps:
        counted.serve(seconds)
        counted.hand.now += pause

    for (first_sent, _), (_, last_answered) in zip(
        counted.served, counted.served[LIMIT:], strict=False
    ):
        assert last_answered - first_sent >= 1
