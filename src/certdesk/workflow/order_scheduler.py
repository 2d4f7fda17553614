"""Takes up orders when their next step is due.

Due times are in the database, so a step that a process did not finish comes up again. A process
that takes up an order first moves its due time past the longest time that a step may take, so that
no two processes work on it at once. An order whose steps keep failing is set aside, and does not
hold up others.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog

from certdesk.domain.orders import suspension
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Task
from certdesk.domain.pki.issuance import Later
from certdesk.domain.values.record import replace
from certdesk.domain.values.retry import doubled
from certdesk.ports import Clock, Stale, Store, Unit, is_suspended
from certdesk.workflow.order_engine import Ahead, OrderEngine, Suspended
from certdesk.workflow.repeating import LONGEST_SECONDS, Repeating, step_back
from certdesk.workflow.validation_run import Stopped, ValidationRun

ROUND_SECONDS = 1
HANDS = 4
"""Threads that take steps; checks have threads of their own."""

MOST_UNDER_WAY = 256
OF_AN_ACCOUNT = 16
"""The most orders of one account in progress at once, so that others have room."""

LISTED = 1000
"""The most due orders read in one round."""

TAKEN_FOR = timedelta(seconds=60)
"""How long an order is off the list while a process works on it; the process extends that."""

RENEWED_BEFORE = timedelta(seconds=30)

MOST_FAILURES = 5
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=20), timedelta(minutes=3)

log = structlog.get_logger()


class _Held:
    """An order in progress: `task` is its row on the list, or None before and after.

    `turn` is held to write that row. Without it, one thread could extend the time while another
    puts the order back, and each would take the other's version for a new event on the order.
    """

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.task: Task | None = None


class OrderScheduler(Repeating):
    """Works through the orders that are due; implements `ports.Work` for actions."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        order_engine: OrderEngine,
        validation_run: ValidationRun,
        alone: bool = False,
    ) -> None:
        """Prepare; nothing is done before `start`.

        A process that is `alone` at its database takes over at once what an earlier process had in
        hand.
        """
        self._store = store
        self._clock = clock
        self._order_engine = order_engine
        self._validation_run = validation_run
        self._alone = alone
        super().__init__("orders", self.round, ROUND_SECONDS)
        self._threads = ThreadPoolExecutor(HANDS, "order", initializer=step_back)
        self._change = threading.Lock()
        self._under_way: dict[str, _Held] = {}
        self._in_hand: dict[str, float] = {}
        self._of_account: Counter[str] = Counter()

    def start(self) -> None:
        """Start working."""
        if self._alone:
            self._store.write(self._take_over)
        super().start()

    def stop(self) -> None:
        """Finish the steps in progress, and start no more."""
        super().stop()
        self._validation_run.stop()
        self._order_engine.stop()
        self._threads.shutdown()

    @property
    def trouble(self) -> str:
        """Why orders are not worked on; empty if they are."""
        began = min(list(self._in_hand.values()), default=None)
        if began is not None and time.monotonic() - began > LONGEST_SECONDS:
            return "a step on an order does not end"
        return super().trouble

    @property
    def under_way(self) -> int:
        """How many orders are being worked on."""
        return len(self._under_way)

    def prove(self, order: Order, names: Sequence[str]) -> Future[None] | None:
        """Check proofs at once; see `ports.Work`."""
        return self._validation_run.prove_now(order, names)

    def round(self) -> None:
        """Take up due orders, as far as there is room, and extend the time of those in progress."""
        now = self._clock.now()
        self._keep_hold(now)
        for task in self._store.read(lambda unit: unit.tasks.due("due_at", now, LISTED)):
            if self._begin(task):
                self._threads.submit(self._take_up, task)

    def _keep_hold(self, now: datetime) -> None:
        """Extend the time of orders in progress, so that no other process takes them up."""
        with self._change:
            under_way = list(self._under_way.values())
        for held in under_way:
            with held.turn:
                self._renew(held, now)

    def _renew(self, held: _Held, now: datetime) -> None:
        task = held.task
        if task is None or task.due_at is None or task.due_at > now + RENEWED_BEFORE:
            return
        # A new event on the order put it back on the list: this process no longer holds it.
        with contextlib.suppress(Stale):
            held.task = self._put(replace(task, due_at=now + TAKEN_FOR))

    def _take_over(self, unit: Unit) -> None:
        """Make due the orders that an earlier process may have had in hand when it ended."""
        now = self._clock.now()
        for task in unit.tasks.due("due_at", now + TAKEN_FOR, LISTED):
            unit.tasks.replace(replace(task, due_at=now))

    def _begin(self, task: Task) -> bool:
        with self._change:
            room = (
                task.certificate_id not in self._under_way
                and len(self._under_way) < MOST_UNDER_WAY
                and self._of_account[task.uin] < OF_AN_ACCOUNT
            )
            if room:
                self._under_way[task.certificate_id] = _Held()
                self._of_account[task.uin] += 1
            return room

    def _end(self, task: Task) -> None:
        with self._change:
            del self._under_way[task.certificate_id]
            self._of_account -= Counter([task.uin])
        self.wake()

    def _take_up(self, task: Task) -> None:
        """Take the order off the list, then take its steps."""
        try:
            taken = self._put(replace(task, due_at=self._clock.now() + TAKEN_FOR))
        except Stale:
            self._end(task)
        except Exception:
            log.exception("work on an order could not start", certificate=task.certificate_id)
            self._end(task)
        else:
            self._under_way[taken.certificate_id].task = taken
            self._work_on(taken)

    def _work_on(self, task: Task) -> None:
        """Take steps until the order has to wait; it holds no thread while checks run."""
        try:
            due_at = self._steps(task)
            if isinstance(due_at, Future):
                due_at.add_done_callback(functools.partial(self._go_on, task))
                return
            after = _rested(task, due_at)
        except Suspended:
            after = replace(task, due_at=None, failures=0, reason=suspension.REASON)
        except (Stale, Stopped):
            after = replace(task, due_at=self._clock.now())
        except Exception as error:  # noqa: BLE001 -- it is logged and the order retried
            after = self._failed(task, error)
        self._put_back(task, after)

    def _steps(self, task: Task) -> Ahead:
        due_at = self._step(task)
        while isinstance(due_at, datetime) and due_at <= self._clock.now():
            due_at = self._step(task)
        return due_at

    def _step(self, task: Task) -> Ahead:
        """Take one step, and count the order as in progress meanwhile."""
        self._in_hand[task.certificate_id] = time.monotonic()
        try:
            return self._order_engine.step(task.certificate_id)
        finally:
            del self._in_hand[task.certificate_id]

    def _go_on(self, task: Task, part: Future[None] | Future[Later | None]) -> None:
        """Continue after checks, or a step at an external issuer, have ended."""
        error = part.exception()
        if isinstance(error, (Stopped, Stale)):
            self._put_back(task, replace(task, due_at=self._clock.now()))
        elif error is not None:
            self._put_back(task, self._failed(task, error))
        elif (pause := part.result()) is not None:
            self._put_back(task, _rested(task, pause))
        else:
            with contextlib.suppress(RuntimeError):  # the desk is stopping
                self._threads.submit(self._work_on, task)

    def _failed(self, task: Task, error: BaseException) -> Task:
        failures = task.failures + 1
        log.error(
            "a step on an order failed",
            certificate=task.certificate_id,
            failures=failures,
            exc_info=error,
        )
        set_aside = failures >= MOST_FAILURES
        pause = doubled(FIRST_PAUSE, failures - 1, LONGEST_PAUSE)
        return replace(
            task,
            failures=failures,
            # The text of an unforeseen error may hold a secret.
            reason=f"{type(error).__module__}.{type(error).__qualname__}",
            set_aside=set_aside,
            due_at=None if set_aside else self._clock.now() + pause,
        )

    def _put_back(self, task: Task, after: Task) -> None:
        held = self._under_way[task.certificate_id]
        with held.turn:
            version, held.task = (held.task or task).version, None
            try:
                self._put(replace(after, version=version))
            except Stale:
                # A new event has put the order back on the list meanwhile.
                pass
            except Exception:
                log.exception(
                    "a failure of work on an order could not be stored",
                    certificate=task.certificate_id,
                )
        self._end(task)

    def _put(self, task: Task) -> Task:
        return self._store.write(functools.partial(_replace, task, self._clock.now()))


def _rested(task: Task, ahead: datetime | Later | None) -> Task:
    """Return the task of an order that waits for a time, with the reason if there is one."""
    at, reason = (ahead.at, ahead.reason) if isinstance(ahead, Later) else (ahead, "")
    return replace(task, due_at=at, failures=0, reason=reason)


def _replace(task: Task, now: datetime, unit: Unit) -> Task:
    """Store a changed task.

    A task that is set aside because its account is disabled becomes due when the account is
    enabled. If that has just happened, it is due now.
    """
    if task.reason == suspension.REASON:
        order = unit.orders.get(task.certificate_id)
        if order is None or not is_suspended(unit, order):
            task = replace(task, due_at=now, reason="")
    return unit.tasks.replace(task)
