"""Submitting orders to the CA, stopping their review and opening them again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certdesk.domain.errors import (
    CertificateInfoSubmitStatusInvalid,
    CertificateInvalid,
    CertificateNotFound,
    CertificateNotFoundOrCantCancel,
    CertificateOrderSubmitProcessing,
    CertificateStatusNotAllowResubmit,
    InvalidCertificateStatusCode,
    InvalidParam,
    NoRealNameAuth,
    ServiceError,
)
from certdesk.domain.orders.advice import status_msg
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.ports import Unit
from certdesk.world.nameserver import NameServer
from certdesk.world.webserver import WebServer
from tests.actions.asking import becomes, publish
from tests.actions.submitting import COMPANY, PERSONAL, refusal, refused, withdraw
from tests.inside import InsideDesk
from tests.programs import run
from tests.running import Client, RunningDesk

NAME = "shop.example.com"
TRUSTASIA, TRUSTASIA_MULTI, TRUSTASIA_WILDCARD = 104, 11, 12
TRUSTASIA_OV, DNSPOD = 14, 48
SUBMITTING = ["CertificateOrderSubmit", "CommitCertificateInformation"]
each_form = pytest.mark.parametrize("action", SUBMITTING)


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[InsideDesk]:
    """A desk in memory."""
    with InsideDesk(tmp_path) as desk:
        yield desk


def ready(desk: InsideDesk, caller: Caller, product: int = TRUSTASIA, **changes: object) -> str:
    """Buy an order and hand its material in."""
    order = desk.buy(caller, product)
    material = PERSONAL | {"CertCommonName": NAME} | changes
    given = {name: value for name, value in material.items() if value is not None}
    desk.call(caller, "CertificateInfoSubmit", CertId=order, **given)
    return order


def submit(
    desk: InsideDesk, caller: Caller, order: str, action: str = SUBMITTING[0], **more: object
) -> dict[str, Any]:
    """Submit an order to the CA in one of the two forms."""
    named = {"CertId" if action == SUBMITTING[0] else "CertificateId": order}
    return desk.call(caller, action, **named | more)


def put(desk: InsideDesk, order: str, status: Status) -> None:
    """Put an order into a status."""

    def change(unit: Unit) -> None:
        stored = unit.orders.get(order)
        assert stored is not None
        unit.orders.replace(replace(stored, status=status))

    desk.store.write(change)


def refusing(desk: InsideDesk, caller: Caller, order: str, action: str) -> type[ServiceError]:
    """Ask for what is to be refused; give how. The order is as it was, and has no more proofs."""
    before = desk.order(order), proofs(desk, order)
    named = {"CertId" if action == SUBMITTING[0] else "CertificateId": order}
    with pytest.raises(ServiceError) as refused:
        desk.call(caller, action, **named)
    assert (desk.order(order), proofs(desk, order)) == before
    return type(refused.value)


def proofs(desk: InsideDesk, order: str) -> list[tuple[str, str, str]]:
    """Give kind, label and value of every proof of every attempt."""
    found = desk.store.read(lambda unit: unit.proofs.where(certificate_id=order))
    return [(proof.kind, proof.label, proof.value) for proof in found]


# --- with the official SDK, a name server and OpenSSL --------------------------------------------


@pytest.mark.needs("openssl")
@pytest.mark.parametrize(("product", "kind"), [(TRUSTASIA, "TXT"), (DNSPOD, "CNAME")])
def test_an_order_whose_records_are_published_is_issued(
    orderer: Client, names: NameServer, tmp_path: Path, product: int, kind: str
) -> None:
    """From the purchase to a certificate that OpenSSL takes, by nothing but the API and the DNS."""
    order = orderer.buy(product)
    orderer.submit(order, CertCommonName=f"{kind.lower()}.shop.example.com")
    answer = orderer.call("CertificateOrderSubmit", CertId=order)
    detail = orderer.detail(order)
    assert (answer["OrderId"], answer["Status"], answer["IsAudited"]) == (
        detail["OrderId"],
        0,
        False,
    )
    assert [part["DvAuthVerifyType"] for part in detail["DvAuthDetail"]["DvAuths"]] == [kind]

    publish(names, detail)
    becomes(1, lambda: orderer.detail(order)["Status"])

    issued = orderer.detail(order)
    root, bundle, key = (tmp_path / name for name in ("root.pem", "bundle.pem", "key.pem"))
    root.write_text(issued["RootCert"]["Standard"])
    bundle.write_text(issued["CertificatePublicKey"])
    key.write_text(issued["CertificatePrivateKey"])
    run("openssl", "verify", "-x509_strict", "-CAfile", root, "-untrusted", bundle, bundle)
    of_key = run("openssl", "pkey", "-in", key, "-pubout")
    assert run("openssl", "x509", "-in", bundle, "-noout", "-pubkey") == of_key


def test_critical_caa_records_for_mail_keep_no_server_from_its_certificate(
    orderer: Client, names: NameServer
) -> None:
    """RFC 9495: who may certify e-mail addresses is another question."""
    names.add("mail-only.com", "CAA", '128 issuemail ";"', '128 issuevmc ";"')
    order = orderer.buy(TRUSTASIA)
    orderer.submit(order, CertCommonName="www.mail-only.com")
    orderer.call("CertificateOrderSubmit", CertId=order)
    publish(names, orderer.detail(order))
    becomes(1, lambda: orderer.detail(order)["Status"])


def test_the_older_form_does_the_same(orderer: Client, names: NameServer) -> None:
    """CommitCertificateInformation."""
    order = orderer.buy(TRUSTASIA)
    orderer.submit(order, CertCommonName="older.shop.example.com")
    answer = orderer.call("CommitCertificateInformation", CertificateId=order, VerifyType="DNS")
    detail = orderer.detail(order)
    assert (answer["OrderId"], answer["Status"]) == (detail["OrderId"], 0)
    publish(names, detail)
    becomes(1, lambda: orderer.detail(order)["Status"])


def test_an_order_whose_files_are_published_is_issued(
    orderer: Client, names: NameServer, web: WebServer
) -> None:
    """Each name's at its own host: a registrable domain has it on its `www.` as well."""
    order = orderer.buy(TRUSTASIA_MULTI, 2)
    others = ["files.example.net"]
    orderer.submit(order, CertCommonName="file-proof.com", DnsNames=others, VerifyType="FILE")
    orderer.call("CertificateOrderSubmit", CertId=order)
    parts = orderer.detail(order)["DvAuthDetail"]["DvAuths"]
    assert [part["DvAuthDomain"] for part in parts] == ["file-proof.com", *others]
    for part in parts:
        host = part["DvAuthDomain"]
        for each in (host, f"www.{host}"):
            names.add(each, "A", web.address)
            web.put(each, f"{part['DvAuthPath']}{part['DvAuthKey']}", part["DvAuthValue"])
    becomes(1, lambda: orderer.detail(order)["Status"])


def test_what_was_published_for_a_cancelled_review_proves_nothing(
    orderer: Client, names: NameServer
) -> None:
    """The order opened again asks for another value, and finds that the old one differs."""
    order = orderer.buy(TRUSTASIA)
    orderer.submit(order, CertCommonName="void.example.com")
    orderer.call("CertificateOrderSubmit", CertId=order)
    first = orderer.detail(order)["DvAuthDetail"]
    assert orderer.call("CancelAuditCertificate", CertificateId=order)["Result"] is True
    assert orderer.detail(order)["Status"] == 7
    names.add(first["DvAuthKey"], "TXT", first["DvAuthValue"])

    reopened = orderer.call("ModifyCertificateResubmit", CertificateId=order)
    assert reopened["CertificateId"] == order
    orderer.call("CertificateOrderSubmit", CertId=order)
    second = orderer.detail(order)["DvAuthDetail"]
    assert second["DvAuthKey"] == first["DvAuthKey"]
    assert second["DvAuthValue"] != first["DvAuthValue"]

    (result,) = orderer.call("CheckCertificateDomainVerification", CertificateId=order)[
        "VerificationResults"
    ]
    assert result["LocalCheck"] == Verdict.TXT_DIFFERS
    assert result["CheckValue"] == [first["DvAuthValue"]]

    names.add(second["DvAuthKey"], "TXT", second["DvAuthValue"])
    becomes(1, lambda: orderer.detail(order)["Status"])


def test_an_order_that_is_opened_again_has_its_material_still(orderer: Client) -> None:
    """The very same CSR, key and names; it can be submitted at once."""
    order = orderer.buy(DNSPOD)
    orderer.submit(order, CertCommonName="again.example.com", KeyPass="12345678")
    before = orderer.detail(order)
    orderer.call("CertificateOrderSubmit", CertId=order)
    orderer.call("CancelAuditCertificate", CertificateId=order)
    orderer.call("ModifyCertificateResubmit", CertificateId=order)
    after = orderer.detail(order)
    for name in ("Status", "SubmittedData", "CertificatePrivateKey", "Domain", "StatusMsg"):
        assert after[name] == before[name], name
    assert after["OrderId"] is not None
    assert orderer.call("CertificateOrderSubmit", CertId=order)["OrderId"] != after["OrderId"]


def test_an_account_that_is_not_verified_submits_nothing_and_may_stop(desk: RunningDesk) -> None:
    """The vendor lists no code for it where a review is stopped or an order opened again."""
    keys = desk.account()
    client = desk.client(keys)
    waiting, submitted = client.buy(), client.buy()
    for order in (waiting, submitted):
        client.submit(order)
    client.call("CertificateOrderSubmit", CertId=submitted)
    withdraw(desk, client, keys.uin, waiting)
    for action, name in zip(SUBMITTING, ("CertId", "CertificateId"), strict=True):
        code, _ = refusal(lambda its=action, by=name: client.call(its, **{by: waiting}))  # type: ignore[misc]  # bound now
        assert code == NoRealNameAuth.code
    assert client.call("CancelAuditCertificate", CertificateId=submitted)["Result"] is True
    reopened = client.call("ModifyCertificateResubmit", CertificateId=submitted)
    assert reopened["CertificateId"] == submitted
    assert refused(client, submitted)[0] == NoRealNameAuth.code


# --- what is drawn -------------------------------------------------------------------------------


@pytest.mark.parametrize("verify_type", ["DNS", "FILE"])
@pytest.mark.parametrize("product", [TRUSTASIA, DNSPOD])
def test_two_orders_for_one_name_are_proved_by_different_values(
    inside: InsideDesk, product: int, verify_type: str
) -> None:
    """Of one account; whoever publishes one has not published the other."""
    caller = inside.account()
    values = set()
    for _ in range(2):
        order = ready(inside, caller, product)
        submit(inside, caller, order, VerifyType=verify_type)
        ((_, _, value),) = proofs(inside, order)
        values.add(value)
    assert len(values) == 2


@pytest.mark.parametrize(
    ("handed_in", "asked", "used"),
    [
        (None, None, "DNS"),
        ("FILE", None, "FILE"),
        ("DNS", "FILE", "FILE"),
        ("FILE", "DNS", "DNS"),
        ("FILE", "", "FILE"),
    ],
)
@each_form
def test_names_are_proved_by_what_was_said_last(
    inside: InsideDesk, action: str, handed_in: str | None, asked: str | None, used: str
) -> None:
    """Here, else with the material, else by DNS."""
    caller = inside.account()
    order = ready(inside, caller, VerifyType=handed_in)
    submit(inside, caller, order, action, VerifyType=asked)
    ((kind, _, _),) = proofs(inside, order)
    assert kind == {"DNS": "TXT", "FILE": "FILE"}[used]
    assert inside.order(order).verify_type == used


def test_an_order_for_an_organisation_is_looked_at_by_people_first(inside: InsideDesk) -> None:
    """It tells so; names are looked for meanwhile, and no time is set for them."""
    caller = inside.account()
    order = ready(inside, caller, TRUSTASIA_OV, **COMPANY)
    answer = submit(inside, caller, order)
    assert (answer["Status"], answer["IsAudited"]) == (0, True)
    kept = inside.order(order)
    assert (status_msg(kept), kept.deadline) == ("PRE-REVIEWING", None)
    due_at = inside.take_on(order)
    assert due_at is not None
    assert due_at > inside.clock.now()
    assert inside.order(order).status == 0


@pytest.mark.parametrize("value", [None, 0, 1])
def test_an_automatic_record_may_be_spoken_of(inside: InsideDesk, value: int | None) -> None:
    """Without DNS_AUTO there is none, so there is none to delete."""
    caller = inside.account()
    order = ready(inside, caller)
    assert submit(inside, caller, order, DeleteDnsAutoRecord=value)["Status"] == 0


# --- what is refused -----------------------------------------------------------------------------


@each_form
@pytest.mark.parametrize("status", list(Status))
def test_an_order_is_submitted_where_it_waits_for_its_material(
    inside: InsideDesk, action: str, status: Status
) -> None:
    """At 5 and 13; the older form has one code for everything else."""
    caller = inside.account()
    order = ready(inside, caller)
    put(inside, order, status)
    if status in (5, 13):
        assert submit(inside, caller, order, action)["Status"] == 0
        return
    under_way = status in (0, 4, 8, 11) and action == SUBMITTING[0]
    wanted = CertificateOrderSubmitProcessing if under_way else InvalidCertificateStatusCode
    assert refusing(inside, caller, order, action) is wanted


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (SUBMITTING[0], CertificateInfoSubmitStatusInvalid),
        (SUBMITTING[1], InvalidCertificateStatusCode),
    ],
)
def test_an_order_without_material_is_not_submitted(
    inside: InsideDesk, action: str, error: type[ServiceError]
) -> None:
    """The refusal says what to do first."""
    caller = inside.account()
    order = inside.buy(caller)
    assert refusing(inside, caller, order, action) is error
    with pytest.raises(error, match="CertificateInfoSubmit first"):
        submit(inside, caller, order, action)


@each_form
def test_a_key_that_was_blocked_meanwhile_is_not_certified(inside: InsideDesk, action: str) -> None:
    """With new material the order goes on."""
    caller = inside.account()
    order = ready(inside, caller)
    inside.operator("BlockKeys", Digests=[digest_of_key(inside, order)], Reason="leaked")
    assert refusing(inside, caller, order, action) is CertificateInvalid
    material = PERSONAL | {"CertCommonName": NAME}
    inside.call(caller, "CertificateInfoSubmit", CertId=order, **material)
    assert submit(inside, caller, order, action)["Status"] == 0


def digest_of_key(desk: InsideDesk, order: str) -> str:
    """Give the SHA-256 of the key of an order's material."""
    csr = x509.load_pem_x509_csr(desk.submissions(order)[-1].csr.encode())
    der = csr.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


@each_form
@pytest.mark.parametrize("value", ["dns", "EMAIL", "TXT"])
def test_another_way_to_prove_names_is_refused(inside: InsideDesk, action: str, value: str) -> None:
    """The refusal names the parameter."""
    caller = inside.account()
    order = ready(inside, caller)
    with pytest.raises(InvalidParam, match=r"VerifyType: must be DNS, DNS_AUTO or FILE"):
        submit(inside, caller, order, action, VerifyType=value)
    assert proofs(inside, order) == []


@each_form
def test_a_file_proves_no_wildcard(inside: InsideDesk, action: str) -> None:
    """Which it could not when the material was handed in either."""
    caller = inside.account()
    order = ready(inside, caller, TRUSTASIA_WILDCARD, CertCommonName="*.example.com")
    with pytest.raises(InvalidParam, match=r"FILE cannot validate the wildcard \*\.example\.com"):
        submit(inside, caller, order, action, VerifyType="FILE")
    assert submit(inside, caller, order, action)["Status"] == 0


def test_a_number_that_is_neither_yes_nor_no_is_refused(inside: InsideDesk) -> None:
    """DeleteDnsAutoRecord."""
    caller = inside.account()
    order = ready(inside, caller)
    with pytest.raises(InvalidParam, match="DeleteDnsAutoRecord: must be 0 or 1, not 2"):
        submit(inside, caller, order, DeleteDnsAutoRecord=2)


@pytest.mark.parametrize("status", list(Status))
def test_a_review_is_stopped_while_it_is_under_way(inside: InsideDesk, status: Status) -> None:
    """At 0, 4, 8 and 11."""
    caller = inside.account()
    order = ready(inside, caller)
    submit(inside, caller, order)
    put(inside, order, status)
    if status in (0, 4, 8, 11):
        assert inside.call(caller, "CancelAuditCertificate", CertificateId=order) == {
            "Result": True
        }
        assert inside.order(order).status == 7
        return
    error = refusing(inside, caller, order, "CancelAuditCertificate")
    assert error is CertificateNotFoundOrCantCancel


@pytest.mark.parametrize("status", list(Status))
def test_an_order_is_opened_again_where_it_has_come_to_nothing(
    inside: InsideDesk, status: Status
) -> None:
    """At 2 and 7."""
    caller = inside.account()
    order = ready(inside, caller)
    put(inside, order, status)
    if status in (2, 7):
        inside.call(caller, "ModifyCertificateResubmit", CertificateId=order)
        assert inside.order(order).status == 5
        return
    error = refusing(inside, caller, order, "ModifyCertificateResubmit")
    assert error is CertificateStatusNotAllowResubmit


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("CertificateOrderSubmit", CertificateNotFound),
        ("CommitCertificateInformation", CertificateNotFound),
        ("CancelAuditCertificate", CertificateNotFoundOrCantCancel),
        ("ModifyCertificateResubmit", CertificateNotFound),
    ],
)
def test_anothers_order_is_as_good_as_none(
    inside: InsideDesk, action: str, error: type[ServiceError]
) -> None:
    """Word for word."""
    order = ready(inside, inside.account())
    other = inside.account()
    name = "CertId" if action == SUBMITTING[0] else "CertificateId"
    told = set()
    for each in (order, "nobodys1"):
        with pytest.raises(error) as refused:
            inside.call(other, action, **{name: each})
        told.add(refused.value.message)
    assert len(told) == 1
