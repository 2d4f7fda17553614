"""DNS_AUTO: names that the desk proves by records which it adds to zones of the account."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certdesk.domain.errors import (
    InvalidCertificateStatusCode,
    InvalidParam,
    OrderReplaceFailed,
    ServiceError,
)
from certdesk.domain.validation.challenge import challenge_of
from certdesk.domain.validation.records import Proof
from certdesk.engine import Caller
from tests.actions.submitting import PERSONAL, csr_for
from tests.actions.vetting import DV, LETTER_OV, Desk
from tests.inside import InsideDesk
from tests.papers import PDF
from tests.rules import rules_with
from tests.workflow.ordering import key
from tests.workflow.renewing import LeftAlone
from tests.zones import KEY, give, look_into_zones, serve

NAME = "example.com"
SETTLED = timedelta(seconds=11)
"""After that no update is under way any more."""

DAY = timedelta(days=1)
NO_ZONE = (
    "DNS_AUTO needs a DNS zone of the account that the desk may change, and no such zone "
    "contains {name}. Use DNS, or have the operator add the zone (certdesk zone add)."
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk that finds what is in the zones of its world; the account has example.com."""
    with Desk(tmp_path, rules_with(letter_products=frozenset({LETTER_OV}))) as opened:
        look_into_zones(opened)
        serve(opened)
        give(opened, opened.caller)
        yield opened


def proofs(desk: Desk, order: str) -> list[Proof]:
    """Read all proofs of an order, those of the first attempt first."""
    return desk.store.read(lambda unit: unit.proofs.where(certificate_id=order))


def outside(desk: Desk, order: str) -> list[str]:
    """Give the values of an order's proofs that are in the zone."""
    its = map(challenge_of, proofs(desk, order))
    return [each.value for each in its if each.value in desk.records.values(each.record)]


def submit(desk: Desk, **further: object) -> str:
    """Submit an order with DNS_AUTO."""
    return desk.submit(DV, VerifyType="DNS_AUTO", **further)


def issue(desk: Desk, **further: object) -> str:
    """Take an order with DNS_AUTO to its certificate."""
    order = submit(desk, **further)
    desk.take_on(order)
    assert desk.stands(order)[0] == 1
    return order


def act(desk: Desk, action: str, order: str) -> None:
    """Carry out an action that takes nothing but the order."""
    desk.call(desk.caller, action, CertificateId=order)


def later(desk: Desk, order: str, pause: timedelta = SETTLED) -> None:
    """Let time go by, and the order on."""
    desk.clock.move(pause)
    desk.take_on(order)


# --- from the order to the certificate ------------------------------------------------------------


def test_nobody_touches_the_dns(desk: Desk) -> None:
    """The order stands at 4 and is issued by the check for the record, which stays."""
    order = submit(desk)
    assert desk.stands(order) == (4, "PENDING-DCV")
    detail = desk.call(desk.caller, "DescribeCertificateDetail", CertificateId=order)
    (auth,) = detail["DvAuthDetail"]["DvAuths"]
    assert (detail["VerifyType"], auth["DvAuthVerifyType"]) == ("DNS_AUTO", "TXT")
    assert outside(desk, order) == []
    desk.take_on(order)
    assert desk.stands(order)[0] == 1
    assert outside(desk, order) == [auth["DvAuthValue"]]
    later(desk, order, DAY)
    assert outside(desk, order) == [auth["DvAuthValue"]]
    assert "AddRecord" in [entry.action for entry in desk.audit(order)]


def test_the_record_goes_with_the_order_where_that_was_asked_for(desk: Desk) -> None:
    """DeleteDnsAutoRecord, once the update that added it is over for certain."""
    order = issue(desk, DeleteDnsAutoRecord=1)
    assert len(outside(desk, order)) == 1
    later(desk, order)
    assert outside(desk, order) == []
    assert "RemoveRecord" in [entry.action for entry in desk.audit(order)]
    assert proofs(desk, order)[0].added_at is None


def test_a_free_certificate_is_had_without_hands(desk: Desk) -> None:
    """ApplyCertificate, with a boolean for the deletion."""
    applied = desk.call(
        desk.caller,
        "ApplyCertificate",
        DvAuthMethod="DNS_AUTO",
        DomainName=NAME,
        DeleteDnsAutoRecord=True,
    )
    order = applied["CertificateId"]
    assert desk.stands(order)[0] == 4
    desk.take_on(order)
    assert desk.stands(order)[0] == 1
    later(desk, order)
    assert outside(desk, order) == []


def test_the_method_of_the_material_counts_where_none_is_given(desk: Desk) -> None:
    """By the older form as well, which has no parameter for the deletion."""
    order = desk.buy(desk.caller, DV)
    material = PERSONAL | {"GenCsrType": "parse", "Csr": csr_for(key()), "VerifyType": "DNS_AUTO"}
    given = {name: value for name, value in material.items() if value is not None}
    desk.call(desk.caller, "CertificateInfoSubmit", CertId=order, **given)
    desk.call(desk.caller, "CommitCertificateInformation", CertificateId=order)
    assert desk.stands(order) == (4, "PENDING-DCV")


def test_a_reissue_takes_the_deletion_from_the_original(desk: Desk) -> None:
    """ReplaceCertificate has a method and no word on the record."""
    original = issue(desk, DeleteDnsAutoRecord=1)
    later(desk, original)
    given = {"CertificateId": original, "ValidType": "DNS_AUTO"}
    order = desk.call(desk.caller, "ReplaceCertificate", **given)["CertificateId"]
    assert desk.stands(order)[0] == 4
    desk.take_on(order)
    assert desk.stands(order)[0] == 1
    later(desk, order)
    assert outside(desk, order) == []


def test_after_its_letter_an_order_stands_at_4(desk: Desk) -> None:
    """And waits for people as from 0."""
    order = desk.submit(LETTER_OV, VerifyType="DNS_AUTO")
    assert desk.stands(order)[0] == 8
    desk.letter(order, PDF)
    assert desk.stands(order) == (4, "PRE-REVIEWING")
    desk.take_on(order)
    assert len(outside(desk, order)) == 1
    desk.approve_all()
    desk.take_on(order)
    assert desk.stands(order)[0] == 1


def test_a_record_that_was_deleted_is_added_again(desk: Desk) -> None:
    """Each look adds it first."""
    desk.caa.refused[NAME] = "not yet"
    order = submit(desk)
    desk.take_on(order)
    desk.caa.refused.clear()
    (proof,) = proofs(desk, order)
    challenge = challenge_of(proof)
    desk.records.remove(NAME, desk.records.zones[NAME], challenge)
    desk.validate(order, NAME)
    assert outside(desk, order) == [challenge.value]


# --- what is refused ------------------------------------------------------------------------------


def refused(
    desk: Desk, caller: Caller, action: str, **given: object
) -> tuple[type[ServiceError], str | None]:
    """Carry out an action that is refused; give the error and its detail."""
    with pytest.raises(ServiceError) as error:
        desk.call(caller, action, **given)
    return type(error.value), error.value.detail


def test_a_name_outside_the_zones_is_refused_by_each_action(desk: Desk) -> None:
    """With the parameter, the first such name, and what to do; nothing is changed."""
    material = PERSONAL | {"GenCsrType": "parse", "Csr": csr_for(key(), "example.org")}
    material |= {"CertCommonName": "example.org"}
    given = {name: value for name, value in material.items() if value is not None}
    order = desk.buy(desk.caller, DV)
    auto = {"VerifyType": "DNS_AUTO"}
    why = NO_ZONE.format(name="example.org")
    wrong = (InvalidParam, f"VerifyType: {why}")
    assert (
        refused(desk, desk.caller, "CertificateInfoSubmit", CertId=order, **given | auto) == wrong
    )
    assert desk.submissions(order) == []
    desk.call(desk.caller, "CertificateInfoSubmit", CertId=order, **given)
    assert refused(desk, desk.caller, "CertificateOrderSubmit", CertId=order, **auto) == wrong
    older = {"CertificateId": order} | auto
    assert refused(desk, desk.caller, "CommitCertificateInformation", **older) == wrong
    assert desk.stands(order)[0] == 5
    free = {"DvAuthMethod": "DNS_AUTO", "DomainName": "example.org"}
    wrong = (InvalidParam, f"DvAuthMethod: {why}")
    assert refused(desk, desk.caller, "ApplyCertificate", **free) == wrong
    desk.operator("RemoveZone", Uin=desk.caller.uin, Zone=NAME)
    serve(desk)
    give(desk, desk.caller)
    original = issue(desk)
    desk.operator("RemoveZone", Uin=desk.caller.uin, Zone=NAME)
    again = {"CertificateId": original, "ValidType": "DNS_AUTO"}
    wrong = (InvalidParam, f"ValidType: {NO_ZONE.format(name=NAME)}")
    assert refused(desk, desk.caller, "ReplaceCertificate", **again) == wrong


def test_every_name_has_to_lie_in_a_zone(desk: Desk) -> None:
    """The first that does not is named."""
    order = desk.buy(desk.caller, DV + 0)
    names = {"CertCommonName": "www.example.com"}
    material = PERSONAL | {"GenCsrType": "parse", "Csr": csr_for(key(), "www.example.com")} | names
    given = {name: value for name, value in material.items() if value is not None}
    desk.call(desk.caller, "CertificateInfoSubmit", CertId=order, **given, VerifyType="DNS_AUTO")
    desk.operator("RemoveZone", Uin=desk.caller.uin, Zone=NAME)
    serve(desk, "ww.example.com")
    give(desk, desk.caller, "ww.example.com")
    why = (InvalidParam, f"VerifyType: {NO_ZONE.format(name='www.example.com')}")
    assert refused(desk, desk.caller, "CertificateOrderSubmit", CertId=order) == why


def test_another_accounts_zone_is_not_used(desk: Desk) -> None:
    """Whoever has the key: the zone is the operator's gift to one account."""
    other = desk.account()
    why = (InvalidParam, f"DvAuthMethod: {NO_ZONE.format(name=NAME)}")
    free = {"DvAuthMethod": "DNS_AUTO", "DomainName": NAME}
    assert refused(desk, other, "ApplyCertificate", **free) == why
    assert desk.records.values("_dnsauth.example.com") == set()


def check(desk: Desk, order: str) -> dict[str, Any]:
    """Look for the proofs of an order now; give what was found of its first name."""
    reply = desk.call(desk.caller, "CheckCertificateDomainVerification", CertificateId=order)
    result = reply["VerificationResults"][0]
    assert isinstance(result, dict)
    return result


def test_what_the_server_says_is_the_reason(desk: Desk) -> None:
    """And when it is mended, the order goes on by itself."""
    zone = desk.records.zones.pop(NAME)
    other = dataclasses.replace(zone, key_name="other")
    desk.records.zones[NAME] = other
    order = submit(desk)
    found = check(desk, order)
    assert (found["LocalCheck"], found["VerifyType"]) == (-1, "DNS_AUTO")
    assert found["LocalCheckFailReason"] == (
        "The desk could not add the TXT record of _dnsauth.example.com. The server of the zone "
        "example.com does not know the key."
    )
    desk.records.zones[NAME] = zone
    later(desk, order)
    assert desk.stands(order)[0] == 1


def test_a_zone_that_was_taken_away_is_the_reason(desk: Desk) -> None:
    """What to publish by hand is said, and would do."""
    order = submit(desk)
    desk.operator("RemoveZone", Uin=desk.caller.uin, Zone=NAME)
    reason = check(desk, order)["LocalCheckFailReason"]
    value = proofs(desk, order)[0].value
    assert reason == (
        "The account no longer has a DNS zone in which the desk may add "
        "_dnsauth.example.com. Add the zone again (certdesk zone add), or publish a TXT "
        f"record there with the value {value}."
    )
    assert (
        "no longer has a DNS zone"
        in desk.operator("ShowOrder", CertificateId=order)["Proofs"][0]["Reason"]
    )
    assert proofs(desk, order)[0].added_at is None


def test_a_record_is_noted_before_it_may_be_outside(desk: Desk) -> None:
    """Nobody knows what a server did that does not answer."""
    desk.records.down = True
    order = submit(desk)
    desk.take_on(order)
    assert proofs(desk, order)[0].added_at is not None


# --- what is removed ------------------------------------------------------------------------------


def under_way(desk: Desk) -> str:
    """Have an order whose record is outside, and which is not issued yet."""
    desk.caa.refused[NAME] = "not yet"
    order = submit(desk)
    desk.take_on(order)
    assert len(outside(desk, order)) == 1
    return order


def test_the_records_of_a_cancelled_order_are_removed(desk: Desk) -> None:
    """Not before the update that may have added them is over."""
    order = under_way(desk)
    act(desk, "CancelAuditCertificate", order)
    due = desk.take_on(order)
    assert len(outside(desk, order)) == 1
    assert due is not None
    desk.clock.move(due - desk.clock.now())
    desk.take_on(order)
    assert outside(desk, order) == []
    assert desk.stands(order)[0] == 7


def test_the_records_of_a_failed_order_are_removed(desk: Desk) -> None:
    """Here CAA records refused it to the end."""
    order = under_way(desk)
    later(desk, order, timedelta(days=8))
    assert desk.stands(order)[0] == 2
    later(desk, order)
    assert outside(desk, order) == []


def test_records_of_earlier_attempts_are_removed_beside_the_next(desk: Desk) -> None:
    """The new attempt has a record of its own."""
    order = under_way(desk)
    (old,) = outside(desk, order)
    act(desk, "CancelAuditCertificate", order)
    act(desk, "ModifyCertificateResubmit", order)
    desk.call(desk.caller, "CertificateOrderSubmit", CertId=order)
    later(desk, order)
    (new,) = outside(desk, order)
    assert new != old
    assert desk.stands(order)[0] == 4


REOPENED = ("CancelAuditCertificate", "ModifyCertificateResubmit")


def stuck(desk: Desk, *before: str) -> str:
    """Give up an order whose record cannot be removed: its server is down."""
    order = under_way(desk)
    desk.records.down = True
    for action in (*before, "CancelCertificateOrder"):
        act(desk, action, order)
    assert desk.stands(order)[0] == 6
    return order


@pytest.mark.parametrize("before", [(), REOPENED], ids=["from 4", "from 5"])
def test_an_order_is_being_cancelled_until_its_records_are_removed(
    desk: Desk, before: tuple[str, ...]
) -> None:
    """From 4 or 5 by 6 to 7; meanwhile it cannot be deleted."""
    order = stuck(desk, *before)
    later(desk, order)
    assert desk.stands(order)[0] == 6
    with pytest.raises(InvalidCertificateStatusCode):
        act(desk, "DeleteCertificate", order)
    desk.records.down = False
    later(desk, order, DAY)
    assert desk.stands(order)[0] == 7
    assert outside(desk, order) == []
    act(desk, "DeleteCertificate", order)


def test_nobody_tries_for_ever_to_remove_a_record(desk: Desk) -> None:
    """After a day the order is cancelled, and the log says what stays."""
    order = stuck(desk)
    tries = 0
    began = desk.clock.now()
    while desk.stands(order)[0] == 6:
        due = desk.take_on(order)
        if due is not None:
            desk.clock.move(due - desk.clock.now())
        tries += 1
    assert desk.stands(order)[0] == 7
    assert timedelta(hours=12) < desk.clock.now() - began < 2 * DAY
    (left,) = [entry for entry in desk.audit(order) if entry.action == "LeaveRecord"]
    assert left.detail.startswith("_dnsauth.example.com: The server of the zone example.com")


def test_where_the_zone_is_gone_nothing_is_waited_for(desk: Desk) -> None:
    """The desk may not remove it any more."""
    order = stuck(desk)
    desk.operator("RemoveZone", Uin=desk.caller.uin, Zone=NAME)
    later(desk, order)
    assert desk.stands(order)[0] == 7
    assert "LeaveRecord" in [entry.action for entry in desk.audit(order)]


def test_a_failed_order_is_not_deleted_before_its_records_are(desk: Desk) -> None:
    """The refusal names the first one."""
    order = under_way(desk)
    act(desk, "CancelAuditCertificate", order)
    with pytest.raises(InvalidCertificateStatusCode) as kept:
        act(desk, "DeleteCertificate", order)
    assert kept.value.detail == (
        "The desk still has to remove DNS records that it added, starting with the one of "
        "example.com. You can delete the order after that, or when the desk has tried for a "
        "day."
    )
    later(desk, order)
    act(desk, "DeleteCertificate", order)


def test_an_order_without_records_of_the_desk_is_cancelled_at_once(desk: Desk) -> None:
    """No record was added yet, or its owner publishes it."""
    for order in (submit(desk), desk.submit(DV)):
        act(desk, "CancelCertificateOrder", order)
        assert desk.stands(order)[0] == 7


def test_records_of_others_stay(desk: Desk) -> None:
    """Two orders for one name have theirs at the same place."""
    first, second = under_way(desk), under_way(desk)
    act(desk, "CancelAuditCertificate", first)
    later(desk, first)
    assert outside(desk, first) == []
    assert len(outside(desk, second)) == 1


def test_a_revocation_needs_no_hands_either(desk: Desk) -> None:
    """Its record is added, found, and removed; that of the order stays as was wished."""
    order = issue(desk)
    act(desk, "RevokeCertificate", order)
    desk.take_on(order)
    assert desk.stands(order)[0] == 10
    assert len(outside(desk, order)) == 2
    later(desk, order)
    assert len(outside(desk, order)) == 1


def test_a_key_that_changed_hands_is_used_from_then_on(desk: Desk) -> None:
    """The zone is given again with the new one."""
    order = under_way(desk)
    other = KEY.replace("desk", "desk2")
    serve(desk, key=other)
    give(desk, desk.caller, key=other)
    act(desk, "CancelAuditCertificate", order)
    later(desk, order)
    assert outside(desk, order) == []


def test_the_successor_of_an_order_says_why_it_cannot_be_made(desk: Desk) -> None:
    """Where the zone is gone when it is due."""
    order = desk.order(issue(desk))
    desk.operator("RemoveZone", Uin=desk.caller.uin, Zone=NAME)
    renewal = desk.store.read(lambda unit: unit.renewals.get(order.certificate_id))
    assert renewal is not None
    desk.clock.move(renewal.due_at - desk.clock.now())
    desk.renewing.round()
    after = desk.store.read(lambda unit: unit.renewals.get(order.certificate_id))
    assert after is not None
    assert after.reason.startswith(OrderReplaceFailed.code)
    assert NO_ZONE.format(name=NAME) in after.reason


def test_a_successor_needs_no_hands_though_the_record_is_gone(tmp_path: Path) -> None:
    """Its names have to be proved again: more than a year goes by, and nobody touches the DNS."""
    with InsideDesk(tmp_path, private_ca=True) as desk:
        left = LeftAlone(desk, desk.account())
        look_into_zones(desk)
        serve(desk)
        give(desk, left.caller)
        first = left.buy(years=2, VerifyType="DNS_AUTO")
        left.pass_time(timedelta(minutes=1))
        assert left.order(first).status == 1
        challenge = challenge_of(left.proof(left.order(first)))
        desk.records.remove(NAME, desk.records.zones[NAME], challenge)
        left.pass_time(timedelta(days=400))
        chain = left.chain(first)
        assert {(each.status.value, each.verify_type) for each in chain[1:]} <= {
            (1, "DNS_AUTO"),
            (3, "DNS_AUTO"),
        }
        last = chain[-1]
        assert last.status == 1
        assert last.ends_at is not None
        assert left.now() < last.ends_at
        assert "AddRecord" in {
            action for each in chain[1:] for action in left.done(each.certificate_id)
        }
        assert desk.records.values(challenge.record) == {challenge.value}
        assert left.warnings(first) == []
