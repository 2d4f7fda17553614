"""How often names of one domain are looked at, whatever accounts ask for and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.validation.rate_limit import LONGEST_DEBT, UNANSWERED, ValidationRateLimit
from certdesk.domain.validation.records import ValidationBucket

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LIMIT = ValidationRateLimit(60)
UNUSED = ValidationBucket(domain="example.com", kind="PROOF", even_at=NOON)

requests = st.lists(
    st.tuples(
        st.sampled_from(["hostile", "other", "owner"]),
        st.integers(0, 200),
        st.floats(0, 40),
        st.booleans(),
    ),
    max_size=15,
)
"""Who wants how many checks, how many seconds later, and whether nobody answers one of them."""


@given(asked=requests, per_minute=st.integers(1, 300))
def test_no_minute_has_more_checks_than_two_minutes_may_have(
    asked: list[tuple[str, int, float, bool]], per_minute: int
) -> None:
    """A minute's looks at once and a minute's evenly after that, for all accounts together."""
    limit, bucket, now = ValidationRateLimit(per_minute), UNUSED, NOON
    begun: list[tuple[datetime, int]] = []
    for uin, wanted, later, silent in asked:
        now += timedelta(seconds=later)
        granted = limit.take(bucket, uin, wanted, now)
        bucket = limit.unanswered(granted.bucket, uin, now) if silent else granted.bucket
        begun.append((now, granted.checks))
    for start, _ in begun:
        end = start + timedelta(minutes=1)
        assert sum(checks for at, checks in begun if start <= at < end) <= 2 * per_minute


@given(asked=requests)
def test_who_is_told_to_ask_again_has_room_then(
    asked: list[tuple[str, int, float, bool]],
) -> None:
    """Unless somebody else was first."""
    bucket, now = UNUSED, NOON
    for uin, wanted, later, silent in asked:
        now += timedelta(seconds=later)
        granted = LIMIT.take(bucket, uin, wanted, now)
        bucket = LIMIT.unanswered(granted.bucket, uin, now) if silent else granted.bucket
        assert now <= granted.again_at <= now + LONGEST_DEBT
        again = LIMIT.take(granted.bucket, uin, 1, granted.again_at)
        assert again.checks == 1


@given(asked=requests)
def test_a_stranger_to_the_domain_always_has_room(
    asked: list[tuple[str, int, float, bool]],
) -> None:
    """However much one other account asks for, and however little answers."""
    bucket, now = UNUSED, NOON
    for _, wanted, later, silent in asked:
        now += timedelta(seconds=later)
        granted = LIMIT.take(bucket, "hostile", wanted, now)
        answered = not (silent and granted.checks)
        bucket = granted.bucket if answered else LIMIT.unanswered(granted.bucket, "hostile", now)
        assert LIMIT.take(bucket, "owner", 10, now).checks == 10


def test_a_minutes_checks_come_at_once_but_for_those_kept_back() -> None:
    """An account that has hardly looked has the first ten from what is kept back."""
    granted = LIMIT.take(UNUSED, "one", 100, NOON)
    assert granted.checks == 40
    assert LIMIT.take(granted.bucket, "one", 1, NOON).checks == 0
    assert LIMIT.take(granted.bucket, "other", 100, NOON).checks == 10
    assert granted.again_at == NOON + SECOND


def test_after_that_there_is_room_for_one_each_second() -> None:
    """By the minute's number."""
    bucket = LIMIT.take(UNUSED, "one", 100, NOON).bucket
    begun = 0
    for second in range(1, 61):
        granted = LIMIT.take(bucket, "one", 100, NOON + second * SECOND)
        bucket, begun = granted.bucket, begun + granted.checks
    assert begun == 60


def test_a_check_that_nobody_answers_counts_as_ten() -> None:
    """So four of them use up what one account may begin."""
    bucket, begun = UNUSED, 0
    while granted := LIMIT.take(bucket, "one", 1, NOON).checks:
        begun += granted
        bucket = LIMIT.unanswered(LIMIT.take(bucket, "one", 1, NOON).bucket, "one", NOON)
    assert (begun, UNANSWERED) == (4, 10)


def test_a_clock_that_was_put_back_holds_nobody_up() -> None:
    """What was counted in a year that is yet to come is no debt."""
    future = LIMIT.take(UNUSED, "one", 100, NOON + timedelta(days=400)).bucket
    assert LIMIT.take(future, "one", 1, NOON).checks == 1
