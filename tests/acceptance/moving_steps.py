"""A program that moves a certificate to another account and is killed at a named step on the way.

Each attempt runs in a process of its own, with a certificate of its own. It prints one JSON line
an attempt: the step at which it was killed ("" if it came to the end), what was kept before, what
the next process, which nobody kills, found, and what it made of it.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

from certdesk.bootstrap import OpenDesk, open_desk
from certdesk.cli.logs import log_to_stderr
from certdesk.domain.people.role import Role
from certdesk.domain.validation.challenge import ProofKind
from certdesk.engine import OPERATOR, Caller
from certdesk.ports import COLLECTIONS, Unit, place_of, place_of_submission
from certdesk.settings import Settings
from certdesk.testing.validation import ScriptedValidator
from tests.acceptance.issuing_steps import NAME, open_account, take_on
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
from tests.working import Parts


def main(folder: Path) -> None:
    """Kill at one step after the other, until an attempt comes to its end."""
    log_to_stderr("warning")
    settings = Settings(data=str(folder / "desk"), stock_rsa_2048=0, stock_rsa_4096=0)
    old, new = (forked(folder, lambda: open_account(settings)) for _ in range(2))
    tell_attempts(lambda number: _attempt(folder, settings, number, old, new))


def _attempt(
    folder: Path, settings: Settings, number: int, old: list[str], new: list[str]
) -> dict[str, Any]:
    """Kill at step `number` of a new move, look what is kept, and take it to its end."""
    told = folder / f"step-{number}"
    its = forked(folder, lambda: _order(settings, old))
    forked(folder, lambda: take_on(settings, its, Killer(0, told)))
    before = forked(folder, lambda: _look(settings, its))
    forked(folder, lambda: _send(settings, its, new[0]))
    ended = killed(lambda: _move(settings, its, new[0], Killer(number, told)))
    found = forked(folder, lambda: _look(settings, its))
    forked(folder, lambda: _move(settings, its, new[0], Killer(0, told)))
    after = forked(folder, lambda: _look(settings, its))
    return {
        "step": told.read_text() if ended else "",
        "old": old[0],
        "new": new[0],
        "before": before,
        "found": found,
        "after": after,
    }


def _order(settings: Settings, account: list[str]) -> str:
    """Order a certificate whose key the desk makes, with a pass phrase."""
    uin, secret_id = account
    caller = Caller(uin=uin, actor=secret_id, verified=True, role=Role.USER)
    with open_desk(settings) as opened:
        opened.stock.start()
        bought = buy(opened, caller, 2, CertCommonName=NAME, KeyPass="12345678")
        opened.stock.stop()
        return bought


def _send(settings: Settings, certificate_id: str, uin: str) -> None:
    with open_desk(settings) as opened:
        call(opened, OPERATOR, "MoveOrder", CertificateId=certificate_id, Uin=uin)


def _move(settings: Settings, certificate_id: str, uin: str, killer: Killer) -> None:
    """Work on what is due until the other account has the order, and the work has rested."""
    with open_desk(settings) as opened:
        parts = Parts.of(opened.desk, SteppingStore(opened.desk.store, killer))
        validators = dict.fromkeys(ProofKind, ScriptedValidator(parts.clock))
        validation_run = parts.validation_run(validators)
        work = parts.orders(validation_run)
        work_until(lambda: _rests(opened, certificate_id, uin), opened, certificate_id, work)


def _rests(opened: OpenDesk, certificate_id: str, uin: str) -> bool:
    """Whether the order is in its new account, and is due when its certificate ends."""

    def read(unit: Unit) -> bool:
        order, task = unit.orders.get(certificate_id), unit.tasks.get(certificate_id)
        assert order is not None
        assert order.ends_at is not None
        assert task is not None
        due = task.due_at is not None and task.due_at > order.ends_at
        return order.uin == uin and due

    return opened.desk.store.read(read)


def _look(settings: Settings, certificate_id: str) -> dict[str, Any]:
    """Give in which accounts something of an order is, and what opens."""
    with open_desk(settings) as opened:
        return opened.desk.store.read(lambda unit: _kept(opened, unit, certificate_id))


def _kept(opened: OpenDesk, unit: Unit, certificate_id: str) -> dict[str, Any]:
    order = unit.orders.get(certificate_id)
    submission = unit.submissions.get(certificate_id, 1)
    certificate = unit.certificates.get(certificate_id, 1)
    assert order is not None
    assert submission is not None
    assert certificate is not None
    sealed = [
        (getattr(submission, column), place_of_submission(submission, column))
        for column in ("personal", "key_pass", "private_key")
    ]
    sealed.append((certificate.archive_pass, place_of(certificate, "archive_pass")))
    opens = [opened.desk.vault.open(value, place).reveal() for value, place in sealed]
    both = [spec for spec in COLLECTIONS if {"uin", "certificate_id"} <= set(spec.fields)]
    records = {
        spec.name: unit.collection(spec).where(certificate_id=certificate_id) for spec in both
    }
    audit = [entry.action for entry in unit.audit.where(subject=certificate_id)]
    return {
        "status": order.status,
        "owners": sorted({record.uin for each in records.values() for record in each}),
        "counts": {name: len(found) for name, found in records.items()},
        "opens": [hashlib.sha256(value).hexdigest() for value in opens],
        "moved": [audit.count("MoveOut"), audit.count("MoveIn")],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
