"""Orders that are due at once, made through the desk's own store before it starts.

They are of a hundred accounts and for names of a thousand domains (`bench.spread`), so that no
limit for one of either is met.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from bench.inside import perform
from bench.names import Names
from bench.servers import Fetch, settings_of
from bench.spread import accounts, name
from certdesk.bootstrap import open_desk
from certdesk.domain.validation.challenge import challenge_of
from certdesk.domain.values.keys import KeyKind, generate, spki_sha256
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.settings import Settings
from tests.actions.submitting import csr_for
from tests.running import Keys

if TYPE_CHECKING:
    from certdesk.domain.orders.order import Order
    from certdesk.domain.orders.records import Submission, Task
    from certdesk.domain.validation.records import Proof
    from certdesk.engine import Desk
    from certdesk.ports import Unit

AT_ONCE = 1_000
"""Orders in a transaction."""

MOST_SECONDS = 1_800
"""How long to wait for the desk before giving up."""

ISSUED = "SELECT count(*) FROM certificates"
MATERIAL = {
    "GenCsrType": "parse",
    "CompanyType": 1,
    "CompanyId": "0",
    "ContactEmail": "ssl@tencent.com",
}
SINGLE_DV = {"ProductId": 104, "DomainNum": 1, "TimeSpan": 1}


def settings_for(names: Names) -> str:
    """Write the settings of a desk that asks a name server."""
    return settings_of(more=f'dns.resolvers = ["{names.endpoint}"]\ndns.dnssec = "off"\n')


def material(certificate_id: str, name: str) -> dict[str, object]:
    """Return the material of an order, with a key of its own and a CSR without names."""
    csr = csr_for(generate(KeyKind.P_256), None)
    return {"CertId": certificate_id, "CertCommonName": name, "Csr": csr, **MATERIAL}


def order(desk: Desk, caller: Caller, name: str) -> str:
    """Buy an order, hand its material in, and submit it to the CA."""
    (certificate_id,) = perform(desk, caller, "CreateCertificate", **SINGLE_DV)["CertificateIds"]
    its = material(str(certificate_id), name)
    perform(desk, caller, "CertificateInfoSubmit", **its)
    perform(desk, caller, "CertificateOrderSubmit", CertId=certificate_id)
    return str(certificate_id)


def make_due(folder: Path, number: int, names: Names | None) -> tuple[str, Keys]:
    """Fill a folder with orders that are due; return the id and the account of one of them.

    With `names` their proofs are published; without, none ever is.
    """
    with open_desk(Settings(data=str(folder))) as opened:
        owners = accounts(opened.desk, number // 2)
        patterns = [
            order(opened.desk, caller, name(each)) for each, (caller, _) in enumerate(owners)
        ]
        kept = [opened.desk.store.read(functools.partial(_kept, its)) for its in patterns]
        made = range(len(patterns), number)
        for first in range(made.start, made.stop, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, made.stop))
            opened.desk.store.write(functools.partial(_add, numbers, kept))
        if names is not None:
            _publish(opened.desk.store.read(lambda unit: list(unit.proofs.where())), names)
        return patterns[0], owners[0][1]


def _publish(proofs: Iterable[Proof], names: Names) -> None:
    with names.telling() as line:
        for proof in proofs:
            challenge = challenge_of(proof)
            names.publish(challenge.record, challenge.value, line)


def _kept(certificate_id: str, unit: Unit) -> tuple[Order, Submission, Proof, Task]:
    order, task = unit.orders.get(certificate_id), unit.tasks.get(certificate_id)
    (submission,) = unit.submissions.where(certificate_id=certificate_id)
    (proof,) = unit.proofs.where(certificate_id=certificate_id)
    assert order is not None  # noqa: S101 -- it was bought above
    assert task is not None  # noqa: S101 -- it was submitted
    return order, submission, proof, task


def _add(numbers: range, patterns: list[tuple[Order, Submission, Proof, Task]], unit: Unit) -> None:
    """Make many orders of some; each has another id, another number and another name."""
    for number in numbers:
        order, submission, proof, task = patterns[number % len(patterns)]
        its, named = f"{number:08}", name(number)
        unit.orders.add(replace(order, certificate_id=its, number=0, domain=named))
        unit.submissions.add(with_own_key(submission, its))
        label = f"_dnsauth.{named.partition('.')[0]}"
        unit.proofs.add(replace(proof, certificate_id=its, name=named, label=label))
        unit.tasks.add(replace(task, certificate_id=its))


def with_own_key(submission: Submission, certificate_id: str) -> Submission:
    """Return the submission of another order: as in life, no two have the same key."""
    key = generate(KeyKind.P_256)
    return replace(
        submission,
        certificate_id=certificate_id,
        csr=csr_for(key, None),
        spki_sha256=spki_sha256(key.public_key()),
        inspected=True,
    )


def put_off(folder: Path) -> None:
    """Leave nothing due in a desk that does not run."""
    with open_desk(Settings(data=str(folder))) as opened:
        opened.desk.store.write(_put_all_off)


def _put_all_off(unit: Unit) -> None:
    for task in unit.tasks.where():
        unit.tasks.replace(replace(task, due_at=None))


def wait_for(fetch: Fetch, query: str, number: int, meanwhile: Callable[[], object]) -> None:
    """Wait until a query counts so many, and do something else again and again until then."""
    end = time.monotonic() + MOST_SECONDS
    while (found := fetch(query)[0]) < number:
        if time.monotonic() > end:
            raise TimeoutError(f"{found:,} of {number:,} in {MOST_SECONDS} s: {query}")
        meanwhile()
