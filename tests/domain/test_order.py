"""An order: its requests to revoke, its times and its ids."""

from __future__ import annotations

import functools
import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.orders.lifecycle import (
    Event,
    IllegalTransition,
    Status,
)
from certdesk.domain.orders.order import (
    Decider,
    Explanation,
    Order,
    Revocation,
    new_certificate_id,
    new_deal_id,
    years_later,
)
from certdesk.domain.orders.revocation import ask_to_revoke, keep_certificate
from certdesk.domain.values.products import FREE
from certdesk.domain.values.record import replace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def standing_at(status: Status) -> Order:
    """Make an order at a status."""
    return Order(
        certificate_id="aB3dE5fG",
        uin="100000000001",
        product_id=25,
        domain_num=1,
        time_span=1,
        status=status,
        deal_id="20260301000000000000001",
        created_at=NOON,
    )


def test_requests_to_revoke_are_numbered_on_from_the_submissions_to_the_ca() -> None:
    """So that what proved the names of the order proves nothing of its revocation."""
    issued = replace(standing_at(Status.ISSUED), attempt=3)
    ask = functools.partial(ask_to_revoke, issued, Event.ASK_TO_REVOKE, decided_by=Decider.OWNER)
    first = ask(reason="superseded", deadline=NOON)
    assert (issued.proving, first.proving, first.deadline) == (3, 4, NOON)

    kept = keep_certificate(first, "Nobody proved it.")
    assert (kept.status, kept.reason, kept.deadline) == (1, Explanation("Nobody proved it."), None)
    assert kept.proving == 3
    second = ask_to_revoke(
        kept, Event.ASK_TO_REVOKE, reason="unspecified", decided_by=Decider.OWNER
    )
    assert (second.attempt, second.proving) == (3, 5)
    assert second.revocation == Revocation(5, "unspecified", Decider.OWNER)


@pytest.mark.parametrize("number", [2, 7])
@pytest.mark.parametrize(
    ("event", "of_free", "of_reissues"),
    [
        (Event.RESUBMIT, "apply for a new one", "ask for another reissue"),
        (Event.REFUND, "nothing was paid for it", "nothing was paid for it"),
    ],
)
def test_what_was_not_bought_is_neither_opened_again_nor_paid_back(
    number: int, event: Event, of_free: str, of_reissues: str
) -> None:
    """The vendor's action is for paid ones; a reissue is part of what was paid for before."""
    free = replace(standing_at(Status(number)), product_id=FREE)
    with pytest.raises(IllegalTransition, match=rf"It is a free order, so {of_free}\.$"):
        free.after(event)
    reissue = replace(standing_at(Status(number)), replaces="Zz9Yy8Xx")
    with pytest.raises(IllegalTransition, match=rf"It is a reissue, so {of_reissues}\.$"):
        reissue.after(event)


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
    order = replace(standing_at(Status.UNDER_REVIEW), time_span=years)
    first = order.issued(NOON, NOON + timedelta(days=lasts))
    assert (first.status, first.begins_at) == (Status.ISSUED, NOON)
    assert (first.ends_at, first.ends_by) == (
        NOON + timedelta(days=lasts),
        NOON + timedelta(days=bought),
    )
    again = replace(first, status=Status.UNDER_REVIEW)
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
