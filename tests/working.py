"""The work on orders, put together with parts that do as a test says."""

from __future__ import annotations

import dataclasses
import functools
import random
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from typing import Self

from certdesk.domain.rules import Rules
from certdesk.domain.validation.challenge import ProofKind
from certdesk.engine import Desk
from certdesk.ports import CaaChecker, Clock, DnsProviders, Issuer, Issuers, Store, Validator, Vault
from certdesk.testing.validation import ScriptedCaa
from certdesk.workflow.added_records import AddedRecords
from certdesk.workflow.order_engine import OrderEngine
from certdesk.workflow.order_scheduler import OrderScheduler
from certdesk.workflow.order_state import Next, OrderState, Rest, store_state
from certdesk.workflow.validation_rate_limiter import ValidationRateLimiter
from certdesk.workflow.validation_run import ValidationRun

PATIENCE_SECONDS = 30


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the work on orders is made of, whoever looks and issues."""

    store: Store
    vault: Vault
    clock: Clock
    rng: random.Random
    rules: Rules
    dns_providers: DnsProviders
    issuers: Issuers

    @classmethod
    def of(cls, desk: Desk, store: Store | None = None) -> Self:
        """Return those of a desk; `store` takes the place of its own."""
        return cls(
            store=store or desk.store,
            vault=desk.vault,
            clock=desk.clock,
            rng=desk.rng,
            rules=desk.rules,
            dns_providers=desk.dns_providers,
            issuers=desk.issuers,
        )

    def validation_run(
        self, validators: Mapping[ProofKind, Validator], caa: CaaChecker | None = None
    ) -> ValidationRun:
        """Return what looks for proofs and CAA records; without `caa` there are none of these."""
        return ValidationRun(
            self.store,
            self.clock,
            validators=validators,
            caa=caa or ScriptedCaa(self.clock),
            issuers=self.issuers,
            records=AddedRecords(self.store, self.clock, self.dns_providers),
            rate_limiter=ValidationRateLimiter(self.store, self.clock, self.rules),
            stored_checks=self.rules.quotas.looks,
        )

    def order_engine(self, validation_run: ValidationRun, *issuers: Issuer) -> OrderEngine:
        """Return what takes the steps; `issuers` take the place of the desk's own."""
        return OrderEngine(
            self.store,
            self.vault,
            self.clock,
            self.rng,
            validation_run=validation_run,
            issuers=Issuers(issuers) if issuers else self.issuers,
            rules=self.rules,
        )

    def orders(self, validation_run: ValidationRun, *issuers: Issuer) -> OrderScheduler:
        """Return what works on all that is due."""
        order_engine = self.order_engine(validation_run, *issuers)
        return OrderScheduler(
            self.store, self.clock, order_engine=order_engine, validation_run=validation_run
        )


def until(met: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not met():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def take_step(engine: OrderEngine, store: Store, certificate_id: str) -> Next:
    """Read an order, take one step to its end, and store what came of it."""
    state = engine.read(certificate_id)
    if state is None:
        return None
    ahead = engine.step(state)
    if isinstance(ahead, Future):
        ahead = ahead.result(PATIENCE_SECONDS)
    known = ahead.state if isinstance(ahead, Rest) else ahead
    if known is not None:
        store.write(functools.partial(store_state, known))
    return ahead


def take_on(
    engine: OrderEngine, store: Store, clock: Clock, certificate_id: str
) -> datetime | None:
    """Take an order as far as it goes now, as the scheduler does; give when it is due again."""
    ahead: Next = None
    while True:
        state = ahead if isinstance(ahead, OrderState) else engine.read(certificate_id)
        if state is None:
            return None
        taken = engine.step(state)
        ahead = taken.result(PATIENCE_SECONDS) if isinstance(taken, Future) else taken
        if isinstance(ahead, Rest):
            store.write(functools.partial(store_state, ahead.state))
            if ahead.until is None or ahead.until > clock.now():
                return ahead.until
