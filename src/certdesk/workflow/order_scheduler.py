"""The engine of an embedded desk: takes up orders when their next step is due.

Due times lie in the database, so a step that a process did not finish comes up again. Who takes
an order up puts it off first, for longer than a step may take; so it is never worked on twice at
once. An order on which the work fails again and again is set aside and holds up no other.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog

from certdesk.domain.orders import standstill
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Task
from certdesk.domain.pki.issuance import Later
from certdesk.domain.values.retry import doubled
from certdesk.ports import Clock, Stale, Store, Unit, stands_still
from certdesk.workflow.order_engine import Ahead, OrderEngine, StandsStill
from certdesk.workflow.repeating import LONGEST_SECONDS, Repeating, step_back
from certdesk.workflow.validation_run import Stopped, ValidationRun

ROUND_SECONDS = 1
HANDS = 4
"""Threads that take steps; looks have their own."""

MOST_UNDER_WAY = 256
OF_AN_ACCOUNT = 16
"""Orders of one account under way together, so that it leaves room for others."""

LISTED = 1000
"""Due orders looked at in a round."""

TAKEN_FOR = timedelta(seconds=60)
"""How long an order is off the list for whoever works on it, who renews that."""

RENEWED_BEFORE = timedelta(seconds=30)

MOST_FAILURES = 5
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=20), timedelta(minutes=3)

log = structlog.get_logger()


class _Held:
    """An order that is worked on: `task` is how it stands on the list, None before and after.

    Who writes it there has its `turn`: whoever renews it and whoever puts it back would else take
    each other's version for something new that came up for the order.
    """

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.task: Task | None = None


class OrderScheduler(Repeating):
    """Works through the orders that are due; also the `Work` that actions may ask for."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        advancing: OrderEngine,
        looking: ValidationRun,
        alone: bool = False,
    ) -> None:
        """Prepare; nothing is done before `start`.

        Who is `alone` at its database need not wait for what a process took up that has ended.
        """
        self._store = store
        self._clock = clock
        self._advancing = advancing
        self._looking = looking
        self._alone = alone
        super().__init__("orders", self.round, ROUND_SECONDS)
        self._threads = ThreadPoolExecutor(HANDS, "order", initializer=step_back)
        self._change = threading.Lock()
        self._under_way: dict[str, _Held] = {}
        self._in_hand: dict[str, float] = {}
        self._of_account: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to work."""
        if self._alone:
            self._store.write(self._take_over)
        super().start()

    def stop(self) -> None:
        """End the steps in hand and begin no more."""
        super().stop()
        self._looking.stop()
        self._advancing.stop()
        self._threads.shutdown()

    @property
    def trouble(self) -> str:
        """Why nothing is done for orders, empty where it is."""
        began = min(list(self._in_hand.values()), default=None)
        if began is not None and time.monotonic() - began > LONGEST_SECONDS:
            return "a step on an order does not come to an end"
        return super().trouble

    @property
    def under_way(self) -> int:
        """How many orders have steps taken just now."""
        return len(self._under_way)

    def prove(self, order: Order, names: Sequence[str]) -> Future[None] | None:
        """Look for proofs at once; see `ports.Work`."""
        return self._looking.prove_now(order, names)

    def round(self) -> None:
        """Take up what is due, as much as there is room for, and keep what is taken up."""
        now = self._clock.now()
        self._keep_hold(now)
        for task in self._store.read(lambda unit: unit.tasks.due("due_at", now, LISTED)):
            if self._begin(task):
                self._threads.submit(self._take_up, task)

    def _keep_hold(self, now: datetime) -> None:
        """Put off again what takes long, so that nobody else takes it up."""
        with self._change:
            under_way = list(self._under_way.values())
        for held in under_way:
            with held.turn:
                self._renew(held, now)

    def _renew(self, held: _Held, now: datetime) -> None:
        task = held.task
        if task is None or task.due_at is None or task.due_at > now + RENEWED_BEFORE:
            return
        # Something new came up for it: then it is not held any longer.
        with contextlib.suppress(Stale):
            held.task = self._put(dataclasses.replace(task, due_at=now + TAKEN_FOR))

    def _take_over(self, unit: Unit) -> None:
        """Make due what a process may have taken up that has ended."""
        now = self._clock.now()
        for task in unit.tasks.due("due_at", now + TAKEN_FOR, LISTED):
            unit.tasks.replace(dataclasses.replace(task, due_at=now))

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
        """Put the order off the list, then take its steps."""
        try:
            taken = self._put(dataclasses.replace(task, due_at=self._clock.now() + TAKEN_FOR))
        except Stale:
            self._end(task)
        except Exception:
            log.exception("an order was not taken up", certificate=task.certificate_id)
            self._end(task)
        else:
            self._under_way[taken.certificate_id].task = taken
            self._work_on(taken)

    def _work_on(self, task: Task) -> None:
        """Take steps until the order has to wait; for looks it does so without a thread."""
        try:
            due_at = self._steps(task)
            if isinstance(due_at, Future):
                due_at.add_done_callback(functools.partial(self._go_on, task))
                return
            after = _rested(task, due_at)
        except StandsStill:
            after = dataclasses.replace(task, due_at=None, failures=0, reason=standstill.REASON)
        except (Stale, Stopped):
            after = dataclasses.replace(task, due_at=self._clock.now())
        except Exception as error:  # noqa: BLE001 -- it is noted, and the order tried again
            after = self._failed(task, error)
        self._put_back(task, after)

    def _steps(self, task: Task) -> Ahead:
        due_at = self._step(task)
        while isinstance(due_at, datetime) and due_at <= self._clock.now():
            due_at = self._step(task)
        return due_at

    def _step(self, task: Task) -> Ahead:
        """Take one step, which is known to be in hand meanwhile."""
        self._in_hand[task.certificate_id] = time.monotonic()
        try:
            return self._advancing.step(task.certificate_id)
        finally:
            del self._in_hand[task.certificate_id]

    def _go_on(self, task: Task, part: Future[None] | Future[Later | None]) -> None:
        """Go on after looks have ended, or a step at an issuer elsewhere."""
        error = part.exception()
        if isinstance(error, (Stopped, Stale)):
            self._put_back(task, dataclasses.replace(task, due_at=self._clock.now()))
        elif error is not None:
            self._put_back(task, self._failed(task, error))
        elif (pause := part.result()) is not None:
            self._put_back(task, _rested(task, pause))
        else:
            with contextlib.suppress(RuntimeError):  # the desk is ending
                self._threads.submit(self._work_on, task)

    def _failed(self, task: Task, error: BaseException) -> Task:
        failures = task.failures + 1
        log.error(
            "a step failed", certificate=task.certificate_id, failures=failures, exc_info=error
        )
        set_aside = failures >= MOST_FAILURES
        pause = doubled(FIRST_PAUSE, failures - 1, LONGEST_PAUSE)
        return dataclasses.replace(
            task,
            failures=failures,
            # Its text may hold anything.
            reason=f"{type(error).__module__}.{type(error).__qualname__}",
            set_aside=set_aside,
            due_at=None if set_aside else self._clock.now() + pause,
        )

    def _put_back(self, task: Task, after: Task) -> None:
        held = self._under_way[task.certificate_id]
        with held.turn:
            version, held.task = (held.task or task).version, None
            try:
                self._put(dataclasses.replace(after, version=version))
            except Stale:
                # Something new came up for it meanwhile: it is on the list.
                pass
            except Exception:
                log.exception("work on an order was not noted", certificate=task.certificate_id)
        self._end(task)

    def _put(self, task: Task) -> Task:
        return self._store.write(functools.partial(_replace, task, self._clock.now()))


def _rested(task: Task, ahead: datetime | Later | None) -> Task:
    """Return the task of an order that waits for a time, and for what reason if there is one."""
    at, reason = (ahead.at, ahead.reason) if isinstance(ahead, Later) else (ahead, "")
    return dataclasses.replace(task, due_at=at, failures=0, reason=reason)


def _replace(task: Task, now: datetime, unit: Unit) -> Task:
    """Store a changed task.

    One that is put aside with its account is made due by whoever enables the account, which may
    just have been done: then it is due now.
    """
    if task.reason == standstill.REASON:
        order = unit.orders.get(task.certificate_id)
        if order is None or not stands_still(unit, order):
            task = dataclasses.replace(task, due_at=now, reason="")
    return unit.tasks.replace(task)
