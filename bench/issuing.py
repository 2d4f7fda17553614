"""What it costs to take orders on: to their certificates, and ten thousand that are due at once.

They are of a hundred accounts and for names of a thousand domains (`bench.spread`).

A name server of the tests, in this process, knows the proofs of the first and nothing of the
others. The desk is a process of its own and finds what is due when it starts.
"""

from __future__ import annotations

import dataclasses
import functools
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bench.inside import perform
from bench.load import Load
from bench.servers import cpu_seconds, database_of, read
from bench.spread import accounts, name
from certdesk.bootstrap import open_desk
from certdesk.domain.validation.challenge import challenge_of
from certdesk.domain.values.keys import KeyKind, generate
from certdesk.engine import Caller
from certdesk.settings import Settings
from certdesk.world.nameserver import NameServer, nameserver
from tests.actions.submitting import csr_for
from tests.running import running

if TYPE_CHECKING:
    from certdesk.domain.orders.order import Order
    from certdesk.domain.orders.records import Submission, Task
    from certdesk.domain.validation.records import Proof
    from certdesk.engine import Desk
    from certdesk.ports import Unit

ISSUED = 200
DUE = 10_000
AT_ONCE = 1_000
READS = 400
"""Requests in a measurement of the API beside the work."""

CERTIFICATE, LOOK = "order to certificate", f"look for a proof, {DUE:,} due"
BESIDE, ALONE = f"read back, {DUE:,} orders due", "read back, none due"
"""The last two are seconds on the clock."""

MOST_SECONDS = 600
"""How long to wait for the desk before giving up."""

MATERIAL = {
    "GenCsrType": "parse",
    # Without names, so that it does for every order.
    "Csr": csr_for(generate(KeyKind.P_256), None),
    "CompanyType": 1,
    "CompanyId": "0",
    "ContactEmail": "ssl@tencent.com",
}
SINGLE_DV = {"ProductId": 104, "DomainNum": 1, "TimeSpan": 1}


def costs(folder: Path, load: Load) -> dict[str, float]:
    """Measure everything once; give seconds of CPU, and on the clock where the name says so."""
    with nameserver() as names:
        settings = settings_for(names)
        return {
            CERTIFICATE: to_certificates(folder / "issuing", settings, names),
            **beside_much_work(folder / "due", settings, load),
        }


def settings_for(names: NameServer) -> str:
    """Give the settings of a desk that asks a name server, makes no keys and has no rate limit."""
    return (
        f'[dns]\nresolvers = ["{names.endpoint}"]\ndnssec = "off"\n'
        "[rate]\nlimit = 0\n[keys.stock]\nrsa_2048 = 0\nrsa_4096 = 0\np_256 = 0\n"
    )


def to_certificates(folder: Path, settings: str, names: NameServer) -> float:
    """Give the CPU seconds of the desk from an order's first check to its certificate."""
    with open_desk(Settings(data=str(folder))) as opened:
        callers = [caller for caller, _ in accounts(opened.desk)]
        for number in range(ISSUED):
            caller = callers[number % len(callers)]
            certificate_id = order(opened.desk, caller, name(number))
            for proof in proofs(opened.desk, certificate_id):
                challenge = challenge_of(proof)
                names.add(challenge.record, "TXT", challenge.value)
    with running(folder, settings=settings) as desk, database_of(desk) as database:
        before = cpu_seconds(desk.pid)
        issued = "SELECT count(*) FROM certificates"
        _wait(lambda: database.execute(issued).fetchone() == (ISSUED,))
        return (cpu_seconds(desk.pid) - before) / ISSUED


def beside_much_work(folder: Path, settings: str, load: Load) -> dict[str, float]:
    """Give what a check costs of very many, and what they do to requests meanwhile."""
    with open_desk(Settings(data=str(folder))) as opened:
        owners = accounts(opened.desk)
        patterns = [
            order(opened.desk, caller, name(number)) for number, (caller, _) in enumerate(owners)
        ]
        _multiply(opened.desk, patterns)
        pattern, (_, keys) = patterns[0], owners[0]
    with running(folder, settings=settings) as desk, database_of(desk) as database:
        read_back = functools.partial(read, load, desk, keys, pattern, READS)
        looked = "SELECT count(*) FROM proofs WHERE looks > 0"
        before, beside = cpu_seconds(desk.pid), []
        while database.execute(looked).fetchone() < (DUE // 2,):
            beside.append(read_back())
        _wait(lambda: database.execute(looked).fetchone() >= (DUE,))
        spent = cpu_seconds(desk.pid) - before
        desk.stop()
        _put_off(folder)
        desk.start()
        alone = [read_back() for _ in range(max(5, len(beside)))]
    reads = statistics.median(alone) * READS * len(beside)
    return {
        LOOK: (spent - reads) / DUE,
        BESIDE: statistics.median(beside),
        ALONE: statistics.median(alone),
    }


def order(desk: Desk, caller: Caller, name: str) -> str:
    """Buy an order, hand its material in, and submit it to the CA."""
    (certificate_id,) = perform(desk, caller, "CreateCertificate", **SINGLE_DV)["CertificateIds"]
    its = {"CertId": certificate_id, "CertCommonName": name}
    perform(desk, caller, "CertificateInfoSubmit", **its, **MATERIAL)
    perform(desk, caller, "CertificateOrderSubmit", CertId=certificate_id)
    return str(certificate_id)


def proofs(desk: Desk, certificate_id: str) -> list[Proof]:
    """Read what is to be published for an order."""
    return desk.store.read(lambda unit: unit.proofs.where(certificate_id=certificate_id))


def _multiply(desk: Desk, patterns: list[str]) -> None:
    """Make many orders of some; each has another id, another number and another name."""
    kept = [desk.store.read(functools.partial(_kept, its)) for its in patterns]
    for first in range(0, DUE, AT_ONCE):
        desk.store.write(functools.partial(_add, range(first, first + AT_ONCE), kept))


def _kept(certificate_id: str, unit: Unit) -> tuple[Order, Submission, Proof, Task]:
    order, task = unit.orders.get(certificate_id), unit.tasks.get(certificate_id)
    (submission,) = unit.submissions.where(certificate_id=certificate_id)
    (proof,) = unit.proofs.where(certificate_id=certificate_id)
    assert order is not None  # noqa: S101 -- it was bought above
    assert task is not None  # noqa: S101 -- it was submitted
    return order, submission, proof, task


def _add(numbers: range, patterns: list[tuple[Order, Submission, Proof, Task]], unit: Unit) -> None:
    for number in numbers:
        order, submission, proof, task = patterns[number % len(patterns)]
        its, named = f"{number:08}", name(number)
        unit.orders.add(dataclasses.replace(order, certificate_id=its, number=0, domain=named))
        kept = dataclasses.replace(submission, certificate_id=its, inspected=True)
        unit.submissions.add(kept)
        label = f"_dnsauth.{named.partition('.')[0]}"
        unit.proofs.add(dataclasses.replace(proof, certificate_id=its, name=named, label=label))
        unit.tasks.add(dataclasses.replace(task, certificate_id=its))


def _put_off(folder: Path) -> None:
    """Leave nothing due in a desk that does not run."""
    with open_desk(Settings(data=str(folder))) as opened:
        opened.desk.store.write(_put_all_off)


def _put_all_off(unit: Unit) -> None:
    for task in unit.tasks.where():
        unit.tasks.replace(dataclasses.replace(task, due_at=None))


def _wait(met: Callable[[], bool]) -> None:
    end = time.monotonic() + MOST_SECONDS
    while not met():
        if time.monotonic() > end:
            raise TimeoutError(f"the desk has not come to an end in {MOST_SECONDS} s")
        time.sleep(0.05)
