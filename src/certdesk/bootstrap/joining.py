"""The assembly of a further process that serves a desk which another process has opened."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Protocol

from certdesk.bootstrap.database import join_database
from certdesk.bootstrap.desk import parser_pool, validation_run_of
from certdesk.bootstrap.issuing import issuers_of, public_urls
from certdesk.bootstrap.rules import rules_of
from certdesk.bootstrap.server_certificate import ServerCertificate
from certdesk.bootstrap.sign_in import sign_in_providers
from certdesk.bootstrap.validation import caa_checker, dns_resolver, validators
from certdesk.bootstrap.vault import is_sandbox, open_vault
from certdesk.bootstrap.watching import names_resolvers, no_more_files
from certdesk.bootstrap.world import SystemClock, strong_random
from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import Record
from certdesk.engine import Desk
from certdesk.issuers.hierarchy import Dependencies
from certdesk.issuers.urls import PublicUrls
from certdesk.parsing.pool import ParserPool
from certdesk.ports import Admission, Clock, Counts, DnsProviders, Keys, Store, Vault
from certdesk.settings import Settings
from certdesk.sign_in.passwords import Argon2
from certdesk.storage.memory_locks import MemoryLocks
from certdesk.validation.providers import PROVIDERS
from certdesk.validation.resolver import Resolver
from certdesk.validation.resolver_watch import AnsweringResolvers
from certdesk.workflow.added_records import AddedRecords
from certdesk.workflow.checkup import standing_still
from certdesk.workflow.own_watch import OwnWatch
from certdesk.workflow.validation_run import ValidationRun
from certdesk.workflow.watching import none_answers


class Wakeable(Protocol):
    """Background work that another process does."""

    def wake(self) -> None:
        """Do what is due now."""
        ...


class WorkElsewhere(Record, gc=True):
    """`ports.Work` of a process that checks names on request, and leaves the rest to another."""

    elsewhere: Wakeable
    validation_run: ValidationRun

    def wake(self) -> None:
        """Wake the other process."""
        self.elsewhere.wake()

    def prove(self, order: Order, names: Sequence[str]) -> Future[None] | None:
        """Check names now; see `ports.Work`."""
        return self.validation_run.prove_now(order, names)


class JoinedDesk(Record, kw_only=True, gc=True):
    """A desk that another process has opened; `admission` is None if that process has it.

    `watch` finds what is wrong with this process.
    """

    desk: Desk
    watch: OwnWatch
    admission: Admission | None
    urls: PublicUrls


@contextlib.contextmanager
def join_desk(
    settings: Settings,
    locks: Sequence[int],
    *,
    clock: Clock | None,
    counts: Counts,
    work: Wakeable,
    keys_from: Callable[[Store, Vault], Keys],
) -> Iterator[JoinedDesk]:
    """Open the desk that the settings describe beside the process that opened it.

    `locks` are the open files that this process has inherited from it. `clock` is the machine's
    unless given. `work` is the background work of the other process.

    Raises one of `CANNOT_OPEN`.
    """
    with join_database(settings, locks) as (store, admission):
        vault = open_vault(settings, store, MemoryLocks(), sandbox=False)
        world = Dependencies(
            store=store,
            vault=vault,
            clock=clock or SystemClock(),
            rng=strong_random(),
            urls=public_urls(settings),
        )
        parsers = parser_pool(settings)
        parsers.start()
        try:
            keys = keys_from(store, vault)
            with _joined(settings, world, counts, work, keys, parsers) as (desk, watch):
                yield JoinedDesk(desk=desk, watch=watch, admission=admission, urls=world.urls)
        finally:
            parsers.stop()


@contextlib.contextmanager
def _joined(
    settings: Settings,
    world: Dependencies,
    counts: Counts,
    work: Wakeable,
    keys: Keys,
    parsers: ParserPool,
) -> Iterator[tuple[Desk, OwnWatch]]:
    store, clock = world.store, world.clock
    of_sandbox = is_sandbox(store, settings, wanted=None)
    rules = rules_of(settings, sandbox=of_sandbox)
    issuers = issuers_of(world, settings, sandbox=of_sandbox)
    dns_providers = DnsProviders(world.vault, PROVIDERS)
    resolver = dns_resolver(settings)
    validation_run = validation_run_of(
        world,
        rules,
        validators(settings, resolver, clock),
        caa_checker(settings, resolver, clock),
        counts,
        AddedRecords(store, clock, dns_providers),
        issuers,
    )
    desk = Desk(
        store=store,
        vault=world.vault,
        keys=keys,
        parsers=parsers,
        issuers=issuers,
        dns_providers=dns_providers,
        passwords=Argon2(),
        sign_in_providers=sign_in_providers(settings),
        clock=clock,
        rng=world.rng,
        work=WorkElsewhere(work, validation_run),
        rules=rules,
    )
    watch = _own_watch(settings, world, parsers, resolver)
    watch.start()
    try:
        yield desk, watch
    finally:
        watch.stop()
        validation_run.stop()


def _own_watch(
    settings: Settings, world: Dependencies, parsers: ParserPool, resolver: Resolver
) -> OwnWatch:
    """Return what watches this process."""
    certificate = ServerCertificate(settings, world.clock)
    resolvers = AnsweringResolvers(resolver) if names_resolvers(settings) else None

    def faults() -> Iterator[str]:
        yield from standing_still({"parsers": parsers}).values()
        yield from certificate.faults()
        if resolvers is not None:
            resolvers.check()
            yield from none_answers(resolvers)
        yield from no_more_files()

    return OwnWatch(world.store, faults)
