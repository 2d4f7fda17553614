"""A program that takes an order to its certificate and is killed at a named step on the way.

Each attempt runs in a process of its own, forked from this one so that it starts at once. It
prints one JSON line an attempt: the step at which it was killed ("" if it came to the end), and
what the next process, which nobody kills, found and made of it.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from certdesk.bootstrap import OpenDesk, actions, open_desk
from certdesk.catalog import OPERATOR, Caller
from certdesk.cli.logs import log_to_stderr
from certdesk.domain.issuing import IssueRequest, Progress
from certdesk.domain.order import Status
from certdesk.domain.proof import ProofKind, Verdict
from certdesk.domain.records import Certificate
from certdesk.domain.revocation import Reason
from certdesk.ports import Issuer, Store, Unit
from certdesk.settings import Settings
from certdesk.testing.proving import ScriptedCaa, ScriptedProver
from certdesk.wire.decode import decode
from certdesk.workflow.advancing import Advancing
from certdesk.workflow.looking import Looking
from certdesk.workflow.orders import OrderWork
from tests.actions.submitting import PERSONAL, csr_for
from tests.workflow.ordering import key

NAME = "shop.example.com"
SECONDS = 60

Result = TypeVar("Result")


class Killer:
    """Counts steps, and kills the process at one of them; `told` keeps their names in a file."""

    def __init__(self, at: int, told: Path) -> None:
        """Kill at step number `at`, 0 at none."""
        self._at = at
        self._told = told
        self._count = 0

    def step(self, name: str) -> None:
        """Come to a step."""
        self._count += 1
        if self._count == self._at:
            self._told.write_text(f"{self._count}: {name}")
            os.kill(os.getpid(), signal.SIGKILL)


class SteppingStore:
    """`ports.Store` that comes to a step around and in each write."""

    def __init__(self, store: Store, killer: Killer) -> None:
        """Keep everything in `store`."""
        self._store = store
        self._killer = killer
        self.read = store.read
        self.settle = store.settle
        self.close = store.close

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Write, in four steps."""
        name = getattr(commit, "__name__", "") or getattr(commit, "func", commit).__name__
        step = self._killer.step

        def stepping(unit: Unit) -> Result:
            step(f"{name} begins")
            result = commit(unit)
            step(f"{name} is not committed yet")
            return result

        step(f"{name} comes")
        result = self._store.write(stepping)
        step(f"{name} is durable")
        return result

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Write without steps; the engine does not."""
        return self._store.submit(commit)


class SteppingIssuer:
    """`ports.Issuer` that comes to a step before and after each of its own."""

    def __init__(self, issuer: Issuer, killer: Killer) -> None:
        """Issue by `issuer`."""
        self.name = issuer.name
        self._issuer = issuer
        self._killer = killer

    def proceed(self, request: IssueRequest, state: bytes | None) -> Progress:
        """Take the issuer's step."""
        what = "planning" if state is None else "signing"
        self._killer.step(f"{what} comes")
        progress = self._issuer.proceed(request, state)
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
    caller = _forked(folder, lambda: _open_account(settings))
    for number in itertools.count(1):
        told = _attempt(folder, settings, caller, number)
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        if not told["step"]:
            return


def _attempt(folder: Path, settings: Settings, caller: Any, number: int) -> dict[str, Any]:  # noqa: ANN401
    """Kill at step `number` of a new order, look what is kept, and take it to its end."""
    told = folder / f"step-{number}"
    certificate_id = _forked(folder, lambda: _order(settings, caller))
    killed = _killed(lambda: _take_on(settings, certificate_id, Killer(number, told)))
    found = _forked(folder, lambda: _look(settings, certificate_id))
    _forked(folder, lambda: _take_on(settings, certificate_id, Killer(0, told)))
    after = _forked(folder, lambda: _look(settings, certificate_id))
    return {"step": told.read_text() if killed else "", "found": found, "after": after}


def _killed(work: Callable[[], object]) -> bool:
    """Do work in a process of its own; tell whether it was killed."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException:  # noqa: BLE001 -- whatever it is, the parent is told by the code
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, how = os.waitpid(child, 0)
    if os.WIFSIGNALED(how):
        return True
    if os.WEXITSTATUS(how):
        raise RuntimeError("a process failed")
    return False


def _forked(folder: Path, work: Callable[[], Any]) -> Any:  # noqa: ANN401 -- any JSON
    """Do work in a process of its own; give what comes of it."""
    result = folder / "result"
    if _killed(lambda: result.write_text(json.dumps(work()))):
        raise RuntimeError("a process was killed that should not have been")
    return json.loads(result.read_text())


def _call(opened: OpenDesk, caller: Caller, name: str, **parameters: object) -> Any:  # noqa: ANN401
    action = actions().find(name, internal=caller is OPERATOR)
    assert action is not None, name
    return opened.desk.perform(action, caller, decode(parameters, action.request), "steps")


def _open_account(settings: Settings) -> list[str]:
    with open_desk(settings) as opened:
        added = _call(opened, OPERATOR, "AddAccount", Name="steps")
        return [added.uin, added.secret_id]


def _order(settings: Settings, account: list[str]) -> str:
    uin, secret_id = account
    caller = Caller(uin=uin, actor=secret_id, verified=True)
    material = PERSONAL | {"GenCsrType": "parse", "Csr": csr_for(key(), NAME)}
    material |= {"CertCommonName": NAME}
    with open_desk(settings) as opened:
        bought = _call(
            opened, caller, "CreateCertificate", ProductId=104, DomainNum=1, TimeSpan=1
        ).certificate_ids[0]
        _call(opened, caller, "CertificateInfoSubmit", CertId=bought, **material)
        _call(opened, caller, "CertificateOrderSubmit", CertId=bought)
        return str(bought)


def _take_on(settings: Settings, certificate_id: str, killer: Killer) -> None:
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
        desk.store.write(lambda unit: _make_due(unit, certificate_id, opened))
        work.start()
        end = time.monotonic() + SECONDS
        while not _issued(opened, certificate_id):
            if time.monotonic() > end:
                raise TimeoutError
            time.sleep(0.005)
        work.stop()


def _make_due(unit: Unit, certificate_id: str, opened: OpenDesk) -> None:
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
