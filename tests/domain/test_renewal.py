"""When a certificate's successor is due, of which kind it is, and when its end is warned of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Renewal
from certdesk.domain.orders.renewal import (
    Forget,
    Kind,
    Leave,
    Make,
    attempted,
    due_at,
    in_force,
    next_succession,
    renewal_of,
    succeeded,
    wanted,
    warning,
)
from certdesk.domain.values.products import FREE, UPLOADED
from certdesk.domain.values.record import replace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)

ids = st.text("ABCDEFGHabcdefgh0123", min_size=8, max_size=8)
lives = st.timedeltas(timedelta(hours=1), timedelta(days=4000))
instants = st.datetimes(datetime(2026, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- the bounds have no zone, as the strategy wants them


def issued(life: timedelta = 199 * DAY, **changes: object) -> Order:
    """Make an order whose certificate begins at noon, of two years with renewal."""
    order = Order(
        certificate_id="LrmeMvQr",
        uin="100000000001",
        product_id=25,
        domain_num=1,
        time_span=2,
        status=Status.ISSUED,
        deal_id="1",
        domain="shop.example.com",
        attempt=1,
        hosted=True,
        begins_at=NOON,
        ends_at=NOON + life,
        ends_by=NOON + 730 * DAY,
        created_at=NOON,
    )
    return replace(order, **changes)  # type: ignore[arg-type] # a test's own words


def looks(order: Order, count: int, now: datetime) -> Renewal:
    """Note so many checks, all of them now."""
    renewal = renewal_of(order)
    for _ in range(count):
        renewal = attempted(renewal, order, now)
    return renewal


@given(ids, instants, lives)
def test_a_successor_is_due_in_the_last_third_of_life(
    certificate_id: str, begins: datetime, life: timedelta
) -> None:
    """Or half of a short one; never more than a tenth of life later, and never too late."""
    ends = begins + life
    left = life / 2 if life < 10 * DAY else life / 3
    due = due_at(certificate_id, begins, ends)
    assert ends - left <= due <= ends - left + life / 10 + SECOND
    assert due < ends


def test_due_times_are_spread_evenly() -> None:
    """Of a thousand that begin together, each tenth of the window has its share."""
    first = NOON + 199 * DAY - 199 * DAY / 3
    window = 199 * DAY / 10
    tenths = [0] * 10
    for number in range(1000):
        due = due_at(f"{number:08}", NOON, NOON + 199 * DAY)
        tenths[int((due - first) / window * 10)] += 1
    assert all(60 <= count <= 140 for count in tenths)


@given(ids, instants, lives)
def test_a_certificate_is_always_due_at_the_same_time(
    certificate_id: str, begins: datetime, life: timedelta
) -> None:
    """Whoever asks, and however often."""
    ends = begins + life
    assert due_at(certificate_id, begins, ends) == due_at(certificate_id, begins, ends)


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        (issued(), Kind.REISSUE),
        (issued(ends_by=NOON + 200 * DAY), Kind.REISSUE),
        (issued(ends_by=NOON + 200 * DAY - SECOND), None),
        (issued(ends_by=NOON + 199 * DAY, auto_renew=True), Kind.RENEWAL),
        (issued(auto_renew=True), Kind.REISSUE),
        (issued(ends_by=NOON + 199 * DAY), None),
        (issued(ends_by=NOON + 199 * DAY, auto_renew=True, product_id=FREE), None),
        (issued(product_id=UPLOADED), None),
        (issued(ends_by=None), None),
    ],
)
def test_the_bought_time_is_covered_before_another_is_bought(
    order: Order, kind: Kind | None
) -> None:
    """And only where that was asked for, of what can be bought."""
    assert wanted(order) == kind


@pytest.mark.parametrize(
    ("order", "successors", "move"),
    [
        (None, [], Forget()),
        (issued(), [], Make(Kind.REISSUE)),
        (issued(hosted=False), [], Forget()),
        (issued(status=Status.EXPIRED, hosted=False), [], Forget()),
        (issued(status=Status.REVOKED), [], Forget()),
        (issued(status=Status.REVOKING), [], Leave()),
        (issued(status=Status.AWAITING_REVOCATION_LETTER), [], Leave()),
        (issued(ends_by=NOON + 199 * DAY), [], Forget()),
        (issued(), [issued(status=Status.UNDER_REVIEW, begins_at=None)], Leave()),
        (issued(), [issued(status=Status.AWAITING_LETTER, begins_at=None)], Leave()),
        (issued(), [issued(status=Status.REVIEW_FAILED, begins_at=None)], Make(Kind.REISSUE)),
        (issued(), [issued(status=Status.CANCELLED, begins_at=None)], Make(Kind.REISSUE)),
        (issued(), [issued()], Forget()),
        (issued(), [issued(status=Status.CANCELLED, begins_at=None), issued()], Forget()),
    ],
)
def test_one_successor_at_a_time_is_made(
    order: Order | None, successors: list[Order], move: object
) -> None:
    """Another one only after the last came to nothing."""
    assert next_succession(order, successors, NOON + 150 * DAY) == move


END = NOON + 199 * DAY


@pytest.mark.parametrize("status", [Status.ISSUED, Status.EXPIRED])
@pytest.mark.parametrize(
    ("fields", "now", "move"),
    [
        ({}, END + SECOND, Make(Kind.REISSUE)),
        ({"ends_by": END + 2 * DAY}, END + DAY, Make(Kind.REISSUE)),
        ({"ends_by": END + 2 * DAY}, END + DAY + SECOND, Forget()),
        ({"ends_by": END + 2 * DAY, "auto_renew": True}, END + 2 * DAY, Make(Kind.RENEWAL)),
        ({"ends_by": END, "auto_renew": True}, END + SECOND, Make(Kind.RENEWAL)),
        ({"ends_by": END, "auto_renew": True}, END + 199 * DAY, Make(Kind.RENEWAL)),
        ({"ends_by": END, "auto_renew": True}, END + 199 * DAY + SECOND, Forget()),
        ({"hosted": False}, END + SECOND, Forget()),
    ],
)
def test_what_ended_while_the_desk_was_off_has_a_successor_all_the_same(
    status: Status, fields: dict[str, Any], now: datetime, move: object
) -> None:
    """In the time that was bought; another time is bought for as long as the certificate lasted."""
    assert next_succession(issued(status=status, **fields), [], now) == move


@pytest.mark.parametrize(
    ("successor", "move"),
    [
        (issued(status=Status.UNDER_REVIEW, begins_at=None), Leave()),
        (issued(status=Status.REVIEW_FAILED, begins_at=None), Forget()),
        (issued(), Forget()),
    ],
)
def test_what_has_ended_is_not_tried_again(successor: Order, move: object) -> None:
    """What failed in time, or once after the end, is its owner's to mend."""
    assert next_succession(issued(status=Status.EXPIRED), [successor], END + SECOND) == move


def test_attempts_are_after_a_minute_ten_a_hundred_and_then_daily() -> None:
    """What has come to nothing so often needs somebody, and not another check at once."""
    order = issued()
    now = renewal_of(order).due_at
    pauses = [looks(order, count, now).due_at - now for count in range(1, 7)]
    minutes = [timedelta(minutes=count) for count in (1, 10, 100)]
    assert pauses == [*minutes, DAY, DAY, DAY]


@given(ids, instants, lives, st.integers(1, 9), st.floats(0, 1))
def test_a_check_is_never_later_than_a_warning(
    certificate_id: str, begins: datetime, life: timedelta, count: int, share: float
) -> None:
    """And always later than now."""
    order = issued(certificate_id=certificate_id, begins_at=begins, ends_at=begins + life)
    due = renewal_of(order).due_at
    now = due + (begins + life - due) * share
    look = looks(order, count, now).due_at
    assert now < look <= now + DAY
    for days in (14, 7, 3, 1):
        at = begins + life - days * DAY
        assert not (due <= at and now < at < look)


@given(ids, lives)
def test_each_warning_is_given_once_and_in_turn(certificate_id: str, life: timedelta) -> None:
    """Those of 14, 7, 3 and 1 days that come after the successor was due."""
    order = issued(life, certificate_id=certificate_id)
    renewal, end = renewal_of(order), NOON + life
    expected = [days for days in (14, 7, 3, 1) if end - days * DAY >= renewal.due_at]
    given_, now = [], renewal.due_at
    while now <= end:
        days = warning(order, renewal, now)
        if days is not None:
            given_.append((days, now))
            renewal = replace(renewal, warned=days)
        renewal = attempted(renewal, order, now)
        now = renewal.due_at
    assert given_ == [(days, end - days * DAY) for days in expected]


def test_of_several_warnings_the_last_is_given() -> None:
    """After a pause of the desk."""
    order = issued()
    renewal = renewal_of(order)
    assert warning(order, renewal, NOON + 197 * DAY) == 3
    assert warning(order, replace(renewal, warned=3), NOON + 197 * DAY) is None
    assert warning(order, replace(renewal, warned=3), NOON + 198 * DAY) == 1


def test_a_muted_certificate_is_not_warned_of() -> None:
    """As ModifyCertificatesExpiringNotificationSwitch has it."""
    order = issued(muted=True)
    assert warning(order, renewal_of(order), NOON + 198 * DAY) is None


def test_a_reissue_and_a_renewal_are_linked_apart() -> None:
    """As CertificateExtra shows them."""
    reissued = succeeded(issued(), Kind.REISSUE, "AAAAAAAA")
    renewed = succeeded(issued(), Kind.RENEWAL, "BBBBBBBB")
    assert (reissued.replaced_by, reissued.renewed_by) == ("AAAAAAAA", None)
    assert (renewed.replaced_by, renewed.renewed_by) == (None, "BBBBBBBB")


def test_the_current_certificate_is_the_newest_that_is_issued() -> None:
    """Whatever stands between or behind it."""
    old = issued(status=Status.EXPIRED)
    middle = issued(begins_at=NOON + DAY, number=2)
    newest = issued(begins_at=NOON + 2 * DAY, number=3)
    waiting = issued(status=Status.UNDER_REVIEW, begins_at=None, number=4)
    assert in_force(old, [middle, newest, waiting]) == newest
    assert in_force(old, [waiting]) is None


def test_a_certificate_that_is_being_taken_back_is_current_until_it_is() -> None:
    """Where no other one is issued."""
    old = issued(status=Status.EXPIRED)
    good = issued(begins_at=NOON + DAY, number=2)
    doomed = issued(status=Status.REVOKING, begins_at=NOON + 2 * DAY, number=3)
    assert in_force(old, [good, doomed]) == good
    assert in_force(old, [doomed]) == doomed
