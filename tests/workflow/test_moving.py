"""A certificate that is to have a successor goes on to have one in the account it moves to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.engine import Caller
from tests.inside import InsideDesk
from tests.workflow.renewing import LeftAlone

DAY = timedelta(days=1)


@pytest.fixture
def left(tmp_path: Path) -> Iterator[LeftAlone]:
    """A desk with a private CA."""
    with InsideDesk(tmp_path, private_ca=True) as desk:
        yield LeftAlone(desk, desk.account())


@pytest.fixture
def other(left: LeftAlone) -> Caller:
    """Another account of the desk."""
    return left.desk.account()


def send(left: LeftAlone, certificate_id: str, caller: Caller) -> None:
    """Ask for a move."""
    left.desk.operator("MoveOrder", CertificateId=certificate_id, Uin=caller.uin)


def test_a_reissue_in_bought_time_is_made_in_the_new_account(
    left: LeftAlone, other: Caller
) -> None:
    """When it would have been made in the old one, and as often as time was bought for."""
    first = left.issue(years=2)
    renewal = left.renewal(first)
    send(left, first, other)
    left.work()
    moved = left.renewal(first)
    assert renewal is not None
    assert moved is not None
    assert (moved.uin, moved.due_at) == (other.uin, renewal.due_at)
    assert left.order(first).hosted
    left.pass_time(400 * DAY)
    orders = left.chain(first)
    assert [each.status.value for each in orders] == [3] * (len(orders) - 1) + [1]
    assert len(orders) > 2
    assert {each.uin for each in orders} == {other.uin}
    assert left.all_of() == []


def test_a_renewal_that_was_asked_for_is_made_in_the_new_account(
    left: LeftAlone, other: Caller
) -> None:
    """Another time is bought there."""
    first = left.issue(AutoRenewFlag=1)
    send(left, first, other)
    left.pass_time(400 * DAY)
    orders = left.chain(first)
    assert any(each.renews for each in orders)
    assert {each.uin for each in orders} == {other.uin}


def test_a_successor_that_is_due_on_the_way_waits_for_the_arrival(
    left: LeftAlone, other: Caller
) -> None:
    """It is not forgotten, however long that takes; nor is anybody warned meanwhile."""
    first = left.issue(years=2)
    send(left, first, other)
    left.put_when_due(first)
    left.desk.renewing.round()
    assert left.successor(first) is None
    assert left.renewal(first) is not None
    end = left.order(first).ends_at
    assert end is not None
    left.put(end - 10 * DAY)
    left.desk.renewing.round()
    assert left.warnings(first) == []

    left.work()
    left.pass_time(2 * DAY)
    after = left.successor(first)
    assert after is not None
    assert (after.uin, after.status) == (other.uin, 1)


def test_the_work_on_an_order_goes_on_under_the_new_account(left: LeftAlone, other: Caller) -> None:
    """Its end is seen there."""
    first = left.issue()
    send(left, first, other)
    left.work()
    task = left.desk.store.read(lambda unit: unit.tasks.get(first))
    assert task is not None
    assert task.uin == other.uin
    left.pass_time(400 * DAY)
    assert left.order(first).status == 3
