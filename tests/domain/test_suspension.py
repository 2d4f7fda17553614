"""Deadlines stand still while an account is disabled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.accounts.account import Account
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.suspension import DEADLINES, resumed, time_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
hours = st.integers(-200, 200).map(lambda each: NOON + timedelta(hours=each))


def account() -> Account:
    """Make an account that is enabled."""
    return Account(
        uin="1", name="a", verified=True, enabled=True, created_at=NOON, keyset=b"sealed"
    )


def order(status: Status, deadline: datetime | None) -> Order:
    """Make an order of it."""
    return Order(
        certificate_id="aaaaaaaa",
        uin="1",
        product_id=25,
        domain_num=1,
        time_span=1,
        status=status,
        deal_id="d",
        deadline=deadline,
        created_at=NOON,
    )


@given(st.sampled_from(Status), st.none() | hours, hours, hours)
def test_an_order_has_as_much_time_left_as_when_it_stood_still(
    status: Status, deadline: datetime | None, disabled_at: datetime, now: datetime
) -> None:
    """If it had any, and waits for something that has a deadline."""
    before = order(status, deadline)
    after = resumed(before, disabled_at, now).deadline
    if deadline is None or after is None or status not in DEADLINES:
        assert after == deadline
    elif disabled_at < deadline and disabled_at < now:
        assert after - now == deadline - disabled_at
    else:
        assert after == deadline


@given(hours, hours, hours)
def test_a_deadline_that_is_set_meanwhile_has_all_of_its_time(
    disabled_at: datetime, set_at: datetime, now: datetime
) -> None:
    """It begins when the account is enabled."""
    disabled_at, set_at, now = sorted((disabled_at, set_at, now))
    disabled = account().switched(enabled=False, now=disabled_at)
    waiting = order(Status.UNDER_REVIEW, time_of(disabled, set_at) + timedelta(days=3))
    assert resumed(waiting, disabled_at, now).deadline == now + timedelta(days=3)


@given(st.lists(st.tuples(st.booleans(), hours), min_size=1))
def test_an_account_knows_since_when_it_is_disabled(switches: list[tuple[bool, datetime]]) -> None:
    """By the first of several times in a row."""
    its, since = account(), None
    for enabled, at in switches:
        its = its.switched(enabled=enabled, now=at)
        since = None if enabled else since or at
        assert (its.enabled, its.disabled_at) == (enabled, since)
        assert time_of(its, at) == (at if since is None else min(since, at))
