"""Builds the desk from its settings: the only module that knows every adapter."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import secrets
import signal
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import certdesk.actions
from certdesk.catalog import Catalog, Desk, catalog
from certdesk.domain.addresses import networks
from certdesk.domain.authority import NO_COUNTRY, ORGANISATION_LIMIT, Identity, overlap_of
from certdesk.domain.countries import COUNTRIES
from certdesk.domain.keys import KeyKind
from certdesk.domain.names import DomainRefused, internal_suffix
from certdesk.domain.proof import ProofKind
from certdesk.domain.records import Mark
from certdesk.domain.redirects import Ports
from certdesk.domain.retention import Retention
from certdesk.domain.rules import Rules
from certdesk.domain.texts import subject_fault
from certdesk.domain.validity import days_allowed
from certdesk.issuers.checkup import CaCheckup
from certdesk.issuers.hierarchy import Hierarchy, Surroundings
from certdesk.issuers.private_ca import PrivateCa
from certdesk.issuers.publication import Publication
from certdesk.issuers.responder import Responder
from certdesk.issuers.revocation_lists import RevocationLists
from certdesk.issuers.urls import PublicUrls
from certdesk.metrics import Metrics, Standing
from certdesk.ports import (
    DESK,
    CaaChecker,
    Clock,
    Counts,
    Examiner,
    Issuer,
    Pace,
    Pki,
    Prover,
    Store,
    Unit,
    VaultError,
)
from certdesk.proving.anchors import read_anchors
from certdesk.proving.caa import Caa, CaaUnchecked
from certdesk.proving.checkup import ResolverCheckup
from certdesk.proving.dns import DnsProof
from certdesk.proving.exchange import Server
from certdesk.proving.file import FileProof
from certdesk.proving.resolver import Resolver
from certdesk.proving.update import UpdatedRecords
from certdesk.settings import Settings, SettingsError
from certdesk.storage import StoreUnavailable
from certdesk.storage.checkup import FolderCheckup, SqliteCheckup
from certdesk.storage.lock import DeskBusy, DeskLock
from certdesk.storage.memory_pace import MemoryPace
from certdesk.storage.migrate import SchemaUnknown
from certdesk.storage.postgres import PostgresStore
from certdesk.storage.postgres_pace import PostgresPace
from certdesk.storage.sqlite import LOCK_NAME, SqliteStore
from certdesk.vault.local_keyset import LocalKeyset
from certdesk.vault.tink_vault import TinkVault
from certdesk.workflow.added_records import AddedRecords
from certdesk.workflow.advancing import Advancing
from certdesk.workflow.checkup import (
    Background,
    ClockCheckup,
    KeysCheckup,
    ThreadsCheckup,
    WorkCheckup,
)
from certdesk.workflow.forgetting import Forgetting
from certdesk.workflow.inspection import Inspection
from certdesk.workflow.list_renewal import ListRenewal
from certdesk.workflow.looking import Looking
from certdesk.workflow.orders import OrderWork
from certdesk.workflow.probe import Probe
from certdesk.workflow.renewing import Renewing
from certdesk.workflow.stock import KeyStock
from certdesk.workflow.tidying import Tidying
from certdesk.workflow.trimming import Trimming

DATABASE_NAME = "certdesk.db"
SQLITE = "sqlite:///"
POSTGRESQL = ("postgresql://", "postgresql+psycopg://")
KEY_FILE_NAME = "kek.json"
CHECK_MARK = "vault check"
KEYSET_MARK = "desk keyset"
PURPOSE_MARK = "purpose"
SANDBOX = "sandbox"

CANNOT_OPEN = (SettingsError, DeskBusy, SchemaUnknown, StoreUnavailable, VaultError)
"""What `open_desk` raises, each with a text for the operator."""


Alone = Callable[[], contextlib.AbstractContextManager[object]]
"""Makes a context that one process at a time is in, of all on the same database."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the time now, in UTC."""
        return datetime.now(UTC)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OpenDesk:
    """A desk whose files are open, and its background work, which `work` starts and stops."""

    desk: Desk
    pace: Pace
    stock: KeyStock
    inspection: Inspection
    tidying: Tidying
    forgetting: Forgetting
    trimming: Trimming
    orders: OrderWork
    renewing: Renewing
    issuer: Issuer
    urls: PublicUrls
    list_renewal: ListRenewal
    probe: Probe
    metrics: Metrics

    @contextlib.contextmanager
    def work(self) -> Iterator[None]:
        """Do the background work as long as the context lasts."""
        self.stock.start()
        self.inspection.start()
        self.tidying.start()
        self.forgetting.start()
        self.trimming.start()
        self.orders.start()
        self.renewing.start()
        self.list_renewal.start()
        # It asks the others how they are.
        self.probe.start()
        try:
            yield
        finally:
            self.probe.stop()
            self.list_renewal.stop()
            self.renewing.stop()
            self.orders.stop()
            self.trimming.stop()
            self.forgetting.stop()
            self.tidying.stop()
            self.inspection.stop()
            self.stock.stop()

    def unready(self) -> list[str]:
        """Tell in plain words what keeps the desk from taking requests, if anything does.

        Its schema is the newest and its keys are open since it was opened.
        """
        try:
            self.desk.store.read(_check)
        except Exception as error:  # noqa: BLE001 -- whatever it is, requests would meet it
            return [f"the database cannot be read: {type(error).__name__}"]
        return []


def actions() -> Catalog:
    """Give the catalog with all actions in it."""
    assert certdesk.actions.__all__  # noqa: S101 - importing the package fills the catalog
    return catalog


@contextlib.contextmanager
def open_desk(
    settings: Settings,
    *,
    wait_seconds: float = 0.0,
    serving: bool = False,
    sandbox: bool | None = None,
    clock: Clock | None = None,
) -> Iterator[OpenDesk]:
    """Open the desk that the settings describe.

    One process at a time has an embedded database, and one at a time is `serving` from a folder,
    where its socket for the operator lies; both are waited for `wait_seconds`. What is begun
    as a `sandbox` stays one, and a desk a desk; None takes it as it is, and begins a desk. `clock`
    is the machine's, unless another is given.

    Raises one of `CANNOT_OPEN`, with a text that says what to do.
    """
    key_path = Path(settings.vault_key_file or settings.folder / KEY_FILE_NAME)
    _rules(settings, sandbox=False)
    clock = clock or SystemClock()
    resolver = dns_resolver(settings)
    provers = proving(settings, resolver, clock)
    with contextlib.ExitStack() as opened:
        store: Store
        pace: Pace
        alone: Alone
        if settings.database.startswith(POSTGRESQL):
            if serving:
                opened.enter_context(_folder_lock(settings.folder, wait_seconds))
            store = many = PostgresStore.open(settings.database, rng=strong_random())
            whole: Examiner = many.examine
            alone = many.alone
            # The same server: who cannot reach it, cannot do anything else either.
            pace = kept = PostgresPace(settings.database)
            opened.callback(kept.close)
        else:
            path = database_path(settings)
            whole = SqliteCheckup(path).examine
            store = SqliteStore.open(path, wait_seconds=wait_seconds, on_sync_failure=_end_at_once)
            alone = contextlib.nullcontext
            pace = MemoryPace()
        opened.callback(store.close)
        vault = _open_vault(store, key_path, alone, purpose=SANDBOX if sandbox else "desk")
        is_sandbox = _is_sandbox(store, settings, wanted=sandbox)
        rules = _rules(settings, sandbox=is_sandbox)
        urls = PublicUrls(settings.ca_base_url or _listening(settings))
        world = Surroundings(store=store, vault=vault, clock=clock, rng=strong_random(), urls=urls)
        hierarchy = _hierarchy(world, settings, sandbox=is_sandbox)
        responder = Responder(world, hierarchy)
        issuer, pki = _private_ca(world, hierarchy, responder, settings.ca_validity_days)
        sizes = {
            KeyKind.RSA_2048: settings.stock_rsa_2048,
            KeyKind.RSA_4096: settings.stock_rsa_4096,
            KeyKind.P_256: settings.stock_p_256,
        }
        stock = KeyStock(
            store,
            vault,
            clock,
            sizes=sizes,
            makers=settings.keys_makers,
            queue=settings.keys_queue,
        )
        looking = Looking(
            store,
            clock,
            provers=provers,
            caa=caa_checker(settings, resolver, clock),
            records=AddedRecords(store, vault, clock, UpdatedRecords()),
        )
        shared = settings.database.startswith(POSTGRESQL)
        metrics = Metrics(action.name for action in actions() if not action.internal)
        orders = _order_work(world, rules, looking, issuer, metrics, alone=not shared)
        inspection = Inspection(store, clock)
        tidying = Tidying(store, SystemClock())
        forgetting = Forgetting(
            store, vault, clock, kept=timedelta(days=settings.privacy_identity_days)
        )
        trimming = Trimming(store, clock, _retention(settings))
        list_renewal = ListRenewal(pki)
        background: dict[str, Background] = {
            "keys": stock,
            "key inspection": inspection,
            "tidying": tidying,
            "identity numbers": forgetting,
            "trimming": trimming,
            "orders": orders,
            "revocation lists": list_renewal,
        }
        desk = Desk(
            store=store,
            vault=vault,
            keys=stock,
            pki=pki,
            record_keeper=UpdatedRecords(),
            clock=clock,
            rng=strong_random(),
            work=orders,
            rules=rules,
            examiners=(
                ClockCheckup(store, clock).examine,
                ThreadsCheckup(background).examine,
                *_folder_examiners(settings, shared=shared),
                whole,
                KeysCheckup(store, vault, sizes).examine,
                ResolverCheckup(resolver).examine,
                CaCheckup(world, hierarchy, responder).examine,
                WorkCheckup(store, clock).examine,
            ),
        )
        # It carries out actions of the desk, which looks at it in turn.
        renewing = Renewing(desk, actions(), per_minute=settings.renewal_per_minute, counts=metrics)
        background["renewals"] = renewing
        probe = _probe(desk, background, metrics, stock)
        yield OpenDesk(
            desk=desk,
            pace=pace,
            stock=stock,
            inspection=inspection,
            tidying=tidying,
            forgetting=forgetting,
            trimming=trimming,
            orders=orders,
            renewing=renewing,
            issuer=issuer,
            urls=urls,
            list_renewal=list_renewal,
            probe=probe,
            metrics=metrics,
        )


def _probe(
    desk: Desk, background: Mapping[str, Background], metrics: Metrics, stock: KeyStock
) -> Probe:
    """Give what watches the desk, and measure what stands in it."""
    probe = Probe(
        desk.store,
        desk.clock,
        further=lambda: [*desk.pki.faults(), *_ended(background), *_no_more_files()],
        wrote=metrics.wrote,
    )
    metrics.measure(Standing(desk.store, desk.clock, stock.ready, probe.faults))
    return probe


def _ended(background: Mapping[str, Background]) -> list[str]:
    """Name the background work whose thread has ended."""
    ended = (name for name, work in background.items() if not work.alive)
    return [f"background work has ended: {name}" for name in ended]


def _no_more_files() -> Iterator[str]:
    """Say that the process can open nothing, be it a file or a connection, if so."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        yield f"no file or connection can be opened: {error.strerror}"


def _rules(settings: Settings, *, sandbox: bool) -> Rules:
    four_eyes = settings.vetting_four_eyes
    if settings.vetting_automatic and four_eyes:
        raise SettingsError("vetting.four_eyes: with vetting.automatic nobody looks at orders")
    return Rules(
        internal_suffixes=_internal_suffixes(settings),
        proof_interval=timedelta(seconds=settings.proof_interval),
        proof_deadline=timedelta(hours=settings.proof_deadline_hours),
        public_url=_public_url(settings),
        link_life=timedelta(minutes=settings.download_link_minutes),
        vetting_automatic=settings.vetting_automatic or (sandbox and not four_eyes),
        four_eyes=four_eyes,
        letter_products=frozenset(settings.vetting_letter_products),
        free_limit=settings.free_limit,
        free_per_domain=settings.free_per_domain,
    )


def _folder_examiners(settings: Settings, *, shared: bool) -> Iterator[Examiner]:
    """Give who looks at the folders that the desk writes to."""
    folders = [settings.folder] if shared else [settings.folder, database_path(settings).parent]
    for folder in dict.fromkeys(folders):
        yield FolderCheckup(folder).examine


def _retention(settings: Settings) -> Retention:
    return Retention(
        looks=timedelta(days=settings.retention_looks_days),
        material=timedelta(days=settings.retention_material_days),
        letters=timedelta(days=settings.retention_letters_days),
    )


def _public_url(settings: Settings) -> str:
    url = urlsplit(settings.public_url)
    if not settings.public_url:
        return ""
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
        raise SettingsError(f"http.public_url: {settings.public_url} is no URL to a place")
    return settings.public_url.rstrip("/")


def _order_work(
    world: Surroundings,
    rules: Rules,
    looking: Looking,
    issuer: Issuer,
    counts: Counts,
    *,
    alone: bool,
) -> OrderWork:
    store, clock = world.store, world.clock
    advancing = Advancing(
        store,
        world.vault,
        clock,
        world.rng,
        looking=looking,
        issuer=issuer,
        rules=rules,
        counts=counts,
    )
    return OrderWork(store, clock, advancing=advancing, looking=looking, alone=alone)


def _hierarchy(world: Surroundings, settings: Settings, *, sandbox: bool) -> Hierarchy:
    lasting = days_allowed(world.clock.now(), settings.ca_validity_days, None)
    overlap = overlap_of(settings.ca_overlap_days, lasting)
    return Hierarchy(world, _identity(settings, sandbox=sandbox), overlap)


def _private_ca(
    world: Surroundings, hierarchy: Hierarchy, responder: Responder, own_days: int
) -> tuple[Issuer, Pki]:
    lists = RevocationLists(world.store, world.clock, hierarchy)
    issuer = PrivateCa(world, hierarchy, lists, own_days)
    return issuer, Publication(hierarchy, lists, responder, world.urls)


def strong_random() -> random.Random:
    """Give the operating system's source of randomness."""
    return secrets.SystemRandom()


def is_begun(settings: Settings) -> bool:
    """Whether there is a desk yet, as far as its files tell; of a server's database they do not.

    Raises:
        SettingsError: the URL names another kind of database.
    """
    return settings.database.startswith(POSTGRESQL) or database_path(settings).exists()


def database_path(settings: Settings) -> Path:
    """Give the file of the embedded database.

    Raises:
        SettingsError: the URL names another kind of database.
    """
    url = settings.database
    if not url:
        return settings.folder / DATABASE_NAME
    if not url.startswith(SQLITE):
        raise SettingsError(
            f"database: {url.partition(':')[0]} is not supported; "
            "give sqlite:///PATH or postgresql://HOST/NAME"
        )
    return Path(url.removeprefix(SQLITE))


def _internal_suffixes(settings: Settings) -> frozenset[str]:
    try:
        return frozenset(map(internal_suffix, settings.internal_suffixes))
    except DomainRefused as refused:
        raise SettingsError(
            f"names.internal_suffixes: {refused.text!r} will not do: {refused.rule}"
        ) from refused


def dns_resolver(settings: Settings) -> Resolver:
    """Give who asks in DNS.

    Raises:
        SettingsError: a resolver or a trust anchor is none.
    """
    try:
        servers = [Server.parse(text) for text in settings.dns_resolvers]
    except ValueError as error:
        raise SettingsError(f"dns.resolvers: {error}; give addresses, as 127.0.0.1:53") from error
    if not servers:
        raise SettingsError("dns.resolvers: there has to be one at least, such as 127.0.0.1:53")
    if settings.dns_dnssec == "off":
        return Resolver(servers, None, strong_random())
    try:
        return Resolver(servers, read_anchors(settings.dns_trust_anchors), strong_random())
    except ValueError as error:
        raise SettingsError(f"dns.trust_anchors: {error}") from error


def proving(settings: Settings, resolver: Resolver, clock: Clock) -> Mapping[ProofKind, Prover]:
    """Give who looks for the proofs of each kind.

    Raises:
        SettingsError: a port or a network is none.
    """
    dns = DnsProof(resolver, clock)
    file = _file_proof(settings, resolver, clock)
    return {ProofKind.TXT: dns, ProofKind.CNAME: dns, ProofKind.FILE: file}


def _file_proof(settings: Settings, resolver: Resolver, clock: Clock) -> FileProof:
    try:
        ports = Ports(settings.proof_http_port, settings.proof_https_port)
    except ValueError as error:
        raise SettingsError(f"proof.http_port, proof.https_port: {error}") from error
    try:
        allowed = networks(settings.proof_allow_networks)
    except ValueError as error:
        raise SettingsError(f"proof.allow_networks: {error}") from error
    return FileProof(resolver, clock, ports=ports, allowed=allowed)


def caa_checker(settings: Settings, resolver: Resolver, clock: Clock) -> CaaChecker:
    """Give who asks whether CAA records permit issuing."""
    if not settings.caa_check:
        return CaaUnchecked(clock)
    return Caa(resolver, clock, identities=settings.caa_identities, accounts=settings.caa_accounts)


def _listening(settings: Settings) -> str:
    return f"{'https' if settings.tls_cert else 'http'}://{settings.listen}"


def _identity(settings: Settings, *, sandbox: bool) -> Identity:
    """Give the CA's name; that of a sandbox cannot be taken for another's.

    Raises:
        SettingsError: a certificate cannot have that name.
    """
    if sandbox:
        return Identity(organisation="certdesk sandbox", country=NO_COUNTRY, sandbox=True)
    organisation, country = settings.ca_organisation, settings.ca_country
    fault = subject_fault(organisation, ORGANISATION_LIMIT) if organisation else "is missing"
    if fault is not None:
        raise SettingsError(f"ca.organisation: {fault}")
    if country not in COUNTRIES | {NO_COUNTRY}:
        raise SettingsError(f"ca.country: {country} is no code of ISO 3166-1 in capitals")
    return Identity(organisation=organisation, country=country)


def _is_sandbox(store: Store, settings: Settings, *, wanted: bool | None) -> bool:
    """Tell whether the data are a sandbox's.

    Raises:
        SettingsError: they are not what is wanted.
    """
    mark = store.read(lambda unit: unit.marks.get(PURPOSE_MARK))
    found = mark is not None and mark.value == SANDBOX.encode()
    if wanted is not None and wanted is not found:
        one, other = ("sandbox", "desk") if found else ("desk", "sandbox")
        place = settings.database or settings.folder
        raise SettingsError(f"data: {place} is a {one}'s; a {other} needs data of its own")
    return found


def _folder_lock(folder: Path, wait_seconds: float) -> DeskLock:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return DeskLock.acquire(folder / LOCK_NAME, wait_seconds)
    except OSError as error:
        raise StoreUnavailable(f"{folder} cannot be used: {error.strerror}") from error


def _open_vault(store: Store, key_path: Path, alone: Alone, *, purpose: str) -> TinkVault:
    """Open the key-encryption key that the data was sealed with, or begin with a new one."""
    if store.read(_check) is None:
        # Of two processes that start at once, the second finds what the first has made.
        with alone():
            if store.read(_check) is None:
                return _begin_vault(store, key_path, purpose)
    vault = _vault(store, LocalKeyset.open(key_path, create=False))
    check = store.read(_check)
    assert check is not None  # noqa: S101 - marks are never removed
    vault.verify_check_value(check.value)
    return vault


def _begin_vault(store: Store, key_path: Path, purpose: str) -> TinkVault:
    vault = _vault(store, LocalKeyset.open(key_path, create=True))
    marks = (
        Mark(name=CHECK_MARK, value=vault.check_value()),
        Mark(name=KEYSET_MARK, value=vault.new_keyset(DESK)),
        Mark(name=PURPOSE_MARK, value=purpose.encode()),
    )
    store.write(lambda unit: [unit.marks.add(mark) for mark in marks])
    return vault


def _vault(store: Store, kek: LocalKeyset) -> TinkVault:
    return TinkVault(kek, lambda uin: store.read(lambda unit: _keyset(unit, uin)))


def _check(unit: Unit) -> Mark | None:
    return unit.marks.get(CHECK_MARK)


def _keyset(unit: Unit, uin: str) -> bytes | None:
    if uin == DESK:
        mark = unit.marks.get(KEYSET_MARK)
        return mark.value if mark else None
    account = unit.accounts.get(uin)
    return account.keyset if account else None


def _end_at_once() -> None:
    """End the process: after a failed fsync the disk's state is unknown (R-OPS)."""
    os.kill(os.getpid(), signal.SIGABRT)
