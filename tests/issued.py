"""Having orders issued by a CA of the tests, on a desk that does not run meanwhile."""

from __future__ import annotations

import dataclasses
import uuid

import msgspec

from certdesk.bootstrap import SystemClock, actions, open_desk
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.people.role import Role
from certdesk.domain.validation.challenge import ProofKind, Verdict
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.issuers.hierarchy import NAME as PRIVATE
from certdesk.settings import load
from certdesk.testing.issuer import ScriptedIssuer
from certdesk.testing.validation import ScriptedValidator
from certdesk.wire.decode import decode
from tests.running import Keys, RunningDesk
from tests.working import Parts, take_on


def issue(desk: RunningDesk, keys: Keys, *certificate_ids: str) -> None:
    """Submit orders that have their material to the CA, and go on until they are issued."""
    desk.stop()
    settings, _ = load(None, {}, {"data": str(desk.folder)})
    clock = SystemClock()
    submit = actions().find("CertificateOrderSubmit")
    assert submit is not None
    caller = Caller(uin=keys.uin, actor=keys.secret_id, verified=True, role=Role.USER)
    with open_desk(settings) as opened:
        store = opened.desk.store
        # Nobody is looked at.
        rules = replace(opened.desk.rules, checks_per_domain=0)
        parts = dataclasses.replace(Parts.of(opened.desk), rules=rules)
        validators = {kind: ScriptedValidator(clock, absent=Verdict.PROVED) for kind in ProofKind}
        order_engine = parts.order_engine(
            parts.validation_run(validators), ScriptedIssuer(clock, PRIVATE)
        )
        for certificate_id in certificate_ids:
            asked = decode({"CertId": certificate_id}, submit.request)
            opened.desk.perform(submit, caller, asked, str(uuid.uuid4()))
            take_on(order_engine, store, clock, certificate_id)
            order = store.read(lambda unit, id_=certificate_id: unit.orders.get(id_))  # type: ignore[misc]  # bound now
            assert order is not None
            assert order.status is Status.ISSUED
    desk.start()


def succeed(desk: RunningDesk, keys: Keys, certificate_id: str) -> str:
    """Have the desk make the successor of a certificate before it is due; give its id."""
    desk.stop()
    settings, _ = load(None, {}, {"data": str(desk.folder)})
    action = actions().find("SucceedCertificate", internal=True)
    assert action is not None
    caller = Caller(uin=keys.uin, actor="desk", verified=True, role=Role.DESK)
    asked = decode({"CertificateId": certificate_id}, action.request)
    with open_desk(settings) as opened:
        reply = opened.desk.perform(action, caller, asked, str(uuid.uuid4()))
    desk.start()
    return str(msgspec.structs.asdict(reply)["certificate_id"])
