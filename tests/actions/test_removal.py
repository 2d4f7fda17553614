"""DeleteCertificate: what can be deleted, what goes with it, and what stays."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certdesk.domain.errors import (
    AuthError,
    CannotBeDeletedIssued,
    CannotBeDeletedWithinHour,
    CertificateNotFound,
    InvalidCertificateStatusCode,
    NoProjectPermission,
    NoRealNameAuth,
    ServiceError,
)
from certdesk.domain.orders.lifecycle import DELETABLE, Status
from certdesk.domain.pki.issuance import Declined
from certdesk.domain.values.products import FREE, UPLOADED
from certdesk.domain.values.record import replace
from certdesk.ports import Collection, Unit
from tests.actions.submitting import refusal, withdraw
from tests.inside import InsideDesk
from tests.running import Client, Keys, RunningDesk
from tests.workflow.ordering import Ordered, ordered

NAME = "shop.example.com"
OTHER_STATUSES = {0, 4, 5, 6, 8, 9, 11, 12, 13, 15}


@pytest.fixture
def order(tmp_path: Path) -> Iterator[Ordered]:
    """An order that was submitted to the CA."""
    with ordered(tmp_path, NAME) as submitted:
        yield submitted


def delete(order: Ordered, **parameters: object) -> dict[str, object]:
    """Delete the order."""
    return order.desk.call(
        order.caller, "DeleteCertificate", CertificateId=order.certificate_id, **parameters
    )


def refused(order: Ordered) -> type[ServiceError]:
    """Delete an order that is to be refused; give how. It is as it was."""
    before = order.desk.order(order.certificate_id)
    with pytest.raises(ServiceError) as refusing:
        delete(order)
    assert order.desk.order(order.certificate_id) == before
    return type(refusing.value)


def change(order: Ordered, **fields: object) -> None:
    """Put an order where nothing that is built takes it."""

    def write(unit: Unit) -> None:
        stored = unit.orders.get(order.certificate_id)
        assert stored is not None
        unit.orders.replace(replace(stored, **fields))  # type: ignore[arg-type]  # the fields are given by name

    order.desk.store.write(write)


def issue(order: Ordered) -> None:
    """Have the order issued."""
    order.prove(NAME)
    order.desk.take_on(order.certificate_id)
    assert order.status == (1, None)


def kept(desk: InsideDesk, certificate_id: str) -> dict[str, int]:
    """Count what there is of an order, by kind."""

    def count(unit: Unit) -> dict[str, int]:
        collections: dict[str, Collection[Any]] = {
            "orders": unit.orders,
            "submissions": unit.submissions,
            "proofs": unit.proofs,
            "certificates": unit.certificates,
            "tasks": unit.tasks,
            "issuances": unit.issuances,
            "evidence": unit.evidence,
        }
        found = {
            name: collection.count(certificate_id=certificate_id)
            for name, collection in collections.items()
        }
        return found | {"audit": unit.audit.count(subject=certificate_id)}

    return desk.store.read(count)


# --- what can be deleted -------------------------------------------------------------------------


def test_a_cancelled_order_is_deleted(order: Ordered) -> None:
    """It is not there any more."""
    order.desk.call(order.caller, "CancelAuditCertificate", CertificateId=order.certificate_id)

    assert delete(order) == {"DeleteResult": True, "TaskId": None}

    with pytest.raises(CertificateNotFound):
        order.desk.call(
            order.caller, "DescribeCertificateDetail", CertificateId=order.certificate_id
        )
    with pytest.raises(CertificateNotFound):
        delete(order)


def test_an_order_whose_review_failed_is_deleted(order: Ordered) -> None:
    """Whatever it failed for."""
    order.prove(NAME)
    order.desk.issuer.will(Declined(reason="Not today."))
    order.desk.take_on(order.certificate_id)
    assert order.status == (2, "Not today.")
    assert delete(order)["DeleteResult"] is True


def test_an_issued_order_is_deleted_when_it_has_ended(order: Ordered) -> None:
    """And not while it is good."""
    issue(order)
    assert refused(order) is CannotBeDeletedIssued
    order.desk.clock.move(timedelta(days=400))
    order.desk.take_on(order.certificate_id)
    assert order.status[0] == 3
    assert delete(order)["DeleteResult"] is True


def test_a_revoked_one_is_deleted(order: Ordered) -> None:
    """Its serial number stays with the CA."""
    issue(order)
    change(order, status=Status.REVOKED)
    assert delete(order)["DeleteResult"] is True
    assert kept(order.desk, order.certificate_id)["issuances"] == 1


def test_an_uploaded_certificate_is_deleted_wherever_it_stands(order: Ordered) -> None:
    """Nobody here has issued it."""
    change(order, status=Status.ISSUED, product_id=UPLOADED)
    assert delete(order)["DeleteResult"] is True


@pytest.mark.parametrize("status", sorted(OTHER_STATUSES))
def test_an_order_that_is_not_at_an_end_is_not_deleted(order: Ordered, status: int) -> None:
    """The refusal says where it stands and where it could be."""
    change(order, status=Status(status))
    assert refused(order) is InvalidCertificateStatusCode
    with pytest.raises(InvalidCertificateStatusCode, match=f"status {status} .* at 2 .* 3 .* 7"):
        delete(order)


@pytest.mark.parametrize("status", Status)
def test_a_free_order_is_not_deleted_within_its_first_hour(order: Ordered, status: Status) -> None:
    """Wherever it stands, to the second; then its status decides."""
    change(order, status=status, product_id=FREE)
    assert refused(order) is CannotBeDeletedWithinHour
    order.desk.clock.move(timedelta(hours=1, seconds=-1))
    assert refused(order) is CannotBeDeletedWithinHour
    order.desk.clock.move(timedelta(seconds=1))
    if status in DELETABLE:
        assert delete(order)["DeleteResult"] is True
    else:
        assert refused(order) in (CannotBeDeletedIssued, InvalidCertificateStatusCode)


@pytest.mark.parametrize("check", [True, False])
def test_nothing_in_a_cloud_hinders_it(order: Ordered, *, check: bool) -> None:
    """A check for cloud resources has nothing to find, so it takes no task."""
    change(order, status=Status.CANCELLED)
    assert delete(order, IsCheckResource=check) == {"DeleteResult": True, "TaskId": None}


# --- what goes, and what stays -------------------------------------------------------------------


def test_what_was_handed_in_and_made_goes_and_what_shows_the_issue_stays(order: Ordered) -> None:
    """Material, keys, proofs, certificate and work go; serial number, looks and log stay."""
    issue(order)
    change(order, status=Status.EXPIRED)
    before = kept(order.desk, order.certificate_id)
    assert all(before.values()), before

    delete(order)

    after = kept(order.desk, order.certificate_id)
    assert {name for name, count in after.items() if count} == {"issuances", "evidence", "audit"}
    assert after["issuances"] == before["issuances"]
    assert after["evidence"] == before["evidence"]
    assert after["audit"] == before["audit"] + 1


def test_every_submission_and_every_attempt_goes(order: Ordered) -> None:
    """Also those that were replaced and cancelled."""
    name = {"CertificateId": order.certificate_id}
    for _ in range(2):
        order.desk.call(order.caller, "CancelAuditCertificate", **name)
        order.desk.call(order.caller, "ModifyCertificateResubmit", **name)
        order.desk.call(order.caller, "CertificateOrderSubmit", CertId=order.certificate_id)
    order.desk.call(order.caller, "CancelAuditCertificate", **name)
    assert kept(order.desk, order.certificate_id)["proofs"] == 3
    delete(order)
    assert kept(order.desk, order.certificate_id)["proofs"] == 0


def test_another_order_keeps_everything(order: Ordered) -> None:
    """Of the same account."""
    other = order.desk.buy(order.caller)
    change(order, status=Status.CANCELLED)
    before = kept(order.desk, other)
    delete(order)
    assert kept(order.desk, other) == before
    listed = order.desk.call(order.caller, "DescribeCertificates")
    assert [each["CertificateId"] for each in listed["Certificates"]] == [other]


def test_a_step_that_was_due_finds_nothing_to_do(order: Ordered) -> None:
    """The engine may have taken the order up just before."""
    change(order, status=Status.CANCELLED)
    order.desk.orders.round()
    delete(order)
    order.desk.orders.round()
    assert order.desk.take_on(order.certificate_id) is None


def test_the_log_tells_of_it(order: Ordered) -> None:
    """By the vendor's word."""
    change(order, status=Status.CANCELLED)
    delete(order)
    log = order.desk.call(order.caller, "DescribeCertificateOperateLogs")["OperateLogs"]
    assert (log[0]["Type"], log[0]["CertId"]) == ("delete", order.certificate_id)


# --- who may -------------------------------------------------------------------------------------


@pytest.fixture
def cancelled(client: Client) -> str:
    """An order that was given up before it had material."""
    bought = client.buy()
    client.call("CancelCertificateOrder", CertificateId=bought)
    return bought


@pytest.mark.parametrize("known", [True, False], ids=["another's", "nobody's"])
def test_anothers_order_is_as_good_as_none(
    desk: RunningDesk, cancelled: str, *, known: bool
) -> None:
    """Word for word."""
    its = cancelled if known else "nobodys1"
    refused = refusal(lambda: desk.client().call("DeleteCertificate", CertificateId=its))
    assert refused == (CertificateNotFound.code, CertificateNotFound.text)


def test_an_account_that_is_not_verified_deletes_nothing(desk: RunningDesk) -> None:
    """Nor does it cancel an order."""
    keys = desk.account()
    client = desk.client(keys)
    order, waiting = client.buy(), client.buy()
    client.call("CancelCertificateOrder", CertificateId=order)
    withdraw(desk, client, keys.uin, waiting)
    code, _ = refusal(lambda: client.call("DeleteCertificate", CertificateId=order))
    assert code == NoRealNameAuth.code


def test_a_user_deletes_what_its_policies_allow(
    desk: RunningDesk, client: Client, keys: Keys, cancelled: str
) -> None:
    """Neither what is in another project nor another certificate."""
    places: tuple[tuple[type[ServiceError], dict[str, Any]], ...] = (
        (NoProjectPermission, {"projects": [desk.project(keys)]}),
        (AuthError, {"certificates": [client.buy()]}),
    )
    for error, place in places:
        user = desk.user(keys)
        desk.bind(user, "allow", "ssl:DeleteCertificate", **place)
        delete_it = functools.partial(
            desk.client(user.keys).call, "DeleteCertificate", CertificateId=cancelled
        )
        assert refusal(delete_it)[0] == error.code
    user = desk.user(keys)
    desk.bind(user, "allow", "ssl:DeleteCertificate", certificates=[cancelled])
    deleted = desk.client(user.keys).call("DeleteCertificate", CertificateId=cancelled)
    assert deleted["DeleteResult"] is True
