"""`certdesk order refund`: the operator notes that an order that came to nothing was paid back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from certdesk.domain.errors import (
    CertificateInfoSubmitStatusInvalid,
    CertificateNotFound,
    CertificateStatusNotAllowResubmit,
    InvalidCertificateStatusCode,
    InvalidParam,
    ServiceError,
)
from tests.actions.vetting import DV, OV, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where people vet."""
    with Desk(tmp_path) as opened:
        yield opened


def cancelled(desk: Desk) -> str:
    """Cancel an order that was just bought; give its id."""
    order = desk.buy(desk.caller)
    desk.call(desk.caller, "CancelCertificateOrder", CertificateId=order)
    return order


def failed(desk: Desk) -> str:
    """Have people reject an order; give its id."""
    order = desk.submit(OV)
    desk.operator("RejectReview", Id="manager:1", Reason="nobody answers")
    assert desk.stands(order) == (2, "nobody answers")
    return order


def issued(desk: Desk, product: int = DV) -> str:
    """Take an order to its certificate; give its id."""
    order = desk.submit(product)
    desk.take_on(order)
    return order


def refund(desk: Desk, order: str, **parameters: object) -> dict[str, object]:
    """Note that an order was paid back."""
    return desk.operator("RefundOrder", CertificateId=order, **parameters)


def test_a_cancelled_order_is_paid_back(desk: Desk) -> None:
    """Its owner reads why and finds it in the log, which names the operator to operators."""
    order = cancelled(desk)
    assert refund(desk, order, Reason=" bought twice ") == {"CertificateId": order, "Status": 14}

    shown = desk.call(desk.caller, "DescribeCertificateDetail", CertificateId=order)
    assert (shown["Status"], shown["StatusName"]) == (14, "Refunded")
    assert shown["StatusMsg"] == "bought twice"
    entry = desk.audit(order)[-1]
    assert (entry.actor, entry.action, entry.detail) == ("operator", "RefundOrder", "bought twice")
    logs = desk.call(desk.caller, "DescribeCertificateOperateLogs")["OperateLogs"]
    assert [log["Type"] for log in logs] == ["refund", "cancel", "applyVIP"]


def test_a_failed_order_keeps_what_it_failed_for_where_no_other_reason_is_given(
    desk: Desk,
) -> None:
    """Who paid it back need not say it again."""
    order = failed(desk)
    refund(desk, order)
    assert desk.stands(order) == (14, "nobody answers")


def test_nothing_is_left_for_it_but_deletion(desk: Desk) -> None:
    """It is opened no more, takes no material, is cancelled and paid back no second time."""
    order = cancelled(desk)
    refund(desk, order)
    for action, refusal in (
        ("ModifyCertificateResubmit", CertificateStatusNotAllowResubmit),
        ("CancelCertificateOrder", InvalidCertificateStatusCode),
    ):
        with pytest.raises(refusal, match=r"has status 14 \(Refunded\)"):
            desk.call(desk.caller, action, CertificateId=order)
    with pytest.raises(CertificateInfoSubmitStatusInvalid):
        desk.call(
            desk.caller,
            "CertificateInfoSubmit",
            CertId=order,
            GenCsrType="online",
            CertCommonName="example.com",
            CompanyType=1,
            CompanyId="0",
        )
    refused(desk, order, InvalidCertificateStatusCode)
    assert desk.operator("ShowOrder", CertificateId=order)["Next"] == (
        "The order was refunded. You can delete it."
    )

    desk.call(desk.caller, "DeleteCertificate", CertificateId=order)
    with pytest.raises(CertificateNotFound):
        desk.call(desk.caller, "DescribeCertificate", CertificateId=order)


def test_what_was_not_given_up_is_not_paid_back(desk: Desk) -> None:
    """Whoever has a certificate, or is to get one."""
    for order in (desk.buy(desk.caller), desk.submit(DV), issued(desk)):
        refused(desk, order, InvalidCertificateStatusCode)


def test_what_was_not_paid_for_is_not_paid_back(desk: Desk) -> None:
    """A reissue belongs to what was paid for its original, and a free one costs nothing."""
    original = issued(desk)
    reply = desk.call(desk.caller, "ReplaceCertificate", CertificateId=original, ValidType="DNS")
    applied = desk.call(
        desk.caller,
        "ApplyCertificate",
        DvAuthMethod="DNS",
        DomainName="free.example.com",
        CsrEncryptAlgo="ECC",
        CsrKeyParameter="prime256v1",
    )
    for made in (reply, applied):
        order = made["CertificateId"]
        desk.call(desk.caller, "CancelAuditCertificate", CertificateId=order)
        refused(desk, order, InvalidCertificateStatusCode, "nothing was paid for it")


def test_what_was_given_is_not_paid_back(desk: Desk) -> None:
    """Nobody paid for that either; it stays as it is."""
    granted = desk.operator("GrantOrder", Uin=desk.caller.uin, ProductId=DV)
    (order,) = granted["CertificateIds"]
    desk.call(desk.caller, "CancelCertificateOrder", CertificateId=order)
    why = rf"{order} was granted free of charge \(certdesk order grant\)"
    refused(desk, order, InvalidCertificateStatusCode, why)
    assert desk.stands(order) == (7, None)


def test_an_unknown_order_is_not_paid_back(desk: Desk) -> None:
    """As any command says."""
    with pytest.raises(CertificateNotFound):
        refund(desk, "00000000")


@pytest.mark.parametrize("reason", ["x" * 501, " ", "a\nb", "\u2800"])
def test_a_reason_is_a_line_that_can_be_shown(desk: Desk, reason: str) -> None:
    """As where somebody rejects."""
    order = cancelled(desk)
    with pytest.raises(InvalidParam, match=r"Reason: must (be 1 to 500 print|(not )?contain)"):
        refund(desk, order, Reason=reason)
    assert desk.stands(order)[0] == 7


def refused(desk: Desk, order: str, refusal: type[ServiceError], why: str = "has status") -> None:
    """Have the operator's note refused."""
    with pytest.raises(refusal, match=why):
        refund(desk, order)
