"""The work on orders, put together with parts that do as a test says."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from typing import Self

from certdesk.domain.proof import ProofKind
from certdesk.domain.rules import Rules
from certdesk.engine import Desk
from certdesk.ports import CaaChecker, Clock, DnsProviders, Issuer, Prover, Store, Vault
from certdesk.testing.proving import ScriptedCaa
from certdesk.workflow.added_records import AddedRecords
from certdesk.workflow.advancing import Advancing
from certdesk.workflow.looking import Looking
from certdesk.workflow.orders import OrderWork
from certdesk.workflow.pacing import LookPacing

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
        )

    def looking(
        self, provers: Mapping[ProofKind, Prover], caa: CaaChecker | None = None
    ) -> Looking:
        """Return what looks for proofs and CAA records; without `caa` there are none of these."""
        return Looking(
            self.store,
            self.clock,
            provers=provers,
            caa=caa or ScriptedCaa(self.clock),
            records=AddedRecords(self.store, self.clock, self.dns_providers),
            pacing=LookPacing(self.store, self.clock, self.rules),
            kept_looks=self.rules.quotas.looks,
        )

    def advancing(self, looking: Looking, issuer: Issuer) -> Advancing:
        """Return what takes the steps."""
        return Advancing(
            self.store,
            self.vault,
            self.clock,
            self.rng,
            looking=looking,
            issuer=issuer,
            rules=self.rules,
        )

    def orders(self, looking: Looking, issuer: Issuer) -> OrderWork:
        """Return what works on all that is due."""
        advancing = self.advancing(looking, issuer)
        return OrderWork(self.store, self.clock, advancing=advancing, looking=looking)


def take_on(
    step: Callable[[str], datetime | Future[None] | None], clock: Clock, certificate_id: str
) -> datetime | None:
    """Take an order as far as it goes now; return when its next step is due."""
    due_at = step(certificate_id)
    while isinstance(due_at, Future) or (due_at is not None and due_at <= clock.now()):
        if isinstance(due_at, Future):
            due_at.result(PATIENCE_SECONDS)
        due_at = step(certificate_id)
    return due_at
