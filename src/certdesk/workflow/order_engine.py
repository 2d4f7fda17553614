"""Takes an order one step further: checks, issues, closes or moves it.

What a step has found or done is in the order's state, and is stored with the next step that relies
on it, or when the order has to wait. Each step may run twice: it finds what an earlier run has
stored, and is stored only if the order has not changed since it was read.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from certdesk.domain.operation.figures import Counted
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.steps import (
    AskCaa,
    AskForChallenges,
    Close,
    DeclineRevocation,
    EndCancelling,
    Expire,
    Issue,
    Move,
    Prove,
    Remove,
    Revoke,
    RevokeCompromised,
    Step,
    Wait,
    next_step,
    step_while_disabled,
)
from certdesk.domain.pki.issuance import absent, busy
from certdesk.domain.rules import Rules
from certdesk.ports import Clock, Counts, Issuers, Stale, Store, Unit, Vault
from certdesk.workflow.counting import Uncounted
from certdesk.workflow.issuer_threads import IssuerThreads
from certdesk.workflow.issuing_steps import IssuingSteps
from certdesk.workflow.moving import Moving
from certdesk.workflow.order_changes import (
    closed,
    decline_revocation,
    end_cancelling,
    expire,
    revoke_compromised,
)
from certdesk.workflow.order_state import (
    Next,
    OrderState,
    Rest,
    order_state_of,
    store_state,
)
from certdesk.workflow.validation_run import TOGETHER, ValidationRun

WITHOUT_ISSUER = timedelta(minutes=10)
"""When to try an order again whose issuer this desk does not have."""

WHILE_BUSY = timedelta(seconds=10)
"""When to try an order again whose issuer is busy."""

BY_ISSUER = AskForChallenges | Issue | Revoke
"""The steps that the order's issuer takes."""

AT_ISSUER = BY_ISSUER | AskCaa
"""The steps that need the order's issuer."""

GOES_ON = AskCaa | Issue
"""The steps that are taken with findings that are not stored yet, up to `TOGETHER` of them."""


Result = TypeVar("Result")

log = structlog.get_logger()


class Suspended(Exception):
    """The order is not worked on until its account is enabled."""


class OrderEngine:
    """Takes the next steps of orders."""

    def __init__(  # noqa: PLR0913 -- it works with most parts of the desk
        self,
        store: Store,
        vault: Vault,
        clock: Clock,
        rng: random.Random,
        *,
        validation_run: ValidationRun,
        issuers: Issuers,
        rules: Rules,
        counts: Counts | None = None,
    ) -> None:
        """Work with these parts."""
        self._store = store
        self._clock = clock
        self._validation_run = validation_run
        self._moving = Moving(store, vault, clock)
        self._issuing = IssuingSteps(store, vault, clock, rng, issuers=issuers, rules=rules)
        self._issuers = issuers
        self._rules = rules
        self._issuer_threads = IssuerThreads()
        self._counts = counts or Uncounted()

    def read(self, certificate_id: str) -> OrderState | None:
        """Return the state of an order, None if there is no such order."""
        return self._store.read(functools.partial(order_state_of, certificate_id))

    def step(self, state: OrderState) -> Next | Future[Next]:
        """Take the order's next step.

        Raises:
            Stale: the order has changed since it was read; nothing was done to it.
            Suspended: its account is disabled.
        """
        now = self._clock.now()
        step = self._next_step(state, now)
        if isinstance(step, Wait):
            return Rest(state=state, until=step.until)
        if isinstance(step, AT_ISSUER) and state.issuer not in self._issuers:
            return Rest(state=state, until=now + WITHOUT_ISSUER, reason=absent(state.issuer))
        if state.changes and not (isinstance(step, GOES_ON) and len(state.changes) <= TOGETHER):
            return self._store.submit(functools.partial(store_state, state))
        log.debug("step", certificate=state.order.certificate_id, step=type(step).__name__)
        if not isinstance(step, BY_ISSUER):
            return self._counted(step, functools.partial(self._take, state, step, now))
        ask = functools.partial(self._ask_issuer, state, step, now)
        take = functools.partial(self._counted, step, ask)
        if self._issuers[state.issuer].challenger is None:
            return take()
        taken = self._issuer_threads.take(state.issuer, take)
        return taken or Rest(state=state, until=now + WHILE_BUSY, reason=busy(state.issuer))

    def stop(self) -> None:
        """Wait for steps at external issuers to end, and start no more."""
        self._issuer_threads.stop()

    def _next_step(self, state: OrderState, now: datetime) -> Step:
        order, blocked = state.order, state.block
        if not state.halted:
            interval = self._rules.proof_interval
            return next_step(order, state.proofs, now, interval, blocked, state.added)
        # A compromised key does not wait for its account: its certificate is revoked within 24
        # hours (Baseline Requirements 4.9.1.1).
        step = step_while_disabled(order, now, blocked)
        if step is None:
            raise Suspended
        return step

    def _counted(self, step: Step, take: Callable[[], Result]) -> Result:
        """Take a step, and count it when it ends."""
        kind = type(step).__name__
        try:
            result = take()
        except Exception as error:
            self._count(kind, error)
            raise
        if isinstance(result, Future):
            result.add_done_callback(lambda ended: self._count(kind, ended.exception()))
        else:
            self._count(kind, None)
        return result

    def _count(self, kind: str, error: BaseException | None) -> None:
        result = "overtaken" if isinstance(error, Stale) else "failed" if error else "done"
        self._counts.count(Counted.STEPS, kind=kind, result=result)

    def _ask_issuer(
        self, state: OrderState, step: AskForChallenges | Issue | Revoke, now: datetime
    ) -> Next | Future[Next]:
        match step:
            case AskForChallenges():
                return self._issuing.ask_for_challenges(state, now)
            case Issue():
                return self._issuing.issue(state, now)
            case Revoke():
                self._issuing.revoke(state)
        return None

    def _take(self, state: OrderState, step: Step, now: datetime) -> Next | Future[Next]:
        match step:
            case Prove(names):
                return self._validation_run.prove(state, names)
            case AskCaa(names):
                return self._validation_run.ask_caa(state, names)
            case Remove(records):
                return self._validation_run.remove(state.order, records)
            case Close(reason):
                return closed(state, reason, now)
            case Move():
                self._moving.move(state.order)
            case _:
                self._store.write(functools.partial(self._change, state.order, step))
        return None

    def _change(self, order: Order, step: Step, unit: Unit) -> None:
        """Take a step that the desk takes alone."""
        now = self._clock.now()
        match step:
            case RevokeCompromised():
                revoke_compromised(unit, order, now)
            case DeclineRevocation(reason):
                decline_revocation(unit, order, reason, now)
            case Expire():
                expire(unit, order, now)
            case EndCancelling():
                end_cancelling(unit, order, now)
