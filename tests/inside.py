"""A desk inside the test's own process, its store in memory, for what no client can see."""

from __future__ import annotations

import functools
import random
import uuid
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import msgspec

from certdesk import bootstrap
from certdesk.bootstrap import strong_random
from certdesk.bootstrap.vault import KEYSET_MARK
from certdesk.domain.accounts.records import AuditEntry
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission, Task
from certdesk.domain.people.provider import Provider
from certdesk.domain.people.role import Role
from certdesk.domain.rules import Rules
from certdesk.domain.validation.challenge import ProofKind
from certdesk.domain.values.record import replace
from certdesk.engine import OPERATOR, Caller, Desk
from certdesk.issuers.hierarchy import Dependencies
from certdesk.issuers.urls import PublicUrls
from certdesk.metrics.counters import Metrics
from certdesk.ports import (
    DESK,
    DnsProviders,
    Issuer,
    Issuers,
    Keys,
    SignInProviders,
    Store,
    Unit,
)
from certdesk.sign_in.passwords import Argon2, Cost
from certdesk.testing.clock import ManualClock
from certdesk.testing.issuer import ScriptedIssuer
from certdesk.testing.parsing import InlineParsers
from certdesk.testing.records import MemoryRecords
from certdesk.testing.sign_in import MemoryProvider
from certdesk.testing.store import MemoryStore
from certdesk.testing.validation import ScriptedCaa, ScriptedValidator
from certdesk.vault.local_keyset import LocalKeyset
from certdesk.vault.tink_vault import TinkVault
from certdesk.web.admin import name_of_user
from certdesk.workflow.order_engine import OrderEngine, Suspended
from certdesk.workflow.order_scheduler import OrderScheduler
from certdesk.workflow.order_state import OrderState, store_state
from certdesk.workflow.renewing import Renewing
from certdesk.workflow.stock import KeyStock
from tests.privateca import BASE, DESK_IDENTITY, PrivateCaParts
from tests.rules import rules_with
from tests.working import PATIENCE_SECONDS, Parts, take_on, take_step, until

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMPANY = Provider(
    name="company",
    issuer="https://id.example.com",
    client_id="desk",
    title="Example Corp",
    operator_groups=("admins",),
    reviewer_groups=("vetting",),
    auditor_groups=("audit",),
    user_groups=("everybody",),
)
"""The provider that people may sign in with."""

SMALLEST = Cost(memory=8, passes=1, lanes=1)
"""The least that argon2id allows."""


class InsideDesk:
    """The engine with every part real but the store and the clock.

    As a context it makes keys, when they are asked for.
    """

    def __init__(
        self,
        folder: Path,
        keys: Keys | None = None,
        rules: Rules | None = None,
        *,
        private_ca: bool = False,
        store: Store | None = None,
        issuers: Issuers | None = None,
        clock: ManualClock | None = None,
    ) -> None:
        """Keep the key-encryption key in `folder`; lend keys from `keys` where it is given.

        Certificates are from the private CA, or else from an issuer that does what a test says,
        unless there are `issuers`.
        What is kept is kept in memory, unless a `store` is given, which may be one that was begun
        with the same key-encryption key.
        """
        self.store: Store = store or MemoryStore()
        self.clock = clock or ManualClock(NOON)
        kek = LocalKeyset.open(folder / "kek.json", create=True)
        self.vault = TinkVault(kek, self._keyset)
        begun = self.store.read(lambda unit: unit.marks.get(KEYSET_MARK))
        self._own_keyset = begun.value if begun else self.vault.new_keyset(DESK)
        self.stock = KeyStock(self.store, self.vault, self.clock, sizes={}, makers=1, queue=8)
        self.validators = {kind: ScriptedValidator(self.clock) for kind in ProofKind}
        self.caa = ScriptedCaa(self.clock)
        self.records = MemoryRecords()
        self.dns_providers = DnsProviders(self.vault, (self.records,))
        self.provider = MemoryProvider(COMPANY)
        self.issuer = ScriptedIssuer(self.clock)
        self.parsers = InlineParsers()
        world = Dependencies(
            store=self.store,
            vault=self.vault,
            clock=self.clock,
            rng=strong_random(),
            urls=PublicUrls(BASE),
        )
        self.ca = PrivateCaParts(world, DESK_IDENTITY)
        both = (self.ca.issuer, self.issuer) if private_ca else (self.issuer, self.ca.issuer)
        self.issuers = issuers or Issuers(both)
        self.parts = Parts(
            store=self.store,
            vault=self.vault,
            clock=self.clock,
            rng=random.Random(1),  # noqa: S311 -- repeatable, and guards nothing here
            rules=rules or rules_with(),
            dns_providers=self.dns_providers,
            issuers=self.issuers,
        )
        self.validation_run = self.parts.validation_run(self.validators, self.caa)
        self.order_engine = self.parts.order_engine(self.validation_run)
        self.orders = OrderScheduler(
            self.store,
            self.clock,
            order_engine=self.order_engine,
            validation_run=self.validation_run,
        )
        self.engine = Desk(
            store=self.store,
            vault=self.vault,
            keys=keys or self.stock,
            parsers=self.parsers,
            issuers=self.issuers,
            dns_providers=self.dns_providers,
            passwords=Argon2(SMALLEST),
            sign_in_providers=SignInProviders((self.provider,)),
            clock=self.clock,
            rng=self.parts.rng,
            work=self.orders,
            rules=self.parts.rules,
        )
        self.metrics = Metrics({})
        self.renewing = Renewing(
            self.engine, bootstrap.actions(), per_minute=60, counts=self.metrics
        )

    def __enter__(self) -> Self:
        """Begin to make keys."""
        self.stock.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Make no more."""
        self.stock.stop()

    def call(self, caller: Caller, action: str, **parameters: object) -> dict[str, Any]:
        """Carry out an action of `caller`; give the members of the reply by their wire names.

        Raises the refusal itself, a `ServiceError`.
        """
        return self._perform(caller, action, parameters, internal=caller.actor == OPERATOR.actor)

    def console(self, caller: Caller, action: str, **parameters: object) -> dict[str, Any]:
        """Carry out an action of the console as a user of an account."""
        return self._perform(caller, action, parameters, internal=True)

    def _perform(
        self, caller: Caller, action: str, parameters: Mapping[str, object], *, internal: bool
    ) -> dict[str, Any]:
        declared = bootstrap.actions().find(action, internal=internal)
        assert declared is not None, action
        request = declared.decode(parameters)
        members = msgspec.to_builtins(
            self.engine.perform(declared, caller, request, str(uuid.uuid4()))
        )
        assert isinstance(members, dict)
        return members

    def operator(self, action: str, **parameters: object) -> dict[str, Any]:
        """Carry out an operator's action."""
        return self.call(OPERATOR, action, **parameters)

    def operator_as(self, uid: int, action: str, **parameters: object) -> dict[str, Any]:
        """Carry out an operator's action as a user of the system."""
        return self.call(replace(OPERATOR, uid=uid, name=name_of_user(uid)), action, **parameters)

    def account(self) -> Caller:
        """Open an account; give it as the caller of its first key."""
        added = self.operator("AddAccount", Name="test")
        return Caller(uin=added["Uin"], actor=added["SecretId"], verified=True, role=Role.USER)

    def buy(self, caller: Caller, product: int = 25, names: int = 1) -> str:
        """Buy an order; give its certificate id."""
        bought = self.call(
            caller, "CreateCertificate", ProductId=product, DomainNum=names, TimeSpan=1
        )
        return str(bought["CertificateIds"][0])

    def order(self, certificate_id: str) -> Order:
        """Read an order."""
        order = self.store.read(lambda unit: unit.orders.get(certificate_id))
        assert order is not None
        return order

    def take_on(self, certificate_id: str) -> datetime | None:
        """Take an order as far as it goes now; give when its next step is due."""
        try:
            return take_on(self.order_engine, self.store, self.clock, certificate_id)
        except Suspended:
            return None

    def step(self, certificate_id: str) -> None:
        """Take one step for an order, and store what came of it."""
        take_step(self.order_engine, self.store, certificate_id)

    def work(self) -> None:
        """Work on all that is due until the desk rests; once in its life."""
        self.orders.start()
        until(lambda: not self.orders.under_way and not self.store.read(self._due))
        self.orders.stop()

    def _due(self, unit: Unit) -> list[Task]:
        return unit.tasks.due("due_at", self.clock.now(), 1)

    def advancing_with(self, issuer: Issuer) -> OrderEngine:
        """Return what takes the steps of orders, with an issuer of a test's own."""
        return self.parts.order_engine(self.validation_run, issuer)

    def validate(self, certificate_id: str, *names: str) -> None:
        """Validate names of an order, once."""
        state = self.order_engine.read(certificate_id)
        assert state is not None
        checks = self.validation_run.prove(state, names)
        assert isinstance(checks, Future), f"it is to be validated at {checks}"
        proved = checks.result(PATIENCE_SECONDS)
        assert isinstance(proved, OrderState)
        self.store.write(functools.partial(store_state, proved))

    def submissions(self, certificate_id: str) -> list[Submission]:
        """Read all that was handed in for an order, oldest first."""
        return self.store.read(lambda unit: unit.submissions.where(certificate_id=certificate_id))

    def audit(self, subject: str) -> list[AuditEntry]:
        """Read what was done to a thing, oldest first."""
        return self.store.read(lambda unit: unit.audit.where(subject=subject))

    def _keyset(self, uin: str) -> bytes | None:
        return self._own_keyset if uin == DESK else self.store.read(lambda u: _keyset(u, uin))


def _keyset(unit: Unit, uin: str) -> bytes | None:
    account = unit.accounts.get(uin)
    return account.keyset if account else None
