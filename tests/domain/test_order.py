"""The life of an order, against the vendor's published one as far as it is built."""

from __future__ import annotations

import dataclasses
import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.order import (
    BOUGHT_ONLY,
    LIVING,
    REISSUES_ONLY,
    STATUS_NAMES,
    TRANSITIONS,
    Event,
    IllegalTransition,
    Order,
    Status,
    new_certificate_id,
    new_deal_id,
    years_later,
)
from certdesk.domain.products import FREE

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

# Certificates.Status of both editions: number, and what it means.
PUBLISHED = {
    0: "under review",
    1: "issued",
    2: "review failed",
    3: "expired",
    4: "DNS record added by the service",
    5: "paid, material awaited",
    6: "order being cancelled",
    7: "cancelled",
    8: "letter of confirmation awaited",
    9: "being revoked",
    10: "revoked",
    11: "being reissued",
    12: "revocation letter awaited",
    13: "free, material awaited",
    14: "refunded",
    15: "being migrated",
}

# (status before, event, status after); all that is not here is refused.
LIFE = [
    (5, Event.SUBMIT_MATERIAL, 5),
    (13, Event.SUBMIT_MATERIAL, 13),
    (5, Event.SUBMIT_ORDER, 0),
    (13, Event.SUBMIT_ORDER, 0),
    (5, Event.SUBMIT_ORDER_WITH_RECORDS, 4),
    (13, Event.SUBMIT_ORDER_WITH_RECORDS, 4),
    (5, Event.SUBMIT_ORDER_WITH_LETTER, 8),
    (8, Event.SUBMIT_LETTER, 0),
    (8, Event.SUBMIT_LETTER_WITH_RECORDS, 4),
    (5, Event.CANCEL_ORDER, 7),
    (13, Event.CANCEL_ORDER, 7),
    (0, Event.CANCEL_ORDER, 7),
    (4, Event.CANCEL_ORDER, 7),
    (8, Event.CANCEL_ORDER, 7),
    (11, Event.CANCEL_ORDER, 7),
    (5, Event.CANCEL_ORDER_WITH_RECORDS, 6),
    (0, Event.CANCEL_ORDER_WITH_RECORDS, 6),
    (4, Event.CANCEL_ORDER_WITH_RECORDS, 6),
    (8, Event.CANCEL_ORDER_WITH_RECORDS, 6),
    (11, Event.CANCEL_ORDER_WITH_RECORDS, 6),
    (6, Event.UNDO, 7),
    (0, Event.CANCEL_AUDIT, 7),
    (4, Event.CANCEL_AUDIT, 7),
    (8, Event.CANCEL_AUDIT, 7),
    (11, Event.CANCEL_AUDIT, 7),
    (2, Event.RESUBMIT, 5),
    (7, Event.RESUBMIT, 5),
    (2, Event.REFUND, 14),
    (7, Event.REFUND, 14),
    (0, Event.REISSUE, 11),
    (4, Event.REISSUE, 11),
    (11, Event.PROVE_AGAIN, 0),
    (11, Event.PROVE_AGAIN_WITH_RECORDS, 4),
    (0, Event.FAIL, 2),
    (4, Event.FAIL, 2),
    (8, Event.FAIL, 2),
    (11, Event.FAIL, 2),
    (0, Event.ISSUE, 1),
    (4, Event.ISSUE, 1),
    (11, Event.ISSUE, 1),
    (1, Event.EXPIRE, 3),
    (1, Event.ASK_TO_REVOKE, 9),
    (1, Event.ASK_TO_REVOKE_WITH_LETTER, 12),
    (12, Event.SUBMIT_REVOCATION_LETTER, 9),
    (1, Event.DECIDE_TO_REVOKE, 9),
    (12, Event.DECIDE_TO_REVOKE, 9),
    (9, Event.DECIDE_TO_REVOKE, 9),
    (9, Event.REVOKE, 10),
    (9, Event.KEEP, 1),
    (12, Event.KEEP, 1),
    (1, Event.MOVE, 15),
    (3, Event.MOVE, 15),
    (10, Event.MOVE, 15),
    (15, Event.SETTLE_ISSUED, 1),
    (15, Event.SETTLE_EXPIRED, 3),
    (15, Event.SETTLE_REVOKED, 10),
]

orders = st.builds(
    Order,
    certificate_id=st.just("aB3dE5fG"),
    uin=st.just("100000000001"),
    product_id=st.integers(2, 105),
    domain_num=st.integers(1, 100),
    time_span=st.integers(1, 10),
    status=st.sampled_from(Status),
    status_msg=st.none() | st.text(max_size=10),
    auto_renew=st.booleans(),
    deal_id=st.just("20260301000000000000001"),
    submission=st.integers(0, 9),
    replaces=st.none() | st.just("Zz9Yy8Xx"),
    created_at=st.just(NOON),
    version=st.integers(1, 9),
)


def standing_at(status: Status, event: Event | None = None) -> Order:
    """Make an order at a status, a reissue where only to such ones the event can happen."""
    return Order(
        certificate_id="aB3dE5fG",
        uin="100000000001",
        product_id=25,
        domain_num=1,
        time_span=1,
        status=status,
        deal_id="20260301000000000000001",
        replaces="Zz9Yy8Xx" if event in REISSUES_ONLY else None,
        created_at=NOON,
    )


def test_the_statuses_are_the_published_numbers() -> None:
    """0 to 15, each with a name to show."""
    assert [status.value for status in Status] == list(PUBLISHED)
    assert set(STATUS_NAMES) == set(Status)


def test_the_table_is_the_published_life() -> None:
    """Each line of it, and no line more."""
    table = [(before.value, event, after.value) for (before, event), after in TRANSITIONS.items()]
    assert table == LIFE


@pytest.mark.parametrize(("before", "event", "after"), LIFE)
def test_an_order_goes_on_as_the_table_says(before: int, event: Event, after: int) -> None:
    """And nothing but its status changes, and what it waits for or why it failed."""
    order = standing_at(Status(before), event)
    moved = dataclasses.replace(order, status=Status(after), status_msg="a reason")
    assert order.after(event, "a reason") == moved


@pytest.mark.parametrize(
    ("number", "event"),
    [
        (number, event)
        for number in PUBLISHED
        for event in Event
        if (number, event) not in {(before, what) for before, what, _ in LIFE}
    ],
)
def test_an_order_does_nothing_that_the_table_does_not_say(number: int, event: Event) -> None:
    """The refusal says where the order stands."""
    name = STATUS_NAMES[Status(number)]
    with pytest.raises(IllegalTransition) as refused:
        standing_at(Status(number)).after(event)
    assert (refused.value.status, refused.value.event) == (number, event)
    assert str(refused.value) == f"The order stands at status {number} ({name})."


def test_requests_to_revoke_are_numbered_on_from_the_submissions_to_the_ca() -> None:
    """So that what proved the names of the order proves nothing of its revocation."""
    issued = dataclasses.replace(standing_at(Status.ISSUED), attempt=3)
    first = issued.asked_back(Event.ASK_TO_REVOKE, reason="superseded", deadline=NOON)
    assert (issued.proving, first.proving, first.deadline) == (3, 4, NOON)

    kept = first.kept("Nobody proved it.")
    assert (kept.status, kept.status_msg, kept.deadline) == (1, "Nobody proved it.", None)
    assert kept.proving == 3
    second = kept.asked_back(Event.ASK_TO_REVOKE, reason="unspecified", deadline=None)
    assert (second.attempt, second.proving, second.revocation_reason) == (3, 5, "unspecified")


@pytest.mark.parametrize("number", [2, 7])
@pytest.mark.parametrize(
    ("event", "of_free", "of_reissues"),
    [
        (Event.RESUBMIT, "apply for another", "ask for another"),
        (Event.REFUND, "nothing was paid for it", "nothing was paid for it"),
    ],
)
def test_what_was_not_bought_is_neither_opened_again_nor_paid_back(
    number: int, event: Event, of_free: str, of_reissues: str
) -> None:
    """The vendor's action is for paid ones; a reissue is part of what was paid for before."""
    free = dataclasses.replace(standing_at(Status(number)), product_id=FREE)
    with pytest.raises(IllegalTransition, match=rf"It is a free one: {of_free}\.$"):
        free.after(event)
    reissue = dataclasses.replace(standing_at(Status(number)), replaces="Zz9Yy8Xx")
    with pytest.raises(IllegalTransition, match=rf"It is a reissue: {of_reissues}\.$"):
        reissue.after(event)


@pytest.mark.parametrize(("number", "event"), [(0, Event.REISSUE), (11, Event.PROVE_AGAIN)])
def test_only_a_reissue_is_being_reissued(number: int, event: Event) -> None:
    """An order for a first certificate stays under review until it is issued."""
    with pytest.raises(IllegalTransition, match=r"It is no reissue\.$"):
        standing_at(Status(number)).after(event)


def test_free_orders_count_until_they_can_be_deleted() -> None:
    """All statuses but failed, expired, cancelled, revoked and refunded."""
    assert [status.value for status in LIVING] == [0, 1, 4, 5, 6, 8, 9, 11, 12, 13, 15]


@given(order=orders, events=st.lists(st.sampled_from(Event), max_size=6))
def test_no_order_leaves_the_table_whatever_happens_to_it(
    order: Order, events: list[Event]
) -> None:
    """Every status that is reached was reached by a line of the table; a refusal moves nothing."""
    for event in events:
        try:
            after = order.after(event)
        except IllegalTransition:
            free = order.product_id == FREE and event in BOUGHT_ONLY
            barred = REISSUES_ONLY if order.replaces is None else set(BOUGHT_ONLY)
            assert free or event in barred or (order.status, event) not in TRANSITIONS
            continue
        assert (order.status.value, event, after.status.value) in LIFE
        assert after == dataclasses.replace(order, status=after.status, status_msg=None)
        order = after


@pytest.mark.parametrize(
    ("begin", "years", "end"),
    [
        ((2026, 3, 1), 1, (2027, 3, 1)),
        ((2026, 12, 31), 3, (2029, 12, 31)),
        ((2027, 2, 28), 1, (2028, 2, 28)),
        ((2028, 2, 29), 1, (2029, 2, 28)),
        ((2028, 2, 29), 4, (2032, 2, 29)),
        ((2028, 2, 29), 0, (2028, 2, 29)),
    ],
)
def test_years_are_those_of_the_calendar(
    begin: tuple[int, int, int], years: int, end: tuple[int, int, int]
) -> None:
    """Whatever lies between; a leap day has its anniversary the day before."""
    begins, ends = (datetime(*day, 11, 10, 9, tzinfo=UTC) for day in (begin, end))
    assert years_later(begins, years) == ends


@pytest.mark.parametrize(
    ("years", "lasts", "bought"), [(1, 199, 365), (3, 199, 1096), (0, 90, 90), (1, 825, 825)]
)
def test_the_first_certificate_sets_the_end_of_what_was_bought(
    years: int, lasts: int, bought: int
) -> None:
    """Of a free order its own end; none outlasts it, and no later one moves it."""
    order = dataclasses.replace(standing_at(Status.UNDER_REVIEW), time_span=years)
    first = order.issued(NOON, NOON + timedelta(days=lasts))
    assert (first.status, first.begins_at) == (Status.ISSUED, NOON)
    assert (first.ends_at, first.ends_by) == (
        NOON + timedelta(days=lasts),
        NOON + timedelta(days=bought),
    )
    again = dataclasses.replace(first, status=Status.UNDER_REVIEW)
    later = again.issued(NOON + timedelta(days=9), NOON + timedelta(days=20))
    assert later.ends_by == first.ends_by


@given(st.integers(0, 2**32))
def test_ids_have_the_vendors_shapes(seed: int) -> None:
    """8 letters and digits; 23 digits that begin with the day."""
    rng = random.Random(seed)  # noqa: S311 -- the shape counts, not the secrecy
    assert re.fullmatch(r"[A-Za-z0-9]{8}", new_certificate_id(rng))
    assert re.fullmatch(r"20260301[0-9]{15}", new_deal_id(rng, NOON))


def test_an_id_uses_all_its_letters() -> None:
    """Upper case, lower case and digits."""
    rng = random.Random(1)  # noqa: S311 -- as above
    drawn = "".join(new_certificate_id(rng) for _ in range(500))
    assert len(set(drawn)) == 62
