"""Takes an order one step further: checks, issues, closes or moves it.

Each step may run twice: it finds what an earlier run has stored, and writes only if the order has
not changed since it was read.
"""

from __future__ import annotations

import contextlib
import functools
import random
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import TypeAlias

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
from certdesk.domain.pki.issuance import Later, absent, busy
from certdesk.domain.rules import Rules
from certdesk.ports import Clock, Counts, Issuers, Stale, Store, Unit, Vault
from certdesk.workflow.counting import Uncounted
from certdesk.workflow.issuer_threads import IssuerThreads
from certdesk.workflow.issuing_steps import IssuingSteps
from certdesk.workflow.moving import Moving
from certdesk.workflow.order_changes import (
    close,
    decline_revocation,
    end_cancelling,
    expire,
    revoke_compromised,
)
from certdesk.workflow.order_state import OrderState, order_state_of
from certdesk.workflow.validation_run import ValidationRun

WITHOUT_ISSUER = timedelta(minutes=10)
"""When to try an order again whose issuer this desk does not have."""

WHILE_BUSY = timedelta(seconds=10)
"""When to try an order again whose issuer is busy."""

BY_ISSUER = AskForChallenges | Issue | Revoke
"""The steps that the order's issuer takes."""

AT_ISSUER = BY_ISSUER | AskCaa
"""The steps that need the order's issuer."""

Ahead: TypeAlias = datetime | Future[None] | Future[Later | None] | Later | None
"""What an order waits for: a time, a check, or a pause with its reason; None for nothing.

A step at an external issuer ends with the pause that the order then needs, if any.
"""

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

    def step(self, certificate_id: str) -> Ahead:
        """Take the order's next step; return what it then waits for.

        Raises:
            Stale: the order has changed since it was read; nothing was done to it.
            Suspended: its account is disabled.
        """
        state = self._store.read(functools.partial(order_state_of, certificate_id))
        now = self._clock.now()
        if state is None:
            return None
        step = self._next_step(state, now)
        if isinstance(step, Wait):
            return step.until
        if isinstance(step, AT_ISSUER) and state.issuer not in self._issuers:
            return Later(at=now + WITHOUT_ISSUER, reason=absent(state.issuer))
        kind = type(step).__name__
        log.debug("step", certificate=certificate_id, step=kind)
        take = functools.partial(self._take_counted, state, step, now)
        if isinstance(step, BY_ISSUER) and self._issuers[state.issuer].challenger:
            taken = self._issuer_threads.take(state.issuer, lambda: _pause_in(take()))
            return taken or Later(at=now + WHILE_BUSY, reason=busy(state.issuer))
        return take()

    def stop(self) -> None:
        """Wait for steps at external issuers to end, and start no more."""
        self._issuer_threads.stop()

    def _take_counted(self, state: OrderState, step: Step, now: datetime) -> Ahead:
        with self._counted(type(step).__name__):
            return self._take(state, step, now)

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

    @contextlib.contextmanager
    def _counted(self, kind: str) -> Iterator[None]:
        try:
            yield
        except Stale:
            self._counts.count(Counted.STEPS, kind=kind, result="overtaken")
            raise
        except Exception:
            self._counts.count(Counted.STEPS, kind=kind, result="failed")
            raise
        else:
            self._counts.count(Counted.STEPS, kind=kind, result="done")

    def _take(self, state: OrderState, step: Step, now: datetime) -> Ahead:
        match step:
            case Prove(names):
                return self._validation_run.prove(state.order, names)
            case AskCaa(names):
                return self._validation_run.ask_caa(state.order, names)
            case Remove(records):
                return self._validation_run.remove(state.order, records)
            case AskForChallenges():
                return self._issuing.ask_for_challenges(state, now)
            case Issue():
                return self._issuing.issue(state, now)
            case Revoke():
                self._issuing.revoke(state)
            case Move():
                self._moving.move(state.order)
            case _:
                self._store.write(functools.partial(self._change, state.order, step))
        return now

    def _change(self, order: Order, step: Step, unit: Unit) -> None:
        """Take a step that the desk takes alone."""
        now = self._clock.now()
        match step:
            case Close(reason):
                close(unit, order, reason, now)
            case RevokeCompromised():
                revoke_compromised(unit, order, now)
            case DeclineRevocation(reason):
                decline_revocation(unit, order, reason, now)
            case Expire():
                expire(unit, order, now)
            case EndCancelling():
                end_cancelling(unit, order, now)


def _pause_in(ahead: Ahead) -> Later | None:
    return ahead if isinstance(ahead, Later) else None
