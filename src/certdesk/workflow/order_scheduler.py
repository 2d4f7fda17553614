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
from certdesk.domain.values.record import replace
from certdesk.domain.values.retry import doubled
from certdesk.ports import Clock, Stale, Store, StoreUnavailable, Unit, is_suspended
from certdesk.workflow.order_engine import OrderEngine, Suspended
from certdesk.workflow.order_state import Next, OrderState, Rest, store_state
from certdesk.workflow.repeating import LONGEST_SECONDS, Repeating, step_back
from certdesk.workflow.validation_run import Stopped, ValidationRun

ROUND_SECONDS = 1
HANDS = 2
"""Threads that take steps; checks have threads of their own."""

MOST_UNDER_WAY = 256
OF_AN_ACCOUNT = (1, 16)
"""The most orders of one account in progress at once: first each account gets one, then more."""

LISTED = 128
"""The most due orders that are read and taken off the list at once."""

MOST_DUE = 100_000
"""The most due orders among which those are looked for that an earlier process had in hand."""

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
    `state` is what is known of the order, None if it is to be read.
    """

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.task: Task | None = None
        self.state: OrderState | None = None


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
        self._change = threading.Condition()
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
        with self._change:
            self._change.wait_for(lambda: not self._under_way, LONGEST_SECONDS)
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
        for most in OF_AN_ACCOUNT:
            while self._take_up(now, most):
                pass

    def _take_up(self, now: datetime, most: int) -> bool:
        """Take some due orders off the list and begin to work on them; tell if there may be more.

        Accounts that have `most` in progress are passed over, so that a long list of one account's
        orders does not hide those of others.
        """
        with self._change:
            full = [uin for uin, count in self._of_account.items() if count >= most]
        due = self._store.read(
            lambda unit: unit.tasks.due("due_at", now, LISTED, unlike={"uin": full})
        )
        begun = [task for task in due if self._begin(task, most)]
        if not begun:
            return False
        taken: dict[str, Task] = {}
        try:
            taken = self._store.write(functools.partial(_take, begun, now + TAKEN_FOR))
        finally:
            for task in begun:
                if task.certificate_id not in taken:
                    self._drop(task)
        for task in taken.values():
            self._under_way[task.certificate_id].task = task
            self._threads.submit(self._work_on, task)
        return bool(taken)

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
            held.task = self._store.write(
                lambda unit: unit.tasks.replace(replace(task, due_at=now + TAKEN_FOR))
            )

    def _take_over(self, unit: Unit) -> None:
        """Make due the orders that an earlier process may have had in hand when it ended."""
        now = self._clock.now()
        for task in unit.tasks.due("due_at", now + TAKEN_FOR, MOST_DUE):
            if task.due_at is not None and task.due_at > now:
                unit.tasks.replace(replace(task, due_at=now))

    def _begin(self, task: Task, most: int) -> bool:
        with self._change:
            room = (
                task.certificate_id not in self._under_way
                and len(self._under_way) < MOST_UNDER_WAY
                and self._of_account[task.uin] < most
            )
            if room:
                self._under_way[task.certificate_id] = _Held()
                self._of_account[task.uin] += 1
            return room

    def _drop(self, task: Task) -> None:
        with self._change:
            del self._under_way[task.certificate_id]
            self._of_account -= Counter([task.uin])
            self._change.notify_all()

    def _end(self, task: Task) -> None:
        """Stop working on an order, and begin with others if there is room for several."""
        self._drop(task)
        of_account, in_all = self._of_account[task.uin], len(self._under_way)
        if of_account <= OF_AN_ACCOUNT[-1] // 2 and in_all <= MOST_UNDER_WAY // 2:
            self.wake()

    def _work_on(self, task: Task, part: Future[Next] | None = None) -> None:
        """Take steps until the order has to wait; it holds no thread while others work for it.

        `part` is what others have done for it just now.
        """
        held = self._under_way[task.certificate_id]
        try:
            ahead = self._steps(task, held, part.result() if part else held.state)
        except Exception as error:  # noqa: BLE001 -- it is logged and the order retried
            self._put_back(task, held, self._after(task, error))
            return
        if isinstance(ahead, Future):
            ahead.add_done_callback(functools.partial(self._go_on, task))
        else:
            self._put_back(task, held, _rested(task, ahead))

    def _steps(self, task: Task, held: _Held, ahead: Next) -> Rest | Future[Next] | None:
        """Take steps; return what the order waits for, None if there is no such order any more."""
        taken: Next | Future[Next] = ahead
        while taken is None or isinstance(taken, OrderState):
            held.state = taken or self._order_engine.read(task.certificate_id)
            if held.state is None:
                return None
            taken = self._step(task, held.state)
        return taken

    def _step(self, task: Task, state: OrderState) -> Next | Future[Next]:
        """Take one step, and count the order as in progress meanwhile."""
        self._in_hand[task.certificate_id] = time.monotonic()
        try:
            return self._order_engine.step(state)
        finally:
            del self._in_hand[task.certificate_id]

    def _go_on(self, task: Task, part: Future[Next]) -> None:
        """Continue after checks, a write, or a step at an external issuer have ended."""
        with contextlib.suppress(RuntimeError):  # the desk is stopping
            self._threads.submit(self._work_on, task, part)

    def _after(self, task: Task, error: BaseException) -> Task:
        """Return the task of an order after a step that came to no result."""
        if isinstance(error, Suspended):
            return replace(task, due_at=None, failures=0, reason=suspension.REASON)
        if isinstance(error, (Stale, Stopped)):
            return replace(task, due_at=self._clock.now())
        return self._failed(task, error)

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

    def _put_back(self, task: Task, held: _Held, after: Task) -> None:
        """Store what is known of an order, and when it is due again."""
        with held.turn:
            version, held.task = (held.task or task).version, None
        task, after = replace(task, version=version), replace(after, version=version)
        try:
            stored = self._stored(held.state, after)
        except StoreUnavailable as error:
            self._lose(task, error)
        else:
            stored.add_done_callback(functools.partial(self._after_put_back, task))

    def _stored(self, state: OrderState | None, task: Task) -> Future[None]:
        """Store a state and a task in one transaction."""
        return self._store.submit(functools.partial(_put_back, state, task, self._clock.now()))

    def _after_put_back(self, task: Task, stored: Future[None]) -> None:
        """Stop working on an order that is put back; if it is not, put back its failure."""
        error = stored.exception()
        if error is None:
            self._end(task)
        elif isinstance(error, StoreUnavailable):
            self._lose(task, error)
        else:
            with contextlib.suppress(RuntimeError):  # the desk is stopping
                self._threads.submit(self._put_failure_back, task, error)

    def _put_failure_back(self, task: Task, error: BaseException) -> None:
        try:
            self._stored(None, self._after(task, error)).result()
        except Exception as further:  # noqa: BLE001 -- it is logged, and the order comes up again
            self._lose(task, further)
        else:
            self._end(task)

    def _lose(self, task: Task, error: BaseException) -> None:
        """Stop working on an order that cannot be put back; it comes up again by itself."""
        log.error(
            "a failure of work on an order could not be stored",
            certificate=task.certificate_id,
            exc_info=error,
        )
        self._end(task)


def _rested(task: Task, rest: Rest | None) -> Task:
    """Return the task of an order that waits for a time, with the reason if there is one."""
    until, reason = (rest.until, rest.reason) if rest else (None, "")
    return replace(task, due_at=until, failures=0, reason=reason)


def _take(tasks: Sequence[Task], until: datetime, unit: Unit) -> dict[str, Task]:
    """Take orders off the list; return those that nobody else has taken, or put back, before."""
    taken = {}
    for task in tasks:
        with contextlib.suppress(Stale):
            off = unit.tasks.replace(replace(task, due_at=until))
            taken[task.certificate_id] = off
    return taken


def _put_back(state: OrderState | None, task: Task, now: datetime, unit: Unit) -> None:
    """Store an order's state and its task.

    A task that is set aside because its account is disabled becomes due when the account is
    enabled. If that has just happened, it is due now.
    """
    if state is not None:
        store_state(state, unit)
    if task.reason == suspension.REASON:
        order = unit.orders.get(task.certificate_id)
        if order is None or not is_suspended(unit, order):
            task = replace(task, due_at=now, reason="")
    # A new event may have put the order back on the list meanwhile.
    with contextlib.suppress(Stale):
        unit.tasks.replace(task)
