"""What ten thousand certificates, whose successors are due together, do to the API.

As after a week's pause: the desk finds them when it starts, and begins with those that end first,
`renewal.per_minute` of them in a minute; each is then proved, permitted and issued like any order.
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from bench.due import AT_ONCE, order, settings_for, with_own_key
from bench.found import Aim, Found, over
from bench.names import names_up
from bench.requests import reads
from bench.servers import Customer
from bench.spread import accounts, name
from bench.stage import Stage, Topic, Turn
from bench.tables import costs_table
from certdesk.bootstrap import open_desk
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Renewal
from certdesk.domain.values.record import replace
from certdesk.settings import Settings
from tests.running import Keys

if TYPE_CHECKING:
    from datetime import datetime

    from certdesk.domain.orders.records import Submission
    from certdesk.domain.validation.records import Proof
    from certdesk.ports import Unit

DUE, READS = 10_000, 400
RENEWING, WITHOUT = f"read back, {DUE:,} renewals due", "read back, no renewal due"
UNITS = dict.fromkeys((RENEWING, WITHOUT), ("µs on the clock", 1_000_000.0))
SECONDS, QUICK_SECONDS = 75, 2
"""How long to read beside them: longer than a minute, in which a bucket is emptied and filled."""

LIFE, LEFT = timedelta(days=199), timedelta(days=50)
MADE = "SELECT count(*) FROM orders WHERE by_desk"
MOST_SLOWED = 2


def begin(stage: Stage) -> Turn:
    """Start a name server, which knows nothing."""
    names = stage.held.enter_context(names_up())

    def turn() -> None:
        folder = stage.folder / "renewals"
        pattern, keys = _make_due(folder, stage.some(DUE))
        desk = stage.desk("renewals", settings_for(names))
        customer = Customer(desk, stage.load, keys)

        def read() -> float:
            requests = reads(customer, pattern, stage.some(READS))
            return stage.load.run(desk.endpoint, requests).seconds / len(requests)

        beside = [read()]
        end = time.monotonic() + (QUICK_SECONDS if stage.options.quick else SECONDS)
        with desk.records() as fetch:
            # Without a successor there would be nothing to measure.
            while time.monotonic() < end or not fetch(MADE)[0]:
                beside.append(read())
        desk.stop()
        with open_desk(Settings(data=str(folder))) as opened:
            opened.desk.store.write(_forget)
        desk.start()
        alone = [read() for _ in range(max(3, len(beside)))]
        desk.stop()
        stage.found.costs[RENEWING].append(statistics.median(beside))
        stage.found.costs[WITHOUT].append(statistics.median(alone))

    return turn


def _make_due(folder: Path, number: int) -> tuple[str, Keys]:
    """Fill a folder with certificates that end soon; return an order, and its account."""
    with open_desk(Settings(data=str(folder))) as opened:
        owners = accounts(opened.desk, number // 2)
        patterns = [
            order(opened.desk, caller, name(each)) for each, (caller, _) in enumerate(owners)
        ]
        now = opened.desk.clock.now()
        kept = [opened.desk.store.read(functools.partial(_kept, its)) for its in patterns]
        for first in range(0, number, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, number))
            opened.desk.store.write(functools.partial(_add, numbers, kept, now))
        opened.desk.store.write(functools.partial(_without_tasks, patterns))
        return patterns[0], owners[0][1]


def _kept(certificate_id: str, unit: Unit) -> tuple[Order, Submission, Proof]:
    found = unit.orders.get(certificate_id)
    (submission,) = unit.submissions.where(certificate_id=certificate_id)
    (proof,) = unit.proofs.where(certificate_id=certificate_id)
    assert found is not None  # noqa: S101 - it was bought above
    return found, submission, proof


def _without_tasks(certificate_ids: list[str], unit: Unit) -> None:
    for its in certificate_ids:
        unit.tasks.remove(its)


def _add(
    numbers: range, patterns: list[tuple[Order, Submission, Proof]], now: datetime, unit: Unit
) -> None:
    """Add issued certificates, of which each differs in its id and its end."""
    for number in numbers:
        pattern, submission, proof = patterns[number % len(patterns)]
        its, ends_at = f"{number:08}", now + LEFT + timedelta(seconds=number)
        issued = replace(
            pattern,
            certificate_id=its,
            number=0,
            status=Status.ISSUED,
            hosted=True,
            begins_at=ends_at - LIFE,
            ends_at=ends_at,
            ends_by=ends_at + LIFE,
        )
        unit.orders.add(issued)
        unit.submissions.add(with_own_key(submission, its))
        unit.proofs.add(replace(proof, certificate_id=its, proved_at=now))
        unit.renewals.add(Renewal(certificate_id=its, uin=issued.uin, ends_at=ends_at, due_at=now))


def _forget(unit: Unit) -> None:
    for renewal in unit.renewals.where():
        unit.renewals.remove(renewal.certificate_id)
    for task in unit.tasks.where():
        unit.tasks.replace(replace(task, due_at=None))


def tables(found: Found) -> Iterator[Table]:
    """Show what was found."""
    yield costs_table(found, "Renewing", UNITS)


def aims(found: Found) -> Iterator[Aim]:
    """Compare reading beside the work with reading alone."""
    slowed = over(found.costs[RENEWING], found.costs[WITHOUT])
    yield Aim(f"{RENEWING}: time ÷ none due", slowed, MOST_SLOWED)


TOPIC = Topic(
    "renewals",
    f"reading beside {DUE:,} certificates whose successors are due",
    begin,
    tables,
    aims,
    repeated=False,
)
