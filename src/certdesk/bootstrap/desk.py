"""The assembly of the desk."""

from __future__ import annotations

import contextlib
import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping

import certdesk.actions
import certdesk.operator
from certdesk.bootstrap.beginning import Beginning
from certdesk.bootstrap.database import Database, note_service, open_database
from certdesk.bootstrap.examining import examiners
from certdesk.bootstrap.housekeeping import Housekeeping, housekeeping
from certdesk.bootstrap.issuing import issuers_of, issuers_of_products, public_urls
from certdesk.bootstrap.places import check_places
from certdesk.bootstrap.rules import rules_of
from certdesk.bootstrap.shared_work import SharedWork
from certdesk.bootstrap.sign_in import sign_in_providers
from certdesk.bootstrap.validation import caa_checker, dns_resolver, validators
from certdesk.bootstrap.vault import is_sandbox, is_sealed, open_vault
from certdesk.bootstrap.watching import BackgroundWork, figures, watch
from certdesk.bootstrap.world import SystemClock, strong_random
from certdesk.catalog import Catalog, catalog
from certdesk.domain.rules import Rules
from certdesk.domain.validation.challenge import ProofKind
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.record import Record
from certdesk.engine import Desk
from certdesk.issuers.hierarchy import Dependencies
from certdesk.issuers.urls import PublicUrls
from certdesk.metrics.counters import Metrics
from certdesk.parsing.pool import ParserPool
from certdesk.ports import (
    Admission,
    CaaChecker,
    Clock,
    Counts,
    DnsProviders,
    Issuers,
    StoreUnavailable,
    Validator,
    VaultError,
    Work,
)
from certdesk.settings import Settings, SettingsError
from certdesk.sign_in.passwords import Argon2
from certdesk.storage.lock import DeskBusy
from certdesk.storage.migrate import SchemaUnknown
from certdesk.storage.places import PlaceUnsafe
from certdesk.validation.counted import CountedCaa, CountedValidator
from certdesk.validation.providers import PROVIDERS
from certdesk.validation.resolver import Resolver
from certdesk.workflow.added_records import AddedRecords
from certdesk.workflow.checkup import Running
from certdesk.workflow.cores import use_all_cores
from certdesk.workflow.group_checks import GroupChecks
from certdesk.workflow.list_renewal import ListRenewal
from certdesk.workflow.order_engine import OrderEngine
from certdesk.workflow.order_scheduler import OrderScheduler
from certdesk.workflow.probe import Probe
from certdesk.workflow.renewing import Renewing
from certdesk.workflow.serving_watch import ServingWatch
from certdesk.workflow.stock import KeyStock
from certdesk.workflow.validation_rate_limiter import ValidationRateLimiter
from certdesk.workflow.validation_run import ValidationRun
from certdesk.workflow.watching import Watching

CANNOT_OPEN = (SettingsError, PlaceUnsafe, DeskBusy, SchemaUnknown, StoreUnavailable, VaultError)
"""What `open_desk` raises, each with a text for the operator."""


class OpenDesk(Record, kw_only=True, gc=True):
    """A desk with open files, and its background work, which `work` starts and stops."""

    desk: Desk
    admission: Admission
    urls: PublicUrls
    metrics: Metrics
    probe: Probe
    watching: Watching
    background: dict[str, BackgroundWork]
    serving: ServingWatch
    stock: KeyStock
    locks: tuple[int, ...]
    housekeeping: Housekeeping
    orders: OrderScheduler
    renewing: Renewing

    @contextlib.contextmanager
    def work(self) -> Iterator[None]:
        """Do the background work while the context lasts.

        Raises:
            StoreUnavailable: the database lacks something that every call needs.
        """
        with contextlib.ExitStack() as at_work:
            for work in self.background.values():
                work.start()
                at_work.callback(work.stop)
            # It checks the others, so it starts last.
            self.probe.check()
            if faults := self.probe.result().faults:
                raise StoreUnavailable("; ".join(faults))
            self.probe.start()
            at_work.callback(self.probe.stop)
            yield


@functools.cache
def actions() -> Catalog:
    """Return the catalog with all actions in it: importing a module declares its own."""
    for package in (certdesk.actions, certdesk.operator):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(found.name)
    return catalog


@contextlib.contextmanager
def open_desk(
    settings: Settings,
    *,
    wait_seconds: float = 0.0,
    serving: bool = False,
    sandbox: bool | None = None,
    clock: Clock | None = None,
    new_database: bool = False,
    several: bool = False,
) -> Iterator[OpenDesk]:
    """Open the desk that the settings describe.

    One process at a time uses an embedded database, and one at a time is `serving` from a folder,
    which has its socket for the operator; both are waited for up to `wait_seconds`. A `sandbox`
    always stays one, and so does a desk; None opens either, and creates a desk. `clock` is the
    machine's unless given. A new desk is created in an empty database; if the folder belongs to a
    desk with another database, only if a `new_database` is wanted. `several` processes may then
    serve it (`bootstrap/joining.py`).

    Raises one of `CANNOT_OPEN`, with a text that says what to do.
    """
    # All errors in the settings are reported before anything is created.
    rules_of(settings, sandbox=False)
    issuers_of_products(settings)
    check_places(settings)
    clock = clock or SystemClock()
    resolver = dns_resolver(settings)
    proof_validators = validators(settings, resolver, clock)
    beginning = Beginning(settings, wanted=new_database)
    opening = open_database(
        settings,
        wait_seconds=wait_seconds,
        serving=serving,
        several=several,
        beginning=beginning.check,
    )
    with opening as database:
        store = database.store
        if not is_sealed(store):
            beginning.check()
        vault = open_vault(settings, store, database.named_locks, sandbox=bool(sandbox))
        of_sandbox = is_sandbox(store, settings, wanted=sandbox)
        beginning.keep()
        if serving:
            note_service(store)
        urls = public_urls(settings)
        rules = rules_of(settings, sandbox=of_sandbox)
        world = Dependencies(store=store, vault=vault, clock=clock, rng=strong_random(), urls=urls)
        yield _put_together(
            settings,
            database,
            world,
            rules=rules,
            issuers=issuers_of(world, settings, sandbox=of_sandbox),
            proof_validators=proof_validators,
            resolver=resolver,
        )


def _put_together(
    settings: Settings,
    database: Database,
    world: Dependencies,
    *,
    rules: Rules,
    issuers: Issuers,
    proof_validators: Mapping[ProofKind, Validator],
    resolver: Resolver,
) -> OpenDesk:
    metrics = figures(actions())
    caa = caa_checker(settings, resolver, world.clock)
    dns_providers = DnsProviders(world.vault, PROVIDERS)
    records = AddedRecords(world.store, world.clock, dns_providers)
    validation_run = validation_run_of(
        world, rules, proof_validators, caa, metrics, records, issuers
    )
    stock = _key_stock(settings, world)
    orders = _order_work(world, rules, validation_run, issuers, metrics, alone=not database.shared)
    house = housekeeping(settings, world, database.admission)
    parsers, providers = parser_pool(settings), sign_in_providers(settings)
    background: dict[str, BackgroundWork] = {
        "keys": stock,
        "parsers": parsers,
        "key inspection": house.inspection,
        "tidying": house.tidying,
        "identity numbers": house.forgetting,
        "trimming": house.trimming,
        "orders": orders,
    }
    work: Work = orders
    if database.notices is not None:
        database.notices.call(orders.wake)
        background["notices"] = database.notices
        work = SharedWork(orders, database.notices)
    if issuers.pki is not None:
        background["revocation lists"] = ListRenewal(issuers.pki)
    running = Running(background, ServingWatch())
    desk = Desk(
        store=world.store,
        vault=world.vault,
        keys=stock,
        parsers=parsers,
        issuers=issuers,
        dns_providers=dns_providers,
        passwords=Argon2(),
        sign_in_providers=providers,
        clock=world.clock,
        rng=strong_random(),
        work=work,
        rules=rules,
        examiners=examiners(
            settings,
            database,
            world,
            issuers,
            resolver,
            running,
            _stock_sizes(settings),
            providers,
        ),
        health=lambda: watched.lines(),  # noqa: PLW0108 -- what watches the desk is made below
    )
    # It carries out actions of the desk, which in turn checks it.
    renewing = Renewing(desk, actions(), per_minute=settings.renewal_per_minute, counts=metrics)
    background["renewals"] = renewing
    background["group checks"] = GroupChecks(desk, actions())
    watched = watch(
        settings,
        desk,
        database,
        resolver=resolver,
        metrics=metrics,
        stock=stock,
        running=running,
    )
    background["watching"] = watched.watching
    return OpenDesk(
        desk=desk,
        admission=database.admission,
        urls=world.urls,
        metrics=metrics,
        probe=watched.probe,
        watching=watched.watching,
        background=background,
        serving=running.serving,
        stock=stock,
        locks=database.locks,
        housekeeping=house,
        orders=orders,
        renewing=renewing,
    )


def validation_run_of(  # noqa: PLR0917 -- one parameter for each part that it works with
    world: Dependencies,
    rules: Rules,
    proof_validators: Mapping[ProofKind, Validator],
    caa: CaaChecker,
    counts: Counts,
    records: AddedRecords,
    issuers: Issuers,
) -> ValidationRun:
    """Return what validates names, with the validators and the CAA checker counted."""
    store, clock = world.store, world.clock
    return ValidationRun(
        store,
        clock,
        validators={
            kind: CountedValidator(validator, counts)
            for kind, validator in proof_validators.items()
        },
        caa=CountedCaa(caa, counts),
        issuers=issuers,
        records=records,
        rate_limiter=ValidationRateLimiter(store, clock, rules),
        stored_checks=rules.quotas.looks,
    )


def parser_pool(settings: Settings) -> ParserPool:
    """Return the pool of parsers, whose processes run on any core."""
    return ParserPool(
        processes=settings.parsing_processes,
        seconds=settings.parsing_seconds,
        prepare=use_all_cores,
    )


def _stock_sizes(settings: Settings) -> dict[KeyKind, int]:
    return {
        KeyKind.RSA_2048: settings.stock_rsa_2048,
        KeyKind.RSA_4096: settings.stock_rsa_4096,
        KeyKind.P_256: settings.stock_p_256,
    }


def _key_stock(settings: Settings, world: Dependencies) -> KeyStock:
    return KeyStock(
        world.store,
        world.vault,
        world.clock,
        sizes=_stock_sizes(settings),
        makers=settings.keys_makers,
        queue=settings.keys_queue,
    )


def _order_work(
    world: Dependencies,
    rules: Rules,
    validation_run: ValidationRun,
    issuers: Issuers,
    counts: Counts,
    *,
    alone: bool,
) -> OrderScheduler:
    store, clock = world.store, world.clock
    order_engine = OrderEngine(
        store,
        world.vault,
        clock,
        world.rng,
        validation_run=validation_run,
        issuers=issuers,
        rules=rules,
        counts=counts,
    )
    return OrderScheduler(
        store, clock, order_engine=order_engine, validation_run=validation_run, alone=alone
    )
