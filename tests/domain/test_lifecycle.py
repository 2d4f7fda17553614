"""The states of an order: what is published, and what holds wherever an order goes."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.operation.census import wait_of
from certdesk.domain.orders.advice import advice, status_msg
from certdesk.domain.orders.ending import way_to_end
from certdesk.domain.orders.lifecycle import (
    BOUGHT_ONLY,
    DELETABLE,
    GIVEN_UP,
    HOLD_STAGES,
    HOLDS,
    LIVING,
    STATUS_NAMES,
    TRANSITIONS,
    WAIT_STAGES,
    WAITS,
    Event,
    Hold,
    HoldEvent,
    IllegalTransition,
    Stage,
    Status,
    StatusMessage,
    WaitEvent,
)
from certdesk.domain.orders.move import begin_move, call_off_move, unlinked
from certdesk.domain.orders.order import Decider, Order
from certdesk.domain.orders.revocation import ask_to_revoke, mark_revoked
from certdesk.domain.usage import AT_REST
from certdesk.domain.values.products import DNS_AUTO, FREE
from certdesk.domain.values.record import replace
from tools.reference.statuses_page import bought, each_kind

OTHER = "aB3dE5fG"
"""The order that a reissue replaces."""

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

# Certificates.Status and .StatusMsg of both editions.
PUBLISHED = range(16)
MESSAGES = ("PRE-REVIEWING", "LEGAL-REVIEWING", "CA-REVIEWING", "PENDING-DCV", "WAIT-ISSUE")

BY_NAME = {event.name: event for kind in (Event, WaitEvent, HoldEvent) for event in kind}


def on(order: Order, event: str) -> Order:
    """Have something happen to an order, by the name of the event in its table."""
    what = BY_NAME[event]
    if what is HoldEvent.BEGIN_MOVE:
        return begin_move(order, "100000000002")
    if what is HoldEvent.END_MOVE:
        return call_off_move(order)
    if isinstance(what, HoldEvent):
        return order.held(what)
    if isinstance(what, WaitEvent):
        return order.waiting(what)
    return order.after(what)


def following(order: Order) -> Iterator[tuple[str, Order]]:
    """Everything that can happen to an order, and how it stands then."""
    for event in BY_NAME:
        try:
            yield event, on(order, event)
        except IllegalTransition:
            continue


def state(order: Order) -> tuple[Stage, StatusMessage | None, Hold | None]:
    """All three parts of its state."""
    return order.stage, order.waits_for, order.hold


def reachable() -> list[Order]:
    """An order of each kind in each state that it can reach."""
    kinds = list(each_kind())
    found = dict.fromkeys(kinds)
    left = list(kinds)
    while left:
        for _, after in following(left.pop()):
            if after not in found:
                found[after] = None
                left.append(after)
    return list(found)


kinds = st.builds(
    bought,
    st.sampled_from((25, FREE)),
    st.sampled_from(("DNS", DNS_AUTO)),
    st.none() | st.just(OTHER),
)


def test_the_statuses_and_messages_are_the_published_ones() -> None:
    """0 to 15, each with a name to show, and five messages."""
    assert [status.value for status in Status] == list(PUBLISHED)
    assert set(STATUS_NAMES) == set(Status)
    assert tuple(message.value for message in StatusMessage) == MESSAGES


def test_orders_reach_every_state_that_the_tables_have_and_every_status() -> None:
    """A row that nothing leads to would be dead, and so would a status."""
    orders = reachable()
    assert {order.status for order in orders} == set(Status)
    assert {order.stage for order in orders} == set(Stage)
    taken = {(state(order), event) for order in orders for event, _ in following(order)}
    assert {(stage, event) for (stage, _, _), event in taken if event in Event.__members__} == {
        (stage, event.name) for stage, event in TRANSITIONS
    }
    assert {(wait, event) for (_, wait, _), event in taken if event in WaitEvent.__members__} == {
        (wait, event.name) for wait, event in WAITS
    }
    assert {(hold, event) for (_, _, hold), event in taken if event in HoldEvent.__members__} == {
        (hold, event.name) for hold, event in HOLDS
    }


def test_a_wait_and_a_hold_belong_to_the_stages_that_they_name() -> None:
    """Each event has its stages, and happens at each of them."""
    taken = {(event, order.stage) for order in reachable() for event, _ in following(order)}
    declared = {(event.name, stage) for event, at in WAIT_STAGES.items() for stage in at}
    declared |= {(event.name, stage) for event, at in HOLD_STAGES.items() for stage in at}
    assert {(e, s) for e, s in taken if e not in Event.__members__} == declared


@given(order=kinds, names=st.lists(st.sampled_from(sorted(BY_NAME)), max_size=30))
def test_whatever_happens_the_state_is_one_of_the_tables(order: Order, names: list[str]) -> None:
    """An event of the stage ends each wait, and a hold lets nothing by."""
    for name in names:
        try:
            after = on(order, name)
        except IllegalTransition:
            continue
        before, event = state(order), BY_NAME[name]
        if isinstance(event, Event):
            assert state(after) == (TRANSITIONS[before[0], event], None, None)
            assert before[2] is None
        elif isinstance(event, WaitEvent):
            assert state(after) == (before[0], WAITS[before[1], event], None)
            assert before[2] is None
        else:
            assert state(after) == (*before[:2], HOLDS[before[2], event])
        order = after


@given(order=kinds, names=st.lists(st.sampled_from(sorted(BY_NAME)), max_size=30))
def test_an_order_can_be_left_and_explained_wherever_it_goes(
    order: Order, names: list[str]
) -> None:
    """Something leads on, or it can be deleted; what it waits for is counted, and told in words.

    That it is with the CA and what it waits for there are one commit.
    """
    for name in names:
        try:
            order = on(order, name)
        except IllegalTransition:
            continue
        if order.stage is Stage.UNDER_WAY and order.waits_for is None:
            continue
        assert any(state(after) != state(order) for _, after in following(order)) or (
            order.status in DELETABLE
        )
        assert wait_of(order.status, order.waits_for) is not None or order.status in AT_REST
        assert advice(order, (), None, NOON)
        assert way_to_end(order)
        shown = status_msg(order)
        assert (shown is None) == (order.waits_for is None)


def test_every_state_leads_to_an_end() -> None:
    """Given up, expired or revoked, whatever it waits for."""
    orders = reachable()
    ends = {order for order in orders if order.status in GIVEN_UP | DELETABLE}
    while grown := {
        order
        for order in orders
        if order not in ends and any(after in ends for _, after in following(order))
    }:
        ends |= grown
    assert ends == set(orders)


def test_names_may_be_proved_before_there_is_a_csr() -> None:
    """Such an order shows no status that others do not have, and is issued once it is handed in."""
    waiting = bought().waiting(WaitEvent.PROVE)
    assert (waiting.status, status_msg(waiting)) == (Status.AWAITING_MATERIAL, "PENDING-DCV")
    proved = waiting.waiting(WaitEvent.AWAIT_MATERIAL)
    assert (proved.status, status_msg(proved)) == (Status.AWAITING_MATERIAL, None)
    sent = proved.after(Event.SUBMIT_MATERIAL).after(Event.SUBMIT_ORDER)
    assert state(sent.waiting(WaitEvent.NAMES_PROVED)) == (
        Stage.UNDER_WAY,
        StatusMessage.WAIT_ISSUE,
        None,
    )


def test_only_a_reissue_is_being_reissued() -> None:
    """An order for a first certificate stays under review until it is issued."""
    for replaces, status in ((None, Status.UNDER_REVIEW), (OTHER, Status.REISSUING)):
        sent = bought(replaces=replaces).after(Event.SUBMIT_ORDER).waiting(WaitEvent.PROVE)
        assert sent.status is Status.UNDER_REVIEW
        assert sent.waiting(WaitEvent.NAMES_PROVED).status is status


def test_a_reissue_whose_original_was_deleted_is_still_one() -> None:
    """Its proof may become too old all the same, which once could not be noted."""
    sent = replace(bought(replaces=OTHER), ends_by=NOON).after(Event.SUBMIT_ORDER)
    ready = unlinked(sent.waiting(WaitEvent.PROVE).waiting(WaitEvent.NAMES_PROVED), OTHER)
    assert ready.status is Status.REISSUING
    assert ready.waiting(WaitEvent.PROOF_TOO_OLD).status is Status.UNDER_REVIEW


@pytest.mark.parametrize("decider", Decider)
def test_what_the_desk_decided_says_why_also_once_it_is_done(decider: Decider) -> None:
    """What others decided needs no words of the desk's."""
    issued = bought().after(Event.SUBMIT_ORDER).after(Event.ISSUE)
    asked = ask_to_revoke(
        issued, Event.DECIDE_TO_REVOKE, reason="keyCompromise", decided_by=decider, why="Known."
    )
    told = status_msg(mark_revoked(asked, NOON))
    assert told == ("Known." if decider is Decider.DESK else None)


@pytest.mark.parametrize("event", list(BOUGHT_ONLY))
def test_what_was_not_bought_is_neither_opened_again_nor_paid_back(event: Event) -> None:
    """The vendor's action is for paid ones; a reissue is part of what was paid for before."""
    of_reissues, of_free = BOUGHT_ONLY[event]
    for give_up in (Event.CANCEL_ORDER, Event.FAIL):
        refuse: Callable[[Order], object] = functools.partial(Order.after, event=event)
        with pytest.raises(IllegalTransition, match=rf"It is a free order, so {of_free}\.$"):
            refuse(bought(FREE).after(Event.SUBMIT_ORDER).after(give_up))
        with pytest.raises(IllegalTransition, match=rf"It is a reissue, so {of_reissues}\.$"):
            refuse(bought(replaces=OTHER).after(Event.SUBMIT_ORDER).after(give_up))


def test_free_orders_count_until_they_can_be_deleted() -> None:
    """All statuses but failed, expired, cancelled, revoked and refunded."""
    assert [status.value for status in LIVING] == [0, 1, 4, 5, 6, 8, 9, 11, 12, 13, 15]


STEERED = """
from certdesk.domain.orders.lifecycle import VETTING, StatusMessage
from certdesk.domain.orders.order import Order
from certdesk.domain.values.revocation_reason import KEY_KNOWN

def by_its_reason(order: Order) -> bool:
    return order.reason == KEY_KNOWN

def by_a_wait_in_its_reason(order: Order) -> bool:
    return order.reason == StatusMessage.PENDING_DCV

def by_a_reason_among_waits(order: Order) -> bool:
    return order.reason in VETTING

def by_the_text_of_a_wait(order: Order) -> bool:
    return order.waits_for == "PENDING-DCV"

def by_what_the_wire_shows(order: Order) -> bool:
    return order.status_msg == "PENDING-DCV"

def by_who_decided_in_words(order: Order) -> bool:
    return order.revocation is not None and order.revocation.decided_by == "desk"
"""


def test_mypy_finds_a_text_that_steers_what_comes_next(tmp_path: Path) -> None:
    """Each way in which it was done once, or could be."""
    probe = tmp_path / "probe.py"
    probe.write_text(STEERED)
    root = Path(__file__).parents[2]
    told = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", root / "pyproject.toml", probe],
        cwd=root,
        env={**os.environ, "MYPYPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    functions = [n for n, line in enumerate(STEERED.splitlines(), 1) if "return" in line]
    found = {int(line.split(":")[1]) for line in told.splitlines() if ": error:" in line}
    assert found == set(functions), told
