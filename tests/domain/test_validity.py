"""How long certificates last, on both sides of the days on which that changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.values.validity import Period, Terms, days_allowed, period, terms_at

SECOND = timedelta(seconds=1)
FAR = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("issued", "terms"),
    [
        (datetime(2026, 11, 24, tzinfo=UTC), Terms(199, 200)),
        (datetime(2027, 3, 14, 23, 59, 59, tzinfo=UTC), Terms(199, 200)),
        (datetime(2027, 3, 15, tzinfo=UTC), Terms(99, 100)),
        (datetime(2029, 3, 14, 23, 59, 59, tzinfo=UTC), Terms(99, 100)),
        (datetime(2029, 3, 15, tzinfo=UTC), Terms(46, 10)),
        (datetime(2040, 2, 29, tzinfo=UTC), Terms(46, 10)),
    ],
)
def test_the_terms_change_with_the_day_of_issue(issued: datetime, terms: Terms) -> None:
    """At midnight UTC, and in the second before still the old ones (BR 6.3.2, 4.2.1)."""
    assert terms_at(issued) == terms


# The requirements: days from a moment on, any second more being another day.
LIMITS = (
    (datetime(2029, 3, 15, tzinfo=UTC), 47),
    (datetime(2027, 3, 15, tzinfo=UTC), 100),
    (datetime(2026, 3, 15, tzinfo=UTC), 200),
)


@given(st.datetimes(datetime(2026, 3, 15, 1), datetime(2039, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 -- the zone is given apart
def test_no_certificate_is_a_second_too_long(now: datetime) -> None:
    """Both ends count, whatever fraction of a second it is made in."""
    made = period(now, days_allowed(now, 0, None), FAR)

    lasts = made.ends - made.begins + SECOND
    limit = next(days for since, days in LIMITS if since <= now)
    assert lasts == timedelta(days=limit - 1)
    assert made.begins.microsecond == made.ends.microsecond == 0
    assert timedelta(0) <= now - made.begins <= timedelta(hours=1, seconds=1)


@pytest.mark.parametrize(
    ("own", "most", "allowed"),
    [(0, None, 199), (0, 90, 90), (0, 400, 199), (30, None, 30), (825, None, 825), (825, 90, 90)],
)
def test_the_operator_and_the_order_have_a_say(own: int, most: int | None, allowed: int) -> None:
    """The operator's number replaces the table's; an order only shortens."""
    assert days_allowed(datetime(2026, 11, 24, tzinfo=UTC), own, most) == allowed


def test_a_certificate_ends_with_its_ca_at_the_latest() -> None:
    """However many days are allowed."""
    now = datetime(2026, 11, 24, tzinfo=UTC)
    latest = now + timedelta(days=3)

    assert period(now, 199, latest).ends == latest


@pytest.mark.parametrize(("more", "days"), [(-SECOND, 1), (timedelta(0), 2), (SECOND, 2)])
def test_any_second_more_is_another_day(more: timedelta, days: int) -> None:
    """A period from one midnight to the next, both included, is a day and a second."""
    begins = datetime(2026, 11, 24, tzinfo=UTC)

    assert Period(begins, begins + timedelta(days=1) + more).days == days
