"""Every status and StatusMsg of the API, reached as an order reaches it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.domain.orders.lifecycle import STATUS_NAMES, Status, StatusMessage
from tests.actions.vetting import DV, EV, LETTER_OV, OV, Desk
from tests.papers import PDF
from tests.rules import rules_with
from tests.zones import give, serve

NAME = "example.com"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where two people vet every EV order."""
    with Desk(tmp_path, rules_with(four_eyes=True)) as opened:
        yield opened


def issued(desk: Desk, product: int = DV) -> str:
    """Take an order to its certificate."""
    order = desk.submit(product)
    desk.approve_all()
    desk.take_on(order)
    return order


def rejected(desk: Desk) -> str:
    """Have people reject an order."""
    order = desk.submit(OV)
    desk.approve("manager:1")
    desk.operator("RejectReview", Id=f"order:{order}", Reason="not ours")
    return order


def expired(desk: Desk) -> str:
    """Let a certificate end."""
    order = issued(desk)
    desk.clock.move(timedelta(days=200))
    desk.take_on(order)
    return order


def cancelled(desk: Desk) -> str:
    """Cancel an order before it has material."""
    order = desk.buy(desk.caller)
    desk.call(desk.caller, "CancelCertificateOrder", CertificateId=order)
    return order


def asked_to_revoke(desk: Desk, product: int) -> str:
    """Ask to have a certificate revoked."""
    order = issued(desk, product)
    desk.call(desk.caller, "RevokeCertificate", CertificateId=order)
    return order


def revoked(desk: Desk) -> str:
    """Have a certificate revoked, for which its owner proved the names and sent a letter."""
    order = asked_to_revoke(desk, OV)
    desk.letter(order, PDF, "Revoke")
    desk.approve(f"revocation:{order}")
    desk.take_on(order)
    return order


def refunded(desk: Desk) -> str:
    """Have the operator note that a cancelled order was paid back."""
    order = cancelled(desk)
    desk.operator("RefundOrder", CertificateId=order)
    return order


def given(desk: Desk) -> str:
    """Have the operator give the account a free order."""
    granted = desk.operator("GrantOrder", Uin=desk.caller.uin, ProductId=83)
    return str(granted["CertificateIds"][0])


def reissuing(desk: Desk) -> str:
    """Prove the name of a reissue, for which CAA records permit nothing yet."""
    original = issued(desk)
    desk.caa.refused[NAME] = "CAA records forbid it."
    reply = desk.call(desk.caller, "ReplaceCertificate", CertificateId=original, ValidType="DNS")
    order = str(reply["CertificateId"])
    desk.take_on(order)
    return order


def moving(desk: Desk) -> str:
    """Have the operator move a certificate, before the desk's work comes to it."""
    order = issued(desk)
    desk.operator("MoveOrder", CertificateId=order, Uin=desk.account().uin)
    return order


def added(desk: Desk) -> str:
    """Submit an order whose record the desk adds by itself, in a zone of the account."""
    serve(desk)
    give(desk, desk.caller)
    return desk.submit(DV, VerifyType="DNS_AUTO")


def cancelling(desk: Desk) -> str:
    """Give up an order whose record cannot be removed at once."""
    desk.caa.refused[NAME] = "CAA records forbid it."
    order = added(desk)
    desk.take_on(order)
    desk.call(desk.caller, "CancelCertificateOrder", CertificateId=order)
    return order


Way = Callable[[Desk], str]
PATHS: dict[int, Way] = {
    0: lambda desk: desk.submit(DV),
    1: issued,
    2: rejected,
    3: expired,
    4: added,
    5: lambda desk: desk.buy(desk.caller),
    6: cancelling,
    7: cancelled,
    8: lambda desk: desk.submit(LETTER_OV),
    9: lambda desk: asked_to_revoke(desk, DV),
    10: revoked,
    11: reissuing,
    12: lambda desk: asked_to_revoke(desk, OV),
    13: given,
    14: refunded,
    15: moving,
}


def legal(desk: Desk) -> str:
    """Have the manager of an order approved."""
    order = desk.submit(OV)
    desk.approve("manager:1")
    return order


def with_ca(desk: Desk) -> str:
    """Have the first of two people approve an EV order."""
    order = desk.submit(EV)
    desk.approve("manager:1")
    desk.approve(f"order:{order}")
    return order


def permitted_by_none(desk: Desk) -> str:
    """Prove the names of an order for which CAA records permit nothing yet."""
    desk.caa.refused[NAME] = "CAA records forbid it."
    order = desk.submit(DV)
    desk.take_on(order)
    return order


MESSAGES: dict[str, Way] = {
    "PRE-REVIEWING": lambda desk: desk.submit(OV),
    "LEGAL-REVIEWING": legal,
    "CA-REVIEWING": with_ca,
    "PENDING-DCV": lambda desk: desk.submit(DV),
    "WAIT-ISSUE": permitted_by_none,
}


@pytest.mark.parametrize("status", PATHS)
def test_a_status_is_reached_and_shown(desk: Desk, status: int) -> None:
    """By detail, by the short form, and by a list of that status alone."""
    order = PATHS[status](desk)
    detail = desk.call(desk.caller, "DescribeCertificateDetail", CertificateId=order)
    short = desk.call(desk.caller, "DescribeCertificate", CertificateId=order)
    assert (detail["Status"], short["Status"]) == (status, status)
    assert detail["StatusName"] == short["StatusName"] == STATUS_NAMES[Status(status)]
    for wanted in range(16):
        listed = desk.call(desk.caller, "DescribeCertificates", CertificateStatus=[wanted])
        found = {each["CertificateId"]: each["Status"] for each in listed["Certificates"]}
        assert (order in found) == (wanted == status)
        assert set(found.values()) <= {wanted}


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_reached_and_shown(desk: Desk, message: str) -> None:
    """While the order is under review."""
    order = MESSAGES[message](desk)
    detail = desk.call(desk.caller, "DescribeCertificateDetail", CertificateId=order)
    assert (detail["Status"], detail["StatusMsg"]) == (0, message)


def test_no_status_and_no_message_is_left_out() -> None:
    """The vendor has the numbers 0 to 15 and five messages."""
    assert set(PATHS) == set(range(16))
    assert set(MESSAGES) == {message.value for message in StatusMessage}
