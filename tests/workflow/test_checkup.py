"""Whether a check-up finds what is wrong with clock, keys and work."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.domain.operation.checkup import Health, Observation
from certdesk.domain.orders.order import Order
from certdesk.domain.pki import clock_guard
from certdesk.domain.pki.records import StockedKey
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.record import replace
from certdesk.ports import Examiner, collections
from certdesk.workflow import checkup
from certdesk.workflow.checkup import (
    ClockCheckup,
    KeysCheckup,
    Running,
    ThreadsCheckup,
    WorkCheckup,
)
from certdesk.workflow.serving_watch import ServingWatch
from tests.inside import InsideDesk
from tests.workflow.ordering import Ordered, ordered, submit

DAY = timedelta(days=1)


@pytest.fixture
def its(tmp_path: Path) -> Iterator[Ordered]:
    """An order on a desk."""
    with ordered(tmp_path) as made:
        yield made


def wrong(examiner: Examiner) -> list[Observation]:
    """Tell what is not as it should be; each with what to do."""
    found = list(examiner())
    assert all(bool(each.remedy) is (each.state is not Health.OK) for each in found)
    return [each for each in found if each.state is not Health.OK]


def work(desk: InsideDesk) -> list[Observation]:
    """Tell what is wrong with orders."""
    return wrong(WorkCheckup(desk.store, desk.clock).examine)


def test_a_clock_that_went_back_fails(its: Ordered) -> None:
    """By more than five minutes, and until it is right again."""
    desk = its.desk
    examiner = ClockCheckup(desk.store, desk.clock).examine
    note(desk)
    assert wrong(examiner) == []
    desk.clock.move(-timedelta(minutes=5))
    assert wrong(examiner) == []
    desk.clock.move(-timedelta(minutes=1))
    (found,) = wrong(examiner)
    assert (found.check, found.state) == ("clock", Health.FAIL)
    assert "the clock is behind" in found.what
    assert "certdesk clock accept" in found.remedy
    desk.operator("AcceptClock")
    assert wrong(examiner) == []


def note(desk: InsideDesk) -> None:
    """Have the desk see the time, as its probe does."""
    desk.store.write(lambda unit: unit.marks.add(clock_guard.mark_of(desk.clock.now())))


def test_orders_that_were_set_aside_are_named_with_the_command(its: Ordered) -> None:
    """Typed, it takes the order up again."""
    desk, task = its.desk, its.task
    aside = replace(task, set_aside=True, due_at=None, failures=5, reason="builtins.OSError")
    desk.store.write(lambda unit: unit.tasks.replace(aside))
    (found,) = work(desk)
    assert (found.check, found.state) == ("orders", Health.FAIL)
    assert "is set aside after 5 failures: builtins.OSError" in found.what
    assert found.remedy.endswith(f"certdesk order resume {its.certificate_id}")

    desk.operator("ResumeOrder", CertificateId=its.certificate_id)
    assert work(desk) == []


def test_work_that_nobody_does_is_told_of(its: Ordered) -> None:
    """Ten minutes after it was due."""
    its.desk.clock.move(timedelta(minutes=1) - timedelta(seconds=1))
    assert work(its.desk) == []
    its.desk.clock.move(timedelta(seconds=1))
    (found,) = work(its.desk)
    assert (found.check, found.state) == ("work", Health.WARN)
    assert "1 orders have been due" in found.what


def issued(its: Ordered, **changes: object) -> Order:
    """Have the order issued, and note changes of it."""
    its.prove("shop.example.com")
    its.desk.take_on(its.certificate_id)
    order = replace(its.desk.order(its.certificate_id), **changes)  # type: ignore[arg-type] # its fields
    assert order.ends_at is not None
    return its.desk.store.write(lambda unit: unit.orders.replace(order))


def certificates(desk: InsideDesk) -> list[tuple[Health, str, str]]:
    """Tell what is wrong with certificates."""
    return [
        (each.state, each.what, each.remedy) for each in work(desk) if each.check == "certificates"
    ]


def until(desk: InsideDesk, order: Order, left: timedelta) -> None:
    """Move the clock so that so much is left of a certificate."""
    assert order.ends_at is not None
    desk.clock.move(order.ends_at - left - desk.clock.now())


def test_a_certificate_that_should_be_fresh_is_named_before_its_end(its: Ordered) -> None:
    """A warning in the last fourteen days, a failure in the last seven."""
    order = issued(its, auto_renew=True)
    until(its.desk, order, 14 * DAY)
    assert certificates(its.desk) == []
    until(its.desk, order, 13 * DAY)
    ((state, what, remedy),) = certificates(its.desk)
    assert state is Health.WARN
    assert f"{order.certificate_id} for shop.example.com ends at" in what
    assert "it has no successor" in what
    assert f"certdesk order show {order.certificate_id}" in remedy
    until(its.desk, order, 6 * DAY)
    assert [state for state, _, _ in certificates(its.desk)] == [Health.FAIL]


def test_time_that_was_bought_makes_it_one_that_should_be_fresh(its: Ordered) -> None:
    """Without any, and without renewal, it may end."""
    order = issued(its, ends_by=None)
    until(its.desk, order, DAY)
    assert certificates(its.desk) == []
    assert order.ends_at is not None
    more = replace(its.desk.order(its.certificate_id), ends_by=order.ends_at + 100 * DAY)
    its.desk.store.write(lambda unit: unit.orders.replace(more))
    assert len(certificates(its.desk)) == 1


def test_what_follows_a_certificate_is_named_until_it_is_there(its: Ordered) -> None:
    """With what it waits for."""
    desk = its.desk
    until(desk, issued(its, auto_renew=True), DAY)
    following = submit(desk, its.caller, "shop.example.com")
    followed = replace(desk.order(its.certificate_id), renewed_by=following.certificate_id)
    desk.store.write(lambda unit: unit.orders.replace(followed))
    ((_, what, remedy),) = certificates(desk)
    assert f"its successor {following.certificate_id} has the status PENDING-DCV" in what
    assert f"certdesk order show {following.certificate_id}" in remedy
    desk.take_on(following.certificate_id)
    assert following.status == (1, None)
    assert certificates(desk) == []


def test_many_are_counted(its: Ordered, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones are named."""
    monkeypatch.setattr(checkup, "SHOWN", 1)
    monkeypatch.setattr(collections, "PAGE", 2)
    first = issued(its, auto_renew=True)
    for _ in range(2):
        issued(submit(its.desk, its.caller, "shop.example.com"), auto_renew=True)
    until(its.desk, first, DAY)
    assert [what for _, what, _ in certificates(its.desk)][1:] == ["and 2 more end soon"]


def test_keys_are_ready_and_secrets_open(its: Ordered) -> None:
    """A kind of which none is ready is told of, one that is not kept ready is not."""
    desk = its.desk
    sizes = {KeyKind.RSA_2048: 0, KeyKind.P_256: 4}
    examiner = KeysCheckup(desk.store, desk.vault, sizes).examine
    (found,) = wrong(examiner)
    assert (found.state, "prime256v1" in found.what) == (Health.WARN, True)
    desk.store.write(
        lambda unit: unit.key_stock.add(
            StockedKey(kind="P_256", spki_sha256=b"", sealed=b"", created_at=desk.clock.now())
        )
    )
    assert wrong(examiner) == []


def test_an_account_whose_secrets_do_not_open_fails(its: Ordered) -> None:
    """Its keyset is another desk's, or was altered."""
    desk = its.desk
    other = desk.account()
    account = desk.store.read(lambda unit: unit.accounts.get(other.uin))
    assert account is not None
    foreign = replace(account, uin="100000000009", version=1)
    desk.store.write(lambda unit: unit.accounts.add(foreign))
    (found,) = wrong(KeysCheckup(desk.store, desk.vault, {}).examine)
    assert (found.check, found.state) == ("keys", Health.FAIL)
    assert "100000000009" in found.what


@dataclasses.dataclass
class Work:
    """Background work that goes on, stands still, or has ended."""

    alive: bool
    trouble: str = ""


def test_background_work_that_ended_fails_where_the_rest_goes_on() -> None:
    """Where none goes on the desk does not run, and that is nothing wrong."""
    one, other = Work(alive=True), Work(alive=True)
    examiner = ThreadsCheckup(Running({"orders": one, "trimming": other}, ServingWatch())).examine
    assert wrong(examiner) == []
    other.alive = False
    (found,) = wrong(examiner)
    assert (found.state, found.what) == (Health.FAIL, "background work has ended: trimming")
    one.alive = False
    assert [each.what for each in examiner()] == ["it is not running; this is what its data shows"]


def test_background_work_that_stands_still_fails() -> None:
    """Though its thread is there."""
    examiner = ThreadsCheckup(
        Running({"orders": Work(alive=True, trouble="it fails")}, ServingWatch())
    ).examine
    (found,) = wrong(examiner)
    assert found.what == "background work is stuck: orders: it fails"
