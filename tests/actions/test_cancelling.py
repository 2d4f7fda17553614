"""CancelCertificateOrder: one call ends an order, or says which one does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.domain.errors import ServiceError
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.values.products import UPLOADED
from certdesk.domain.values.record import replace
from tests.actions.submitting import COMPANY, refusal
from tests.actions.test_every_status import PATHS
from tests.actions.vetting import DV, EV, LETTER_OV, Desk
from tests.papers import PDF
from tests.rules import rules_with
from tests.running import Client, Keys, RunningDesk

ENDING = (
    "CancelCertificateOrder",
    "CancelAuditCertificate",
    "RevokeCertificate",
    "DeleteCertificate",
)
NAMED = re.compile(r"\b(?:Cancel|Revoke|Delete|Upload)[A-Z]\w+")
WAITS = {
    6: "the DNS records",
    9: "about to revoke its certificate",
    15: "moving it to another account",
}
"""Where no action ends an order, and what its owner is told there."""

TAKEN_BY = {
    0: {"CancelCertificateOrder"},
    1: {"RevokeCertificate"},
    2: {"DeleteCertificate"},
    3: {"DeleteCertificate"},
    4: {"CancelCertificateOrder"},
    5: {"CancelCertificateOrder"},
    7: {"DeleteCertificate"},
    8: {"CancelCertificateOrder"},
    10: {"DeleteCertificate"},
    11: {"CancelCertificateOrder"},
    12: {"UploadRevokeLetter"},
    13: {"CancelCertificateOrder"},
    14: {"DeleteCertificate"},
}
"""What the desk names at each other status."""


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Desk]:
    """A desk where two people vet every EV order."""
    with Desk(tmp_path, rules_with(four_eyes=True)) as opened:
        yield opened


def refusals(inside: Desk, order: str) -> dict[str, str]:
    """Ask whatever ends orders to end one that it does not end; give what each says."""
    said = {}
    for action in ENDING:
        if action in TAKEN_BY.get(inside.order(order).status, set()):
            continue
        if action == "CancelAuditCertificate" and inside.order(order).status in (0, 4, 8, 11):
            continue
        with pytest.raises(ServiceError) as refused:
            inside.call(inside.caller, action, CertificateId=order)
        said[action] = refused.value.detail
    return said


@pytest.mark.parametrize("status", PATHS)
def test_what_does_not_end_an_order_names_what_does(inside: Desk, status: int) -> None:
    """And that does it; where nothing has to be done, no action is named."""
    order = PATHS[status](inside)
    said = refusals(inside, order)
    assert inside.order(order).status == status
    assert f"status {status} (" in said["RevokeCertificate" if status != 1 else ENDING[0]]
    del said["DeleteCertificate" if status == 1 else "RevokeCertificate"]
    for detail in said.values():
        assert set(NAMED.findall(detail)) == TAKEN_BY.get(status, set()), detail
        assert WAITS.get(status, "") in detail
    for action in TAKEN_BY.get(status, ()):
        if action == "UploadRevokeLetter":
            inside.letter(order, PDF, "Revoke")
        else:
            inside.call(inside.caller, action, CertificateId=order)


def test_an_uploaded_certificate_is_deleted_and_that_is_said(inside: Desk) -> None:
    """Nobody here can take it back."""
    order = inside.order(inside.submit(DV))
    uploaded = replace(order, status=Status.ISSUED, product_id=UPLOADED)
    inside.store.write(lambda unit: unit.orders.replace(uploaded))
    for action in ENDING[:2]:
        with pytest.raises(ServiceError) as refused:
            inside.call(inside.caller, action, CertificateId=order.certificate_id)
        assert refused.value.detail == (
            "The order has status 1 (Issued). Delete it with DeleteCertificate."
        )
    inside.call(inside.caller, "DeleteCertificate", CertificateId=order.certificate_id)


def test_who_may_not_stop_a_review_does_not_stop_it_by_cancelling(
    desk: RunningDesk, keys: Keys, client: Client
) -> None:
    """A denial of the one counts for the other while there is a review; to lack it does not."""
    user, lacking = desk.user(keys, "ssl:*"), desk.user(keys, "ssl:CancelCertificateOrder")
    desk.bind(user, "deny", "ssl:CancelAuditCertificate")
    new, order, other = client.buy(), client.buy(), client.buy()
    for each in (order, other):
        client.submit(each)
        client.call("CertificateOrderSubmit", CertId=each)
    theirs = desk.client(user.keys)
    with pytest.raises(TencentCloudSDKException, match="ssl:CancelAuditCertificate"):
        theirs.call("CancelCertificateOrder", CertificateId=order)
    assert client.detail(order)["Status"] == 0
    assert theirs.call("CancelCertificateOrder", CertificateId=new)["CertificateId"] == new
    desk.client(lacking.keys).call("CancelCertificateOrder", CertificateId=other)
    assert client.detail(other)["Status"] == 7


def test_destroying_an_order_under_review_takes_one_call(client: Client) -> None:
    """Terraform's provider makes no other; the review is over, and the order can be deleted."""
    order = client.buy()
    client.submit(order)
    client.call("CertificateOrderSubmit", CertId=order)
    assert client.detail(order)["Status"] == 0
    cancelled = client.call("CancelCertificateOrder", CertificateId=order)
    assert cancelled["CertificateId"] == order
    assert client.detail(order)["Status"] == 7
    check = lambda: client.call("CheckCertificateDomainVerification", CertificateId=order)  # noqa: E731 -- one call
    assert refusal(check)[0] == "FailedOperation.CertificateStatusNotAllowVerify"
    assert client.call("DeleteCertificate", CertificateId=order)["DeleteResult"] is True


def test_so_does_one_whose_letter_is_awaited(client: Client) -> None:
    """At 8."""
    order = client.buy(LETTER_OV)
    client.submit(order, **COMPANY)
    client.call("CertificateOrderSubmit", CertId=order)
    assert client.detail(order)["Status"] == 8
    client.call("CancelCertificateOrder", CertificateId=order)
    assert client.detail(order)["Status"] == 7


def test_nobody_looks_at_a_cancelled_order(inside: Desk) -> None:
    """Its review is withdrawn, and it is opened again with its material."""
    order = inside.submit(EV)
    inside.approve("manager:1")
    assert f"order:{order}" in inside.waiting
    inside.call(inside.caller, "CancelCertificateOrder", CertificateId=order)
    assert f"order:{order}" not in inside.waiting
    inside.call(inside.caller, "ModifyCertificateResubmit", CertificateId=order)
    inside.call(inside.caller, "CertificateOrderSubmit", CertId=order)
    assert f"order:{order}" in inside.waiting


def test_what_was_published_for_a_cancelled_order_issues_nothing(inside: Desk) -> None:
    """The desk's work finds nothing to do."""
    order = inside.submit(DV)
    inside.call(inside.caller, "CancelCertificateOrder", CertificateId=order)
    inside.take_on(order)
    assert inside.stands(order) == (7, None)


def test_a_cancelled_reissue_leaves_its_original_free(inside: Desk) -> None:
    """It may be replaced again."""
    original = inside.submit(DV)
    inside.take_on(original)
    for _ in range(2):
        reply = inside.call(
            inside.caller, "ReplaceCertificate", CertificateId=original, ValidType="DNS"
        )
        inside.call(inside.caller, "CancelCertificateOrder", CertificateId=reply["CertificateId"])
        assert inside.stands(reply["CertificateId"])[0] == 7
