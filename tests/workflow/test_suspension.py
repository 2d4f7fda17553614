"""A disabled account gets nothing: its orders stand still until it is enabled, then they go on."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certdesk.domain.errors import InvalidParam
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order
from certdesk.domain.pki.issuance import IssueRequest, Later, Progress, Recorded
from certdesk.domain.validation.challenge import Verdict
from certdesk.ports import COLLECTIONS, Unit
from certdesk.workflow.checkup import WorkCheckup
from tests.actions.vetting import DV, LETTER_OV, OV, Desk
from tests.inside import InsideDesk
from tests.papers import PDF
from tests.rules import rules_with
from tests.storage.stores import KINDS, of_kind
from tests.workflow.ordering import Ordered, submit
from tests.workflow.renewing import LeftAlone
from tests.zones import give, look_into_zones, serve

NAME = "example.com"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def switch(desk: InsideDesk, uin: str, *, enabled: bool) -> None:
    """Disable an account, or enable it."""
    desk.operator("SwitchAccount", Uin=uin, Enabled=enabled)


def show(desk: InsideDesk, certificate_id: str) -> str:
    """Tell what `certdesk order show` says comes next."""
    return str(desk.operator("ShowOrder", CertificateId=certificate_id)["Next"])


def hide(desk: InsideDesk) -> None:
    """Have no proof be found any more."""
    for validator in desk.validators.values():
        validator.verdicts.clear()


def publish(desk: InsideDesk) -> None:
    """Have proofs be found from now on."""
    for validator in desk.validators.values():
        validator.verdicts[NAME] = Verdict.PROVED


# --- wherever an order stands ---------------------------------------------------------------------


def _proving(desk: Desk) -> str:
    hide(desk)
    return desk.submit(DV)


def _adding_records(desk: Desk) -> str:
    look_into_zones(desk)
    serve(desk)
    give(desk, desk.caller)
    return desk.submit(DV, VerifyType="DNS_AUTO")


def _removing_records(desk: Desk) -> str:
    desk.caa.refused[NAME] = "not today"
    order = _adding_records(desk)
    desk.take_on(order)
    desk.records.down = True
    desk.call(desk.caller, "CancelAuditCertificate", CertificateId=order)
    return order


def _waiting_for_caa(desk: Desk) -> str:
    desk.caa.refused[NAME] = "not today"
    order = desk.submit(DV)
    desk.take_on(order)
    return order


def _vetted(desk: Desk) -> str:
    return desk.submit(OV)


def _awaiting_a_letter(desk: Desk) -> str:
    return desk.submit(LETTER_OV)


def _issued(desk: Desk) -> str:
    order = desk.submit(DV)
    desk.take_on(order)
    return order


def _to_be_succeeded(desk: Desk) -> str:
    order = LeftAlone(desk, desk.caller).issue(NAME, years=2, AutoRenewFlag=1)
    hide(desk)
    return order


def _reissued(desk: Desk) -> str:
    order = _issued(desk)
    hide(desk)
    asked = {"CertificateId": order, "ValidType": "DNS"}
    return str(desk.call(desk.caller, "ReplaceCertificate", **asked)["CertificateId"])


def _awaiting_a_letter_of_revocation(desk: Desk) -> str:
    order = desk.submit(OV)
    desk.approve_all()
    desk.take_on(order)
    desk.call(desk.caller, "RevokeCertificate", CertificateId=order)
    assert desk.order(order).status is Status.AWAITING_REVOCATION_LETTER
    return order


def _moving_in(desk: Desk) -> str:
    other = desk.account()
    bought = desk.buy(other)
    material = {"CertCommonName": NAME, "CompanyType": 1, "CompanyId": "0", "GenCsrType": "online"}
    key = {"CsrEncryptAlgo": "ECC", "CsrKeyParameter": "prime256v1", "ContactEmail": "a@b.example"}
    desk.call(other, "CertificateInfoSubmit", CertId=bought, **material, **key)
    desk.call(other, "CertificateOrderSubmit", CertId=bought)
    desk.take_on(bought)
    desk.operator("MoveOrder", CertificateId=bought, Uin=desk.caller.uin)
    return bought


STAGES: list[Callable[[Desk], str]] = [
    _proving,
    _adding_records,
    _removing_records,
    _waiting_for_caa,
    _vetted,
    _awaiting_a_letter,
    _issued,
    _to_be_succeeded,
    _reissued,
    _awaiting_a_letter_of_revocation,
    _moving_in,
]


def everything(desk: Desk) -> dict[str, Any]:
    """Give all that is kept, but for what says when it is looked at next, and all that was asked.

    So a new kind of background work that goes on for disabled accounts is noticed.
    """

    def read(unit: Unit) -> dict[str, Any]:
        return {
            spec.name: [
                {k: v for k, v in spec.values(each).items() if k not in WHEN.get(spec.name, ())}
                for each in unit.collection(spec).where()
            ]
            for spec in COLLECTIONS
        }

    asked = [len(validator.checked) for validator in desk.validators.values()]
    outside = {name: sorted(values) for name, values in desk.records._records.items()}  # noqa: SLF001 -- all of them at once
    return desk.store.read(read) | {
        "looks": (asked, len(desk.caa.checked)),
        "issuer": (len(desk.issuer.asked), dict(desk.issuer.revoked)),
        "records": outside,
        "warnings": LeftAlone(desk, desk.caller).counted("certdesk_warnings"),
    }


WHEN = {
    "tasks": ("due_at", "reason", "version"),
    "renewals": ("due_at", "reason", "version"),
}


@settings(max_examples=20)
@given(
    stage=st.sampled_from(STAGES),
    before=st.sampled_from([timedelta(0), HOUR, 2 * DAY]),
    span=st.sampled_from([HOUR, 5 * DAY, 60 * DAY, 400 * DAY, 1200 * DAY]),
)
def test_nothing_happens_to_an_order_whose_account_is_disabled(
    stage: Callable[[Desk], str], before: timedelta, span: timedelta
) -> None:
    """However long, and its deadline is later by that time afterwards."""
    rules = rules_with(letter_products=frozenset({LETTER_OV}))
    with tempfile.TemporaryDirectory() as folder, Desk(Path(folder), rules) as desk:
        its, left = stage(desk), LeftAlone(desk, desk.caller)
        left.pass_time(before)
        switch(desk, desk.caller.uin, enabled=False)
        as_it_was, order = everything(desk), desk.order(its)
        left.pass_time(span)
        assert everything(desk) == as_it_was
        assert "is paused because account" in show(desk, its)
        switch(desk, desk.caller.uin, enabled=True)
        assert desk.order(its).deadline == _later(order, span)
        assert "is paused" not in show(desk, its)


def _later(order: Order, span: timedelta) -> object:
    waits = order.status in (Status.UNDER_REVIEW, Status.RECORD_ADDED, Status.REISSUING)
    waits |= order.status is Status.AWAITING_REVOCATION_LETTER
    return order.deadline + span if waits and order.deadline else order.deadline


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where people vet."""
    with Desk(tmp_path, rules_with(letter_products=frozenset({LETTER_OV}))) as opened:
        yield opened


# --- on going on ----------------------------------------------------------------------------------


def test_an_order_has_the_rest_of_its_time_when_it_goes_on(desk: Desk) -> None:
    """A day of three before, so two days after."""
    its, left = _proving(desk), LeftAlone(desk, desk.caller)
    left.pass_time(DAY)
    switch(desk, desk.caller.uin, enabled=False)
    left.pass_time(30 * DAY)
    switch(desk, desk.caller.uin, enabled=True)
    left.pass_time(2 * DAY - HOUR)
    assert desk.stands(its) == (0, "PENDING-DCV")
    publish(desk)
    left.pass_time(HOUR)
    assert desk.stands(its)[0] == Status.ISSUED


def test_an_order_that_nobody_proves_is_closed_when_its_time_is_over_after_all(
    desk: Desk,
) -> None:
    """Standing still ends nothing, and saves nothing."""
    its, left = _proving(desk), LeftAlone(desk, desk.caller)
    switch(desk, desk.caller.uin, enabled=False)
    left.pass_time(30 * DAY)
    switch(desk, desk.caller.uin, enabled=True)
    left.pass_time(3 * DAY + HOUR)
    assert desk.stands(its)[0] == Status.REVIEW_FAILED


def test_a_proof_grows_old_meanwhile_and_is_looked_for_again(desk: Desk) -> None:
    """Nothing is issued for what was proved a year ago."""
    its, left = _waiting_for_caa(desk), LeftAlone(desk, desk.caller)
    switch(desk, desk.caller.uin, enabled=False)
    left.pass_time(400 * DAY)
    hide(desk)
    desk.caa.refused.clear()
    switch(desk, desk.caller.uin, enabled=True)
    left.pass_time(DAY)
    assert desk.stands(its) == (0, "PENDING-DCV")
    publish(desk)
    left.pass_time(DAY)
    assert desk.stands(its)[0] == Status.ISSUED


def test_a_caa_answer_grows_old_meanwhile(desk: Desk) -> None:
    """It permits for eight hours, in which the account was disabled."""
    its, left = _vetted(desk), LeftAlone(desk, desk.caller)
    desk.approve_all()
    desk.issuer.will(Later(at=desk.clock.now() + HOUR, reason="it has much to do"))
    desk.take_on(its)
    checked = len(desk.caa.checked)
    assert checked
    switch(desk, desk.caller.uin, enabled=False)
    left.pass_time(9 * HOUR)
    switch(desk, desk.caller.uin, enabled=True)
    left.pass_time(HOUR)
    assert len(desk.caa.checked) > checked
    assert desk.stands(its)[0] == Status.ISSUED


def test_vetting_ends_meanwhile(desk: Desk) -> None:
    """What was vetted 398 days ago is not relied on."""
    desk.caa.refused[NAME] = "not today"
    its, left = _vetted(desk), LeftAlone(desk, desk.caller)
    desk.approve_all()
    desk.take_on(its)
    switch(desk, desk.caller.uin, enabled=False)
    left.pass_time(400 * DAY)
    desk.caa.refused.clear()
    switch(desk, desk.caller.uin, enabled=True)
    left.pass_time(DAY)
    assert desk.stands(its)[0] == Status.REVIEW_FAILED


def test_a_successor_is_made_when_the_account_is_enabled(desk: Desk) -> None:
    """Though the certificate ended in the meantime; nobody was warned of that."""
    its, left = _to_be_succeeded(desk), LeftAlone(desk, desk.caller)
    switch(desk, desk.caller.uin, enabled=False)
    left.pass_time(120 * DAY)
    assert left.warnings(its) == []
    publish(desk)
    switch(desk, desk.caller.uin, enabled=True)
    left.pass_time(HOUR)
    assert left.order(its).status is Status.EXPIRED
    after = left.successor(its)
    assert after is not None
    assert after.status is Status.ISSUED


def test_what_is_disabled_again_stands_still_again(desk: Desk) -> None:
    """Each time counts, and saying so twice is no second time."""
    its, left = _proving(desk), LeftAlone(desk, desk.caller)
    deadline = desk.order(its).deadline
    assert deadline is not None
    for days in (5, 7):
        switch(desk, desk.caller.uin, enabled=False)
        left.pass_time(days * DAY)
        switch(desk, desk.caller.uin, enabled=False)
        left.pass_time(DAY)
        switch(desk, desk.caller.uin, enabled=True)
        switch(desk, desk.caller.uin, enabled=True)
    assert desk.order(its).deadline == deadline + 14 * DAY


# --- what goes on all the same --------------------------------------------------------------------


def test_a_revocation_that_was_asked_for_goes_on(tmp_path: Path) -> None:
    """Its proof is looked for, the certificate revoked, and CRL and OCSP tell of it."""
    with Desk(tmp_path, private_ca=True) as desk:
        its, left = _issued(desk), LeftAlone(desk, desk.caller)
        hide(desk)
        desk.call(desk.caller, "RevokeCertificate", CertificateId=its)
        switch(desk, desk.caller.uin, enabled=False)
        left.pass_time(HOUR)
        assert desk.stands(its) == (Status.REVOKING, "PENDING-DCV")
        assert "is paused" not in show(desk, its)
        publish(desk)
        left.pass_time(HOUR)
        assert desk.stands(its)[0] == Status.REVOKED
        serials = desk.store.read(lambda unit: unit.revoked_certificates.where(certificate_id=its))
        assert len(serials) == 1
        assert all(each.revoked for each in _lists(desk) if each.authority == serials[0].authority)


def _lists(desk: Desk) -> list[Any]:
    return list(desk.store.read(lambda unit: unit.revocation_lists.where()))


def test_a_revocation_that_nobody_proves_is_given_up_in_time_all_the_same(desk: Desk) -> None:
    """Its deadline is not one that stands still."""
    its, left = _issued(desk), LeftAlone(desk, desk.caller)
    hide(desk)
    desk.call(desk.caller, "RevokeCertificate", CertificateId=its)
    switch(desk, desk.caller.uin, enabled=False)
    left.pass_time(3 * DAY + HOUR)
    assert desk.stands(its)[0] == Status.ISSUED


def test_the_operator_revokes_certificates_of_a_disabled_account(desk: Desk) -> None:
    """At once."""
    its, left = _issued(desk), LeftAlone(desk, desk.caller)
    switch(desk, desk.caller.uin, enabled=False)
    desk.operator("RevokeOrder", CertificateId=its, Reason="privilegeWithdrawn")
    left.pass_time(HOUR)
    assert desk.stands(its)[0] == Status.REVOKED


def test_a_certificate_whose_key_others_know_is_revoked(desk: Desk) -> None:
    """Also one that the account had asked to take back, and sent no letter for."""
    left = LeftAlone(desk, desk.caller)
    orders = [_issued(desk), _awaiting_a_letter_of_revocation(desk)]
    digest = desk.submissions(orders[0])[0].spki_sha256.hex()
    switch(desk, desk.caller.uin, enabled=False)
    desk.operator("BlockKeys", Digests=[digest], Reason="found in a leak", Revoke=True)
    left.pass_time(DAY)
    assert [desk.stands(its)[0] for its in orders] == [Status.REVOKED] * 2


# --- what the operator does -----------------------------------------------------------------------


def test_what_the_operator_approves_goes_on_with_all_of_its_time(desk: Desk) -> None:
    """The three days begin when the account is enabled."""
    hide(desk)
    its, left = _vetted(desk), LeftAlone(desk, desk.caller)
    switch(desk, desk.caller.uin, enabled=False)
    left.pass_time(10 * DAY)
    desk.approve_all()
    left.pass_time(10 * DAY)
    assert desk.stands(its) == (0, "PENDING-DCV")
    switch(desk, desk.caller.uin, enabled=True)
    assert desk.order(its).deadline == desk.clock.now() + 3 * DAY


@pytest.mark.parametrize("action", ["GrantOrder", "MoveOrder"])
def test_a_disabled_account_is_given_nothing(desk: Desk, action: str) -> None:
    """No order, and no certificate of another account."""
    its, other = _issued(desk), desk.account()
    switch(desk, other.uin, enabled=False)
    asked = {"ProductId": 104} if action == "GrantOrder" else {"CertificateId": its}
    with pytest.raises(
        InvalidParam, match=f"Uin: account {other.uin} is disabled. Run certdesk acc"
    ):
        desk.operator(action, Uin=other.uin, **asked)


def test_certificates_move_out_of_a_disabled_account(desk: Desk) -> None:
    """And are looked after in the other one from then on."""
    its, other, left = _to_be_succeeded(desk), desk.account(), LeftAlone(desk, desk.caller)
    switch(desk, desk.caller.uin, enabled=False)
    left.put_when_due(its)
    left.work()
    desk.operator("MoveOrder", CertificateId=its, Uin=other.uin)
    left.pass_time(HOUR)
    assert desk.order(its).uin == other.uin
    publish(desk)
    left.pass_time(DAY)
    assert left.successor(its) is not None


@pytest.mark.parametrize("what", ["revoke", "move"])
def test_a_successor_stands_still_though_its_certificate_goes_on(desk: Desk, what: str) -> None:
    """It is put aside once, and not looked at each second until the account is enabled."""
    its, left = _to_be_succeeded(desk), LeftAlone(desk, desk.caller)
    left.put_when_due(its)
    if what == "revoke":
        desk.call(desk.caller, "RevokeCertificate", CertificateId=its)
    else:
        desk.operator("MoveOrder", CertificateId=its, Uin=desk.account().uin)
    switch(desk, desk.caller.uin, enabled=False)
    desk.renewing.round()
    renewal = left.renewal(its)
    assert renewal is not None
    assert renewal.reason == "The account is disabled."
    assert renewal.due_at > desk.clock.now()
    switch(desk, desk.caller.uin, enabled=True)
    renewal = left.renewal(its)
    assert renewal is not None
    assert (renewal.reason, renewal.due_at) == ("", desk.clock.now())


def test_a_letter_may_be_approved_while_its_account_is_disabled(desk: Desk) -> None:
    """The names are looked for when it is enabled."""
    its, left = _awaiting_a_letter(desk), LeftAlone(desk, desk.caller)
    desk.letter(its, PDF)
    switch(desk, desk.caller.uin, enabled=False)
    desk.approve_all()
    left.pass_time(20 * DAY)
    assert desk.stands(its) == (0, "PENDING-DCV")
    switch(desk, desk.caller.uin, enabled=True)
    left.pass_time(HOUR)
    assert desk.stands(its)[0] == Status.ISSUED


def test_the_checkup_tells_what_stands_still_and_why(desk: Desk) -> None:
    """It is as the operator wants it, so nothing is wrong; nor is what would end unseen to."""
    _proving(desk)
    publish(desk)
    its, left = _to_be_succeeded(desk), LeftAlone(desk, desk.caller)
    switch(desk, desk.caller.uin, enabled=False)
    end = left.order(its).ends_at
    assert end is not None
    left.put(end - 3 * DAY)
    found = [each.what for each in WorkCheckup(desk.store, desk.clock).examine()]
    uin = desk.caller.uin
    assert (
        f"1 orders and the successors of 1 certificates are paused because account {uin} is "
        "disabled since 2026-03-01 12:00 UTC"
    ) in found
    assert "none that should be renewed expires within 14 days" in found


# --- in the transaction that commits --------------------------------------------------------------


def test_what_is_signed_while_the_account_is_disabled_is_not_delivered(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account is asked after again in the transaction that keeps the certificate."""
    its, proceed = desk.submit(DV), desk.issuer.proceed

    def disabled_meanwhile(request: IssueRequest, recorded: Recorded | None) -> Progress:
        if recorded is not None:
            switch(desk, desk.caller.uin, enabled=False)
        return proceed(request, recorded)

    monkeypatch.setattr(desk.issuer, "proceed", disabled_meanwhile)
    left = LeftAlone(desk, desk.caller)
    with pytest.raises(Exception, match="accounts"):
        left.pass_time(HOUR)
    monkeypatch.undo()
    left.pass_time(HOUR)
    assert desk.store.read(lambda unit: unit.certificates.where()) == []
    switch(desk, desk.caller.uin, enabled=True)
    left.pass_time(HOUR)
    assert desk.stands(its)[0] == Status.ISSUED


# --- the desk's own work, on every store ----------------------------------------------------------


@pytest.fixture(params=KINDS)
def working(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ordered]:
    """An order at a desk whose engine runs, on each kind of store."""
    with (
        of_kind(request.param, tmp_path, request) as store,
        InsideDesk(tmp_path, store=store) as desk,
    ):
        its = submit(desk, desk.account(), NAME)
        desk.orders.start()
        yield its
        desk.orders.stop()


def until(holds: Callable[[], bool]) -> None:
    """Wait for something."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_desk_puts_an_order_aside_and_takes_it_up_again(working: Ordered) -> None:
    """Nobody looks after it meanwhile, at any time."""
    desk, uin = working.desk, working.caller.uin
    until(lambda: len(working.evidence) == 1)
    switch(desk, uin, enabled=False)
    working.prove(NAME)
    desk.clock.move(40 * DAY)
    desk.orders.wake()
    until(lambda: (working.task.due_at, working.task.reason) == (None, "The account is disabled."))
    assert len(working.evidence) == 1
    switch(desk, uin, enabled=True)
    until(lambda: working.status == (1, None))
    assert working.task.reason == ""


def test_an_account_that_is_switched_all_the_time_loses_no_order(working: Ordered) -> None:
    """However the desk's work and the operator meet."""
    desk, uin = working.desk, working.caller.uin
    stop = threading.Event()

    def wake() -> None:
        while not stop.is_set():
            desk.operator("ResumeOrder", CertificateId=working.certificate_id)

    waking = threading.Thread(target=wake)
    waking.start()
    for _ in range(20):
        switch(desk, uin, enabled=False)
        switch(desk, uin, enabled=True)
    stop.set()
    waking.join()
    working.prove(NAME)
    desk.clock.move(HOUR)
    desk.orders.wake()
    until(lambda: working.status == (1, None))
