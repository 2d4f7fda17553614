"""The pace in memory, by a clock that is turned, and what it forgets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.ports import RateLimitExceeded, Slot
from certdesk.storage.memory_rate_limiter import MOST_WINDOWS, MemoryRateLimiter

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
        self.limiter = MemoryRateLimiter(self.hand)
        self.served: list[tuple[float, float]] = []

    def take(self, account: str = ACCOUNT, action: str = ACTION) -> Slot:
        """Ask once, and do not answer."""
        return self.limiter.take(account, action, LIMIT)

    def serve(self, seconds: float = 0.0) -> bool:
        """Ask once, and answer after `seconds` if let in."""
        began = self.hand.now
        try:
            slot = self.take()
        except RateLimitExceeded:
            return False
        self.hand.now += seconds
        self.limiter.leave(slot)
        self.served.append((began, self.hand.now))
        return True


@pytest.fixture
def counted() -> Counted:
    """A pace of ten a second, and its clock."""
    return Counted()


def test_a_client_that_keeps_to_the_limit_is_never_refused(counted: Counted) -> None:
    """Ten a second, evenly, for a minute."""
    for _ in range(600):
        assert counted.serve(seconds=0.02)
        counted.hand.now += 0.0800001


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


def test_idle_windows_are_dropped_when_there_are_many() -> None:
    """Memory follows the accounts that are busy, not those ever seen."""
    now = [0.0]
    limiter = MemoryRateLimiter(lambda: now[0])
    for number in range(MOST_WINDOWS):
        limiter.leave(limiter.take(f"{number}", "DescribeCompanies", 10))
    busy = limiter.take("busy", "DescribeCompanies", 10)
    now[0] += 2

    limiter.take("next", "DescribeCompanies", 10)

    assert len(limiter._windows) == 2  # noqa: SLF001 - what is forgotten shows nowhere else
    limiter.leave(busy)
