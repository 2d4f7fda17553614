"""The engine: takes orders up when they are due, each by one hand, and sets aside what fails."""

from __future__ import annotations

import dataclasses
import functools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from certdesk.domain.pki.issuance import IssueRequest, Progress, Recorded
from certdesk.domain.validation.challenge import Challenge, Finding, ProofKind
from certdesk.domain.values.record import replace
from certdesk.ports import Issuer, Result, Store, Unit
from certdesk.workflow.issuing_steps import begin
from certdesk.workflow.order_scheduler import (
    HANDS,
    LISTED,
    MOST_FAILURES,
    TAKEN_FOR,
    OrderScheduler,
)
from certdesk.workflow.order_state import OrderState
from tests.issuing import IssuerAround
from tests.workflow.ordering import Ordered, ordered, submit
from tests.working import until

NAME = "shop.example.com"
SECONDS = 30


def _failed(order: Ordered, failures: int) -> bool:
    return order.task.failures == failures


@pytest.fixture
def order(tmp_path: Path) -> Iterator[Ordered]:
    """An order at a desk whose engine runs."""
    with ordered(tmp_path, NAME) as submitted:
        submitted.desk.orders.start()
        yield submitted
        submitted.desk.orders.stop()


def test_a_proved_order_is_issued_without_anybody(order: Ordered) -> None:
    """And comes up again when the certificate ends."""
    order.prove(NAME)
    order.desk.clock.move(timedelta(minutes=10))
    order.desk.orders.wake()

    until(lambda: order.status == (1, None))
    ends_at = order.desk.order(order.certificate_id).ends_at
    assert ends_at is not None
    until(lambda: order.task.due_at == ends_at + timedelta(seconds=1))


def test_submitting_has_the_order_looked_at_at_once(order: Ordered) -> None:
    """Not at the next round."""
    another = submit(order.desk, order.caller, "www.example.net")
    until(lambda: len(another.evidence) == 1)


def test_an_order_that_fails_and_fails_is_set_aside_and_holds_up_no_other(order: Ordered) -> None:
    """After five failures, with the kind of the failure and not its text."""
    order.prove(NAME, "www.example.net")
    order.desk.issuer.will(*(RuntimeError("a secret") for _ in range(5)))
    for failures in range(1, 6):
        order.desk.clock.move(timedelta(hours=1))
        order.desk.orders.wake()
        until(functools.partial(_failed, order, failures))

    assert (order.task.set_aside, order.task.due_at) == (True, None)
    assert order.task.reason == "builtins.RuntimeError"
    assert order.status[0] == 0

    another = submit(order.desk, order.caller, "www.example.net")
    until(lambda: another.status == (1, None))


def test_what_somebody_does_to_an_order_set_aside_puts_it_back(order: Ordered) -> None:
    """CompleteCertificate asks for it to be taken on."""
    order.prove(NAME)
    order.desk.issuer.will(*(RuntimeError() for _ in range(5)))
    for failures in range(1, 6):
        order.desk.clock.move(timedelta(hours=1))
        order.desk.orders.wake()
        until(functools.partial(_failed, order, failures))

    order.desk.call(order.caller, "CompleteCertificate", CertificateId=order.certificate_id)
    until(lambda: order.status == (1, None))
    until(lambda: order.task.failures == 0)


def test_who_is_alone_does_not_wait_for_a_process_that_has_ended(tmp_path: Path) -> None:
    """What it had taken up is due at the start."""
    with ordered(tmp_path, NAME) as order:
        order.prove(NAME)
        desk, task = order.desk, order.task
        taken = replace(task, due_at=desk.clock.now() + TAKEN_FOR)
        desk.store.write(lambda unit: unit.tasks.replace(taken))
        alone = OrderScheduler(
            desk.store,
            desk.clock,
            order_engine=desk.order_engine,
            validation_run=desk.validation_run,
            alone=True,
        )
        alone.start()
        until(lambda: order.status == (1, None))
        alone.stop()


class Counting(IssuerAround):
    """An issuer that notes how many ask it for one order at once."""

    def __init__(self, issuer: Issuer) -> None:
        """Issue as `issuer` does."""
        super().__init__(issuer)
        self.most = 0
        self._asking: Counter[str] = Counter()
        self._guard = threading.Lock()

    def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
        """Count, and take a moment."""
        with self._guard:
            self._asking[request.certificate_id] += 1
            self.most = max(self.most, self._asking[request.certificate_id])
        time.sleep(0.02)
        progress = super().proceed(request, recorded)
        with self._guard:
            self._asking[request.certificate_id] -= 1
        return progress


def test_an_order_is_never_worked_on_twice_at_once(tmp_path: Path) -> None:
    """However often it is woken and made due."""
    with ordered(tmp_path, NAME) as first:
        desk = first.desk
        counting = Counting(desk.issuer)
        work = desk.parts.orders(desk.validation_run, counting)
        names = [f"www{number}.example.net" for number in range(12)]
        first.prove(NAME, *names)
        work.start()
        orders = [first, *(submit(desk, first.caller, name) for name in names)]
        for each in orders:
            for _ in range(3):
                work.wake()
                each.desk.call(
                    each.caller, "CompleteCertificate", CertificateId=each.certificate_id
                )
        until(lambda: all(each.status == (1, None) for each in orders))
        work.stop()

    assert counting.most == 1
    assert all(len(each.certificates) == 1 for each in orders)


def test_what_a_process_took_up_and_did_not_finish_comes_up_again(tmp_path: Path) -> None:
    """When the time has passed for which it was put off."""
    with ordered(tmp_path, NAME) as order:
        order.prove(NAME)
        desk, task = order.desk, order.task
        taken = replace(task, due_at=desk.clock.now() + TAKEN_FOR)
        desk.store.write(lambda unit: unit.tasks.replace(taken))
        desk.orders.start()
        desk.orders.round()
        assert order.evidence == []

        desk.clock.move(TAKEN_FOR)
        desk.orders.wake()
        until(lambda: order.status == (1, None))
        desk.orders.stop()


class HeldIssuer(IssuerAround):
    """An issuer that stands still until it may go on."""

    def __init__(self, issuer: Issuer) -> None:
        """Issue as `issuer` does, later."""
        super().__init__(issuer)
        self.asked, self.may_go_on = threading.Event(), threading.Event()

    def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
        """Wait, and issue."""
        self.asked.set()
        assert self.may_go_on.wait(SECONDS)
        return super().proceed(request, recorded)


class Late:
    """A store that answers one thread late: what it has written is there before it knows."""

    def __init__(self, store: Store, thread: str) -> None:
        """Store as `store` does; `thread` is the name of the one that waits."""
        self.written, self.may_go_on = threading.Event(), threading.Event()
        self._store, self._thread = store, thread

    def __getattr__(self, name: str) -> object:
        """Do all else as the store does."""
        return getattr(self._store, name)

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Write, and answer that thread late."""
        result = self._store.write(commit)
        if threading.current_thread().name == self._thread:
            self.written.set()
            assert self.may_go_on.wait(SECONDS)
        return result


def test_an_order_that_is_done_while_it_is_kept_off_the_list_is_put_back(tmp_path: Path) -> None:
    """Keeping it off the list a while longer is not something new that came up for it."""
    with ordered(tmp_path, NAME) as order:
        order.prove(NAME)
        desk = order.desk
        held, late = HeldIssuer(desk.issuer), Late(desk.store, "keeping")
        store = cast("Store", late)
        work = OrderScheduler(
            store,
            desk.clock,
            order_engine=desk.advancing_with(held),
            validation_run=desk.validation_run,
        )
        work.round()
        assert held.asked.wait(SECONDS)

        desk.clock.move(TAKEN_FOR)
        keeping = threading.Thread(target=work.round, name="keeping")
        keeping.start()
        assert late.written.wait(SECONDS)
        held.may_go_on.set()
        until(lambda: len(desk.issuer.asked) == 2)
        time.sleep(0.2)  # in which it would be put back, were it not for its turn
        late.may_go_on.set()
        keeping.join()

        work.start()
        until(lambda: desk.order(order.certificate_id).ends_at is not None)
        ends_at = desk.order(order.certificate_id).ends_at
        assert ends_at is not None
        until(lambda: order.task.due_at == ends_at + timedelta(seconds=1))
        work.stop()


def test_an_order_for_one_name_is_issued_in_five_transactions(tmp_path: Path) -> None:
    """Taken up, both checks counted, the certificate recorded, and all the rest with its end."""
    with ordered(tmp_path, NAME) as order:
        order.prove(NAME)
        noting = Noting(order.desk.store)
        parts = dataclasses.replace(order.desk.parts, store=cast("Store", noting))
        work = parts.orders(parts.validation_run(order.desk.validators, order.desk.caa))
        work.start()
        until(lambda: order.status == (1, None) and not work.under_way)
        work.stop()

    assert noting.names == ["_take", "_count", "_count", "begin", "_put_back"]
    assert order.done[-2:] == ["ProveDomain", "Issue"]
    assert [check.kind for check in order.evidence] == ["TXT", "CAA"]


class Noting:
    """A store that notes what it was asked to write."""

    def __init__(self, store: Store) -> None:
        """Store as `store` does."""
        self.names: list[str] = []
        self._store = store

    def __getattr__(self, name: str) -> object:
        """Do all else as the store does."""
        return getattr(self._store, name)

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Note the name of the commit, and write."""
        return self.submit(commit).result()

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Note the name of the commit, and begin to write."""
        self.names.append(getattr(commit, "func", commit).__name__)
        return self._store.submit(commit)


def test_an_order_whose_certificate_cannot_be_stored_is_set_aside(tmp_path: Path) -> None:
    """Such a failure counts like that of a step."""
    with ordered(tmp_path, NAME) as order:
        order.prove(NAME)
        parts = dataclasses.replace(
            order.desk.parts, store=cast("Store", Refusing(order.desk.store))
        )
        work = parts.orders(parts.validation_run(order.desk.validators, order.desk.caa))
        work.start()
        for failures in range(1, MOST_FAILURES + 1):
            until(functools.partial(_failed, order, failures))
            order.desk.clock.move(timedelta(hours=1))
            work.wake()
        assert order.task.set_aside
        work.stop()


class Refusing:
    """A store that stores no certificate."""

    def __init__(self, store: Store) -> None:
        """Store all else as `store` does."""
        self._store = store

    def __getattr__(self, name: str) -> object:
        """Do all else as the store does."""
        return getattr(self._store, name)

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Begin to write, unless a certificate is among it."""
        state = next(iter(getattr(commit, "args", ())), None)
        if not isinstance(state, OrderState) or state.certificate is None:
            return self._store.submit(commit)
        refused: Future[Result] = Future()
        refused.set_exception(RuntimeError())
        return refused


def test_more_orders_than_threads_wait_for_one_write(tmp_path: Path) -> None:
    """An order that waits for a write holds no thread, so many of them share a commit."""
    with ordered(tmp_path, NAME) as first:
        first.prove(NAME)
        desk = first.desk
        desk.store.write(functools.partial(multiply, first.certificate_id, HANDS))
        parts = dataclasses.replace(desk.parts, store=cast("Store", Gathering(desk.store)))
        work = parts.orders(parts.validation_run(desk.validators, desk.caa))
        work.start()
        until(lambda: first.status == (1, None) and not work.under_way)
        work.stop()


class Gathering:
    """A store that writes what begins to be issued once more orders than threads ask for it."""

    def __init__(self, store: Store) -> None:
        """Store as `store` does."""
        self._store = store
        self._guard = threading.Lock()
        self._waiting: list[tuple[Callable[[Unit], Any], Future[Any]]] = []

    def __getattr__(self, name: str) -> object:
        """Do all else as the store does."""
        return getattr(self._store, name)

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Begin to write, later if it is a record of what will be signed."""
        if getattr(commit, "func", None) is not begin:
            return self._store.submit(commit)
        outcome: Future[Result] = Future()
        with self._guard:
            self._waiting.append((commit, outcome))
            together = self._waiting if len(self._waiting) > HANDS else []
        for each, its in together:
            its.set_result(self._store.write(each))
        return outcome


def test_what_checks_found_is_kept_when_the_ca_then_fails(order: Ordered) -> None:
    """The names are not checked once more for each failure."""
    order.desk.issuer.will(*(RuntimeError() for _ in range(3)))
    order.prove(NAME)
    for failures in range(1, 4):
        order.desk.clock.move(timedelta(hours=1))
        order.desk.orders.wake()
        until(functools.partial(_failed, order, failures))

    assert [check.kind for check in order.evidence if check.verdict == 1] == ["TXT", "CAA"]


def test_a_long_list_of_one_account_hides_no_order_of_another(tmp_path: Path) -> None:
    """However many are due before it, and however long they take."""
    with ordered(tmp_path, NAME) as first:
        desk = first.desk
        validate, may_go_on = desk.validators[ProofKind.TXT].validate, threading.Event()

        def slowly(challenge: Challenge) -> Finding:
            assert challenge.name != NAME or may_go_on.wait(SECONDS)
            return validate(challenge)

        desk.validators[ProofKind.TXT].validate = slowly  # type: ignore[method-assign]
        desk.store.write(functools.partial(multiply, first.certificate_id, 3 * LISTED))
        desk.clock.move(timedelta(seconds=1))
        other = submit(desk, desk.account(), "www.example.net")
        other.prove("www.example.net")
        desk.orders.start()
        until(lambda: other.status == (1, None))
        assert not first.evidence
        may_go_on.set()
        desk.orders.stop()


def multiply(certificate_id: str, count: int, unit: Unit) -> None:
    """Store an order so many times more, each with another id, and all of them due."""
    order, task = unit.orders.get(certificate_id), unit.tasks.get(certificate_id)
    (submission,) = unit.submissions.where(certificate_id=certificate_id)
    (proof,) = unit.proofs.where(certificate_id=certificate_id)
    assert order is not None
    assert task is not None
    for its in (f"{number:08}" for number in range(count)):
        unit.orders.add(replace(order, certificate_id=its, number=0))
        unit.submissions.add(replace(submission, certificate_id=its))
        unit.proofs.add(replace(proof, certificate_id=its))
        unit.tasks.add(replace(task, certificate_id=its))
