"""A program that takes an order to its certificate and is killed at a named step on the way.

Each attempt runs in a process of its own, forked from this one so that it starts at once. It
prints one JSON line an attempt: the step at which it was killed ("" if it came to the end), and
what the next process, which nobody kills, found and made of it.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

from certdesk.bootstrap import OpenDesk, open_desk
from certdesk.cli.logs import log_to_stderr
from certdesk.domain.issuing import IssueRequest, Progress, Recorded
from certdesk.domain.order import Status
from certdesk.domain.proof import ProofKind, Verdict
from certdesk.domain.records import Certificate
from certdesk.domain.revocation import Reason
from certdesk.engine import OPERATOR, Caller
from certdesk.ports import Issuer, Unit
from certdesk.settings import Settings
from certdesk.testing.proving import ScriptedCaa, ScriptedProver
from certdesk.workflow.added_records import AddedRecords
from certdesk.workflow.advancing import Advancing
from certdesk.workflow.looking import Looking
from certdesk.workflow.orders import OrderWork
from certdesk.workflow.pacing import LookPacing
from tests.acceptance.killing import Killer, SteppingStore, call, forked, killed
from tests.actions.submitting import PERSONAL, csr_for
from tests.workflow.ordering import key

NAME = "shop.example.com"
SECONDS = 60


class SteppingIssuer:
    """`ports.Issuer` that comes to a step before and after each of its own."""

    def __init__(self, issuer: Issuer, killer: Killer) -> None:
        """Issue by `issuer`."""
        self.name = issuer.name
        self._issuer = issuer
        self._killer = killer

    def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
        """Take the issuer's step."""
        what = "planning" if recorded is None else "signing"
        self._killer.step(f"{what} comes")
        progress = self._issuer.proceed(request, recorded)
        self._killer.step(f"{what} is done")
        return progress

    def revoke(self, certificate: Certificate, reason: Reason) -> None:
        """Do as the issuer does."""
        self._issuer.revoke(certificate, reason)


def main(folder: Path) -> None:
    """Kill at one step after the other, until an attempt comes to its end."""
    log_to_stderr("warning")
    key()
    settings = Settings(data=str(folder / "desk"), stock_rsa_2048=0, stock_rsa_4096=0)
    caller = forked(folder, lambda: open_account(settings))
    for number in itertools.count(1):
        told = _attempt(folder, settings, caller, number)
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        if not told["step"]:
            return


def _attempt(folder: Path, settings: Settings, caller: Any, number: int) -> dict[str, Any]:  # noqa: ANN401
    """Kill at step `number` of a new order, look what is kept, and take it to its end."""
    told = folder / f"step-{number}"
    certificate_id = forked(folder, lambda: _order(settings, caller))
    ended = killed(lambda: take_on(settings, certificate_id, Killer(number, told)))
    found = forked(folder, lambda: _look(settings, certificate_id))
    forked(folder, lambda: take_on(settings, certificate_id, Killer(0, told)))
    after = forked(folder, lambda: _look(settings, certificate_id))
    return {"step": told.read_text() if ended else "", "found": found, "after": after}


def open_account(settings: Settings) -> list[str]:
    """Open an account; give its Uin and SecretId."""
    with open_desk(settings) as opened:
        added = call(opened, OPERATOR, "AddAccount", Name="steps")
        return [added.uin, added.secret_id]


def _order(settings: Settings, account: list[str]) -> str:
    uin, secret_id = account
    caller = Caller(uin=uin, actor=secret_id, verified=True)
    material = PERSONAL | {"GenCsrType": "parse", "Csr": csr_for(key(), NAME)}
    material |= {"CertCommonName": NAME}
    with open_desk(settings) as opened:
        bought = call(
            opened, caller, "CreateCertificate", ProductId=104, DomainNum=1, TimeSpan=1
        ).certificate_ids[0]
        call(opened, caller, "CertificateInfoSubmit", CertId=bought, **material)
        call(opened, caller, "CertificateOrderSubmit", CertId=bought)
        return str(bought)


def take_on(settings: Settings, certificate_id: str, killer: Killer) -> None:
    """Work on what is due until the order is issued."""
    with open_desk(settings) as opened:
        desk = opened.desk
        store = SteppingStore(desk.store, killer)
        prover = ScriptedProver(desk.clock)
        prover.verdicts[NAME] = Verdict.PROVED
        looking = Looking(
            store,
            desk.clock,
            provers=dict.fromkeys(ProofKind, prover),
            caa=ScriptedCaa(desk.clock),
            records=AddedRecords(store, desk.clock, desk.dns_providers),
            pacing=LookPacing(store, desk.clock, desk.rules),
            kept_looks=desk.rules.quotas.looks,
        )
        advancing = Advancing(
            store,
            desk.vault,
            desk.clock,
            desk.rng,
            looking=looking,
            issuer=SteppingIssuer(opened.issuer, killer),
            rules=desk.rules,
        )
        work = OrderWork(store, desk.clock, advancing=advancing, looking=looking)
        # What the killed process had taken up is not waited for.
        desk.store.write(lambda unit: make_due(unit, certificate_id, opened))
        work.start()
        end = time.monotonic() + SECONDS
        while not _issued(opened, certificate_id):
            if time.monotonic() > end:
                raise TimeoutError
            time.sleep(0.005)
        work.stop()


def make_due(unit: Unit, certificate_id: str, opened: OpenDesk) -> None:
    """Put an order on the list of what is worked on now."""
    task = unit.tasks.get(certificate_id)
    assert task is not None
    unit.tasks.replace(dataclasses.replace(task, due_at=opened.desk.clock.now()))


def _issued(opened: OpenDesk, certificate_id: str) -> bool:
    order = opened.desk.store.read(lambda unit: unit.orders.get(certificate_id))
    assert order is not None
    return order.status is Status.ISSUED


def _look(settings: Settings, certificate_id: str) -> dict[str, Any]:
    """Give what is kept of an order."""
    with open_desk(settings) as opened:
        return opened.desk.store.read(lambda unit: _kept(unit, certificate_id))


def _kept(unit: Unit, certificate_id: str) -> dict[str, Any]:
    order = unit.orders.get(certificate_id)
    assert order is not None
    issuances = unit.issuances.where(certificate_id=certificate_id)
    certificates = unit.certificates.where(certificate_id=certificate_id)
    audit = [entry.action for entry in unit.audit.where(subject=certificate_id)]
    return {
        "status": order.status,
        "serials": [issuance.serial for issuance in issuances],
        "states": [issuance.state.hex() for issuance in issuances],
        "certificates": [certificate.leaf.hex() for certificate in certificates],
        "issued": audit.count("Issue"),
        "proved": audit.count("ProveDomain"),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
