"""What ten thousand certificates, whose successors are due together, do to the API.

As after a week's pause: the desk finds them when it starts, and begins with those that end first,
`renewal.per_minute` of them in a minute; each is then proved, permitted and issued like any order.
"""

from __future__ import annotations

import dataclasses
import functools
import statistics
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench.issuing import AT_ONCE, DUE, READS, order, settings_for
from bench.load import Load
from bench.servers import database_of, read
from bench.spread import accounts, name
from certdesk.bootstrap import open_desk
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Renewal
from certdesk.settings import Settings
from certdesk.world.nameserver import nameserver
from tests.running import running

if TYPE_CHECKING:
    from datetime import datetime

    from certdesk.domain.orders.records import Submission
    from certdesk.domain.validation.records import Proof
    from certdesk.ports import Unit

RENEWING = f"read back, {DUE:,} renewals due"
WITHOUT = "read back, no renewal due"
"""Both are seconds on the clock."""

SECONDS = 75
"""How long to read beside them: longer than a minute, in which a bucket is emptied and filled."""

LIFE, LEFT = timedelta(days=199), timedelta(days=50)


def costs(folder: Path, load: Load) -> dict[str, float]:
    """Give what a request takes beside the work, and without it."""
    with nameserver() as names:
        return _measured(folder, settings_for(names), load)


def _measured(folder: Path, settings: str, load: Load) -> dict[str, float]:
    with open_desk(Settings(data=str(folder))) as opened:
        owners = accounts(opened.desk)
        patterns = [
            order(opened.desk, caller, name(number)) for number, (caller, _) in enumerate(owners)
        ]
        now = opened.desk.clock.now()
        kept = [opened.desk.store.read(functools.partial(_kept, its)) for its in patterns]
        for first in range(0, DUE, AT_ONCE):
            numbers = range(first, first + AT_ONCE)
            opened.desk.store.write(functools.partial(_add, numbers, kept, now))
        opened.desk.store.write(functools.partial(_without_tasks, patterns))
        pattern, (_, keys) = patterns[0], owners[0]
    with running(folder, settings=settings) as desk, database_of(desk) as database:
        read_back = functools.partial(read, load, desk, keys, pattern, READS)
        beside, end = [], time.monotonic() + SECONDS
        while time.monotonic() < end:
            beside.append(read_back())
        made = database.execute("SELECT count(*) FROM orders WHERE by_desk").fetchone()
        assert made is not None  # noqa: S101 - a count
        assert made[0] > 1  # noqa: S101 - else there was nothing to measure
        desk.stop()
        with open_desk(Settings(data=str(folder))) as opened:
            opened.desk.store.write(_forget)
        desk.start()
        alone = [read_back() for _ in range(max(5, len(beside)))]
    return {RENEWING: statistics.median(beside), WITHOUT: statistics.median(alone)}


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
        issued = dataclasses.replace(
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
        unit.submissions.add(dataclasses.replace(submission, certificate_id=its, inspected=True))
        unit.proofs.add(dataclasses.replace(proof, certificate_id=its, proved_at=now))
        unit.renewals.add(Renewal(certificate_id=its, uin=issued.uin, ends_at=ends_at, due_at=now))


def _forget(unit: Unit) -> None:
    for renewal in unit.renewals.where():
        unit.renewals.remove(renewal.certificate_id)
    for task in unit.tasks.where():
        unit.tasks.replace(dataclasses.replace(task, due_at=None))
