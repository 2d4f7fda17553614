"""Having orders issued by a CA of the tests, on a desk that does not run meanwhile."""

from __future__ import annotations

import random
import uuid
from concurrent.futures import Future
from datetime import datetime

import msgspec

from certdesk.bootstrap import SystemClock, actions, open_desk
from certdesk.domain.order import Status
from certdesk.domain.proof import ProofKind, Verdict
from certdesk.engine import Caller
from certdesk.settings import load
from certdesk.testing.issuer import ScriptedIssuer
from certdesk.testing.proving import ScriptedCaa, ScriptedProver
from certdesk.wire.decode import decode
from certdesk.workflow.added_records import AddedRecords
from certdesk.workflow.advancing import Advancing
from certdesk.workflow.looking import Looking
from certdesk.workflow.pacing import LookPacing
from tests.rules import rules_with
from tests.running import Keys, RunningDesk

SECONDS = 30


def issue(desk: RunningDesk, keys: Keys, *certificate_ids: str) -> None:
    """Submit orders that have their material to the CA, and go on until they are issued."""
    desk.stop()
    settings, _ = load(None, {}, {"data": str(desk.folder)})
    clock = SystemClock()
    submit = actions().find("CertificateOrderSubmit")
    assert submit is not None
    caller = Caller(uin=keys.uin, actor=keys.secret_id, verified=True)
    with open_desk(settings) as opened:
        store, vault = opened.desk.store, opened.desk.vault
        provers = {kind: ScriptedProver(clock, absent=Verdict.PROVED) for kind in ProofKind}
        advancing = Advancing(
            store,
            vault,
            clock,
            random.SystemRandom(),
            looking=Looking(
                store,
                clock,
                provers=provers,
                caa=ScriptedCaa(clock),
                records=AddedRecords(store, clock, opened.desk.dns_providers),
                # Nobody is looked at.
                pacing=LookPacing(store, clock, rules_with(looks_per_domain=0)),
                kept_looks=opened.desk.rules.quotas.looks,
            ),
            issuer=ScriptedIssuer(clock),
            rules=opened.desk.rules,
        )
        for certificate_id in certificate_ids:
            asked = decode({"CertId": certificate_id}, submit.request)
            opened.desk.perform(submit, caller, asked, str(uuid.uuid4()))
            _take_on(advancing, clock, certificate_id)
            order = store.read(lambda unit, id_=certificate_id: unit.orders.get(id_))  # type: ignore[misc]
            assert order is not None
            assert order.status is Status.ISSUED
    desk.start()


def succeed(desk: RunningDesk, keys: Keys, certificate_id: str) -> str:
    """Have the desk make the successor of a certificate before it is due; give its id."""
    desk.stop()
    settings, _ = load(None, {}, {"data": str(desk.folder)})
    action = actions().find("SucceedCertificate", internal=True)
    assert action is not None
    caller = Caller(uin=keys.uin, actor="desk", verified=True)
    asked = decode({"CertificateId": certificate_id}, action.request)
    with open_desk(settings) as opened:
        reply = opened.desk.perform(action, caller, asked, str(uuid.uuid4()))
    desk.start()
    return str(msgspec.structs.asdict(reply)["certificate_id"])


def _take_on(advancing: Advancing, clock: SystemClock, certificate_id: str) -> None:
    due_at = advancing.step(certificate_id)
    while isinstance(due_at, Future) or (isinstance(due_at, datetime) and due_at <= clock.now()):
        if isinstance(due_at, Future):
            due_at.result(SECONDS)
        due_at = advancing.step(certificate_id)
