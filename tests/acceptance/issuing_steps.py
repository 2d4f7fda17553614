"""A program that takes an order to its certificate and is killed at a named step on the way.

Each attempt runs in a process of its own, forked from this one so that it starts at once. It
prints one JSON line an attempt: the step at which it was killed ("" if it came to the end), and
what the next process, which nobody kills, found and made of it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from certdesk.bootstrap import OpenDesk, open_desk
from certdesk.cli.logs import log_to_stderr
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.people.role import Role
from certdesk.domain.pki.issuance import IssueRequest, Progress, Recorded
from certdesk.domain.validation.challenge import ProofKind, Verdict
from certdesk.engine import OPERATOR, Caller
from certdesk.ports import Issuer, Unit
from certdesk.settings import Settings
from certdesk.testing.validation import ScriptedValidator
from tests.acceptance.killing import (
    Killer,
    SteppingStore,
    buy,
    call,
    forked,
    killed,
    tell_attempts,
    work_until,
)
from tests.actions.submitting import csr_for
from tests.issuing import IssuerAround
from tests.workflow.ordering import key
from tests.working import Parts

NAME = "shop.example.com"


class SteppingIssuer(IssuerAround):
    """An issuer that comes to a step before and after each of its own."""

    def __init__(self, issuer: Issuer, killer: Killer) -> None:
        """Issue by `issuer`."""
        super().__init__(issuer)
        self._killer = killer

    def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
        """Take the issuer's step."""
        what = "planning" if recorded is None else "signing"
        self._killer.step(f"{what} comes")
        progress = super().proceed(request, recorded)
        self._killer.step(f"{what} is done")
        return progress


def main(folder: Path) -> None:
    """Kill at one step after the other, until an attempt comes to its end."""
    log_to_stderr("warning")
    key()
    settings = Settings(data=str(folder / "desk"), stock_rsa_2048=0, stock_rsa_4096=0)
    caller = forked(folder, lambda: open_account(settings))
    tell_attempts(lambda number: _attempt(folder, settings, caller, number))


def _attempt(folder: Path, settings: Settings, caller: Any, number: int) -> dict[str, Any]:  # noqa: ANN401 -- it comes from the killed process
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
    caller = Caller(uin=uin, actor=secret_id, verified=True, role=Role.USER)
    material = {"GenCsrType": "parse", "Csr": csr_for(key(), NAME), "CertCommonName": NAME}
    with open_desk(settings) as opened:
        return buy(opened, caller, 1, **material)


def take_on(settings: Settings, certificate_id: str, killer: Killer) -> None:
    """Work on what is due until the order is issued."""
    with open_desk(settings) as opened:
        parts = Parts.of(opened.desk, SteppingStore(opened.desk.store, killer))
        validator = ScriptedValidator(parts.clock)
        validator.verdicts[NAME] = Verdict.PROVED
        validation_run = parts.validation_run(dict.fromkeys(ProofKind, validator))
        stepping = (SteppingIssuer(issuer, killer) for issuer in parts.issuers)
        work = parts.orders(validation_run, *stepping)
        work_until(lambda: _issued(opened, certificate_id), opened, certificate_id, work)


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
