"""Checks the clock, the background work, the keys, and the certificates to be renewed."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from certdesk.domain.operation.census import LATE
from certdesk.domain.operation.checkup import Observation, failure, good, warning
from certdesk.domain.orders import suspension
from certdesk.domain.orders.advice import status_msg
from certdesk.domain.orders.lifecycle import STATUS_NAMES, UNDER_WAY, Stage, Status, statuses_of
from certdesk.domain.orders.order import Order
from certdesk.domain.pki import clock_guard
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.mark import Mark
from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import Secret
from certdesk.ports import (
    DESK,
    Clock,
    Issuers,
    Place,
    Store,
    StoreUnavailable,
    Taken,
    Unit,
    Vault,
    VaultError,
    all_of,
)
from certdesk.workflow.serving_watch import ServingWatch

MARK = "checkup"
"""The record that the last check-up wrote, which shows that the database accepts writes."""

SHOWN = 20
"""How many orders are named one by one."""

EXPIRING, ENDING = timedelta(days=14), timedelta(days=7)
PLACE = Place(DESK, "checkup", "", "value")


WORKED_ON = suspension.DEADLINES | {Status.CANCELLING, Status.MIGRATING}
"""Statuses in which the desk works on an order, unless its account is disabled."""


class Background(Protocol):
    """Work in a thread that goes on until it is stopped."""

    @property
    def alive(self) -> bool:
        """Whether the thread is running."""
        ...

    @property
    def trouble(self) -> str:
        """Why the work makes no progress although the thread runs; empty if it does."""
        ...


def standing_still(background: Mapping[str, Background]) -> dict[str, str]:
    """Return a sentence for each kind of work that has stopped, by its name."""
    told: dict[str, str] = {}
    for name, work in background.items():
        if not work.alive:
            told[name] = f"background work has ended: {name}"
        elif trouble := work.trouble:
            told[name] = f"background work is stuck: {name}: {trouble}"
    return told


class Running(Record, gc=True):
    """What runs for a desk: its background work by name, and the processes that serve."""

    background: Mapping[str, Background]
    serving: ServingWatch


class ThreadsCheckup:
    """Checks that the background work and the serving processes are running."""

    def __init__(self, running: Running) -> None:
        """Check what runs."""
        self._background = running.background
        self._serving = running.serving

    def examine(self) -> Iterator[Observation]:
        """Yield what has stopped: everything, if no server runs in this process."""
        if not any(work.alive for work in self._background.values()):
            yield good("desk", "it is not running; this is what its data shows")
            return
        still = standing_still(self._background)
        if not still:
            processes = self._serving.describe()
            yield good("desk", f"it is running, with all of its background work: {processes}")
        for what in still.values():
            yield failure("desk", what, "find the cause in the log, then start the desk again")
        yield from self._serving.examine()


class ClockCheckup:
    """Checks that the clock advances, and that the database accepts writes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Compare this clock with the times that the store has recorded."""
        self._store = store
        self._clock = clock

    def examine(self) -> Iterator[Observation]:
        """Compare the clock with the latest recorded time, and write to the database."""
        latest = clock_guard.latest_of(
            self._store.read(lambda unit: unit.marks.get(clock_guard.MARK))
        )
        now = self._clock.now()
        fault = clock_guard.fault_of(now, latest)
        if fault is None:
            yield good("clock", f"it is {now:%Y-%m-%d %H:%M:%S} UTC")
        else:
            remedy = (
                "set the clock of the machine (timedatectl). If it is right now and was "
                "ahead before: certdesk clock accept. The desk signs nothing until then"
            )
            yield failure("clock", fault, remedy)
        try:
            self._store.write(lambda unit: _leave_mark(unit, now))
        except Exception as error:  # noqa: BLE001 -- whatever it is, no write worked
            yield failure(
                "database",
                f"the desk cannot write to it: {_why(error)}",
                (
                    "check the disk, the log, and whether a program has locked it; the desk "
                    "recovers by itself"
                ),
            )


class WorkCheckup:
    """Checks for orders that were set aside or are late, and certificates that are about to end."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Check the orders of this store."""
        self._store = store
        self._clock = clock

    def examine(self) -> Iterator[Observation]:
        """Yield an observation for each kind, naming the orders."""
        now = self._clock.now()
        aside = self._store.read(lambda unit: unit.tasks.where(set_aside=True, limit=SHOWN))
        for task in aside:
            yield failure(
                "orders",
                f"{task.certificate_id} is set aside after {task.failures} failures: {task.reason}",
                (
                    "find the cause in the log, fix it, then certdesk order resume "
                    f"{task.certificate_id}"
                ),
            )
        if not aside:
            yield good("orders", "none is set aside")
        yield from self._store.read(lambda unit: list(_standing_still(unit)))
        yield from self._late(now)
        ending = self._store.read(lambda unit: list(_ending(unit, now)))
        for order, following in ending[:SHOWN]:
            yield _stale(order, following, now)
        if len(ending) > SHOWN:
            rest = len(ending) - SHOWN
            yield failure("certificates", f"and {rest} more end soon", "as above")
        if not ending:
            yield good("certificates", "none that should be renewed expires within 14 days")

    def _late(self, now: datetime) -> Iterator[Observation]:
        orders, renewals = self._store.read(lambda unit: _left(unit, now - LATE))
        if not orders and not renewals:
            yield good("work", "all due work was started")
        for name, late in (("orders", orders), ("renewals", renewals)):
            if late:
                count = f"more than {SHOWN}" if len(late) > SHOWN else str(len(late))
                yield warning(
                    "work",
                    f"{count} {name} have been due without being started since "
                    f"{late[0]:%Y-%m-%d %H:%M} UTC",
                    (
                        "start certdesk serve or certdesk worker, if none is running; otherwise "
                        "the desk is behind with its work and catches up"
                    ),
                )


class IssuersCheckup:
    """Checks for orders and certificates of issuers that this desk does not have."""

    def __init__(self, store: Store, issuers: Issuers) -> None:
        """Check against these issuers."""
        self._store = store
        self._issuers = issuers

    def examine(self) -> Iterator[Observation]:
        """Yield each missing issuer: what waits for it, and what only it can revoke."""
        waiting, good_ones = self._store.read(
            lambda unit: (
                self._absent(unit, UNDER_WAY | {Status.REVOKING}),
                self._absent(unit, statuses_of(Stage.ISSUED, Stage.AWAITING_REVOCATION_LETTER)),
            )
        )
        for issuer in sorted(waiting | good_ones):
            found = (
                f"this desk does not have the issuer {issuer}; {waiting[issuer]} orders wait "
                f"for it, and only it can revoke {good_ones[issuer]} certificates"
            )
            tell = failure if waiting[issuer] else warning
            yield tell("issuers", found, f"put {issuer} back into issuer.names")

    def _absent(self, unit: Unit, statuses: Collection[Status]) -> Counter[str]:
        return Counter(
            order.issuer
            for status in statuses
            for order in all_of(unit.orders, status=status)
            if order.issuer and order.issuer not in self._issuers
        )


class KeysCheckup:
    """Checks that sealed values open, and that keys are in stock."""

    def __init__(self, store: Store, vault: Vault, sizes: Mapping[KeyKind, int]) -> None:
        """Check against `sizes`: how many keys of each kind there should be."""
        self._store = store
        self._vault = vault
        self._sizes = sizes

    def examine(self) -> Iterator[Observation]:
        """Seal and open a value, open a value of each account's key, and count keys in stock."""
        try:
            self._vault.open(self._vault.seal(Secret("well"), PLACE), PLACE)
            accounts = self._store.read(lambda unit: unit.accounts.where())
            for account in accounts:
                self._vault.fingerprint(account.uin, b"")
        except VaultError as error:
            yield failure("keys", str(error), "put back the key file that belongs to this database")
        else:
            key = self._vault.describe()
            yield good(
                "keys", (f"{key['provider']} opens the secrets of all accounts ({len(accounts)})")
            )
        for kind, size in self._sizes.items():
            ready = self._store.read(lambda unit, kind=kind: unit.key_stock.count(kind=kind.name))  # type: ignore[misc]  # bound now
            if size and not ready:
                yield warning(
                    "keys",
                    f"none of {size} keys {kind.label} is ready",
                    "the desk makes them while it runs; if it is running, raise keys.makers",
                )


def _left(unit: Unit, by: datetime) -> tuple[list[datetime | None], list[datetime | None]]:
    """Return since when the first orders and renewals have been due that were due by `by`."""
    orders = [task.due_at for task in unit.tasks.due("due_at", by, SHOWN + 1)]
    renewals = unit.renewals.due("due_at", by, SHOWN + 1)
    return orders, [renewal.due_at for renewal in renewals]


def _why(error: Exception) -> str:
    """Return why nothing could be written, without the text of errors that may hold secrets."""
    foreseen = isinstance(error, StoreUnavailable)
    return str(error).partition("\n")[0] if foreseen else type(error).__name__


def _leave_mark(unit: Unit, now: datetime) -> None:
    unit.marks.remove(MARK)
    # If two check-ups run at the same time, the other one has just written the record.
    with contextlib.suppress(Taken):
        unit.marks.add(Mark(name=MARK, value=now.isoformat().encode("ascii")))


def _standing_still(unit: Unit) -> Iterator[Observation]:
    """Yield the disabled accounts with orders that would otherwise be worked on."""
    for account in unit.accounts.where(enabled=False):
        orders = sum(unit.orders.count(uin=account.uin, status=each) for each in WORKED_ON)
        successors = unit.renewals.count(uin=account.uin)
        if orders or successors:
            yield good(
                "orders",
                (
                    f"{orders} orders and the successors of {successors} certificates are "
                    f"paused{suspension.since(account)}"
                ),
            )


def _ending(unit: Unit, now: datetime) -> Iterator[tuple[Order, Order | None]]:
    """Yield the orders whose certificate ends soon and should be replaced, each with its successor.

    An order should be replaced if time was bought beyond the end of its certificate, or if it is
    set to be renewed. Orders of disabled accounts are left out.
    """
    disabled = {account.uin for account in unit.accounts.where(enabled=False)}
    for order in all_of(unit.orders, status=Status.ISSUED):
        if order.ends_at is None or not now < order.ends_at < now + EXPIRING:
            continue
        if order.uin in disabled:
            continue
        following = _following(unit, order)
        fresh = following is not None and following.status is Status.ISSUED
        if not fresh and (order.auto_renew or order.ends_at < (order.ends_by or order.ends_at)):
            yield order, following


def _following(unit: Unit, order: Order) -> Order | None:
    its = order.replaced_by or order.renewed_by
    return unit.orders.get(its) if its else None


def _stale(order: Order, following: Order | None, now: datetime) -> Observation:
    assert order.ends_at is not None  # noqa: S101 -- the order is listed because it has one
    what = f"{order.certificate_id} for {order.domain} ends at {order.ends_at:%Y-%m-%d %H:%M} UTC"
    tell = failure if order.ends_at - now < ENDING else warning
    if following is None:
        remedy = (
            f"certdesk order show {order.certificate_id} tells why; if needed, reissue it by hand"
        )
        return tell("certificates", f"{what}, and it has no successor", remedy)
    its = following.certificate_id
    waits = status_msg(following) or STATUS_NAMES[following.status]
    return tell(
        "certificates",
        f"{what}, and its successor {its} has the status {waits}",
        (
            f"certdesk order show {its} tells what it waits for: validation, or a review "
            "(certdesk review list)"
        ),
    )
