"""DescribeCertificateDetail: what to publish for an order's names, and the certificate issued."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from certdesk.domain.validation.challenge import ProofKind
from tests.actions.submitting import PERSONAL
from tests.actions.test_describe import NOTHING_TO_PUBLISH
from tests.inside import InsideDesk
from tests.programs import run
from tests.workflow.ordering import Ordered, ordered

TRUSTASIA, TRUSTASIA_MULTI_WILDCARD, DNSPOD, WOTRUS = 104, 42, 48, 25


def submitted(
    desk: InsideDesk, product: int, *names: str, verify_type: str | None = None
) -> Ordered:
    """Submit an order for names, the main one first, with a key that the desk makes."""
    caller = desk.account()
    order = desk.buy(caller, product, len(names))
    others = {"DnsNames": list(names[1:])} if len(names) > 1 else {}
    material = PERSONAL | {"CertCommonName": names[0]} | others
    desk.call(caller, "CertificateInfoSubmit", CertId=order, **material)
    chosen = {"VerifyType": verify_type} if verify_type else {}
    desk.call(caller, "CertificateOrderSubmit", CertId=order, **chosen)
    return Ordered(desk, caller, order)


def detail(order: Ordered, action: str = "DescribeCertificateDetail") -> dict[str, Any]:
    """Read an order back."""
    return order.desk.call(order.caller, action, CertificateId=order.certificate_id)


def test_a_text_record_is_told_by_its_name_and_its_host_part(tmp_path: Path) -> None:
    """The host part is what goes into the zone of the registrable domain."""
    with InsideDesk(tmp_path) as desk:
        order = submitted(desk, TRUSTASIA, "shop.example.com")
    proof = order.proofs["shop.example.com"]
    assert len(proof.value) > 48
    part = {
        "DvAuthKey": "_dnsauth.shop.example.com",
        "DvAuthValue": proof.value,
        "DvAuthDomain": "example.com",
        "DvAuthPath": None,
        "DvAuthSubDomain": "_dnsauth.shop",
        "DvAuthVerifyType": "TXT",
    }
    assert detail(order)["DvAuthDetail"] == top(part) | {"DvAuths": [part]}


@pytest.mark.parametrize("product", [DNSPOD, WOTRUS])
def test_some_brands_ask_for_an_alias(tmp_path: Path, product: int) -> None:
    """Its name is drawn, and so is its target."""
    with InsideDesk(tmp_path) as desk:
        order = submitted(desk, product, "example.com")
    (part,) = parts(order)
    label, _, zone = part["DvAuthKey"].partition(".")
    assert (label, zone) == (part["DvAuthSubDomain"], "example.com")
    assert part["DvAuthVerifyType"] == "CNAME"
    assert part["DvAuthValue"].endswith(".trust-provider.com")


def test_a_file_is_told_by_its_folder_and_its_name(tmp_path: Path) -> None:
    """It lies on the host that is ordered, whose name stands beside it."""
    with InsideDesk(tmp_path) as desk:
        order = submitted(desk, TRUSTASIA, "shop.example.com", verify_type="FILE")
    (part,) = parts(order)
    assert part["DvAuthVerifyType"] == ProofKind.FILE
    assert part["DvAuthPath"] == "/.well-known/pki-validation/"
    assert part["DvAuthKey"].endswith(".txt")
    assert (part["DvAuthDomain"], part["DvAuthSubDomain"]) == ("shop.example.com", None)
    assert detail(order)["VerifyType"] == "FILE"


def test_each_name_is_told_once_and_the_main_one_first(tmp_path: Path) -> None:
    """A name and its wildcard have one proof; at the top the main one's stands again."""
    names = ("*.b.example.com", "a.example.org", "b.example.com", "例え.example.com")
    with InsideDesk(tmp_path) as desk:
        order = submitted(desk, TRUSTASIA_MULTI_WILDCARD, *names)
    told = parts(order)
    assert [part["DvAuthKey"] for part in told] == [
        "_dnsauth.b.example.com",
        "_dnsauth.a.example.org",
        "_dnsauth.xn--r8jz45g.example.com",
    ]
    whole = detail(order)["DvAuthDetail"]
    assert whole == top(told[0]) | {"DvAuths": told}


def test_both_ways_to_look_tell_the_same_of_an_order_with_the_ca(tmp_path: Path) -> None:
    """Number, proofs, and what it waits for; the list tells until when."""
    with InsideDesk(tmp_path) as desk:
        order = submitted(desk, TRUSTASIA, "shop.example.com")
    whole, short = detail(order), detail(order, "DescribeCertificate")
    for name in ("OrderId", "DvAuthDetail", "StatusMsg", "VerifyType", "Status"):
        assert whole[name] == short[name], name
    assert (whole["Status"], whole["StatusMsg"]) == (0, "PENDING-DCV")
    assert whole["OrderId"] == desk.order(order.certificate_id).order_id
    listed = desk.call(order.caller, "DescribeCertificates")["Certificates"][0]
    assert listed["DVAuthDeadline"] == "2026-03-04 20:00:00"


def test_what_was_to_be_published_is_told_no_more_after_the_review(tmp_path: Path) -> None:
    """Neither of a cancelled order nor of one that is opened again, nor in the list.

    The latter has no members for it at all, like one that was never submitted.
    """
    with InsideDesk(tmp_path) as desk:
        order = submitted(desk, TRUSTASIA, "shop.example.com")
        for action, told in (
            ("CancelAuditCertificate", NOTHING_TO_PUBLISH),
            ("ModifyCertificateResubmit", None),
        ):
            desk.call(order.caller, action, CertificateId=order.certificate_id)
            assert detail(order)["DvAuthDetail"] == told
            listed = desk.call(order.caller, "DescribeCertificates")["Certificates"][0]
            assert listed["DVAuthDeadline"] is None


@pytest.mark.needs("openssl")
def test_an_issued_order_shows_its_certificate_as_openssl_reads_it(tmp_path: Path) -> None:
    """The certificate with its chain, fingerprints, times, root, and what is in the chain."""
    with ordered(tmp_path, "shop.example.com") as order:
        order.prove("shop.example.com")
        order.desk.take_on(order.certificate_id)
    shown = detail(order)
    assert (shown["Status"], shown["StatusMsg"]) == (1, None)
    assert shown["DvAuthDetail"] == NOTHING_TO_PUBLISH
    root, bundle = tmp_path / "root.pem", tmp_path / "bundle.pem"
    root.write_text(shown["RootCert"]["Standard"])
    bundle.write_text(str(shown["CertificatePublicKey"]))
    assert "OK" in run(
        "openssl", "verify", "-no_check_time", "-CAfile", root, "-untrusted", bundle, bundle
    )
    read = run(
        "openssl", "x509", "-in", bundle, "-noout", "-fingerprint", "-sha1", "-ext",
        "subjectAltName", "-subject", "-issuer", "-nameopt", "multiline",
    )  # fmt: skip
    assert str(shown["CertFingerprint"]) in read.replace(":", "")
    assert "DNS:shop.example.com" in read
    chain = shown["CertChainInfo"]
    assert [link["Subject"] for link in chain] == ["shop.example.com", chain[0]["Issuer"]]
    assert f"commonName                = {chain[0]['Issuer']}" in read
    assert chain[0]["Fingerprint"] == str(shown["CertFingerprint"]).lower()
    assert (chain[0]["ValidFrom"], chain[0]["ValidTo"]) == (
        shown["CertBeginTime"],
        shown["CertEndTime"],
    )
    assert shown["EncryptAlgorithm"] == "ECC prime256v1"


def parts(order: Ordered) -> list[dict[str, Any]]:
    """Give the proofs that are told."""
    found: list[dict[str, Any]] = detail(order)["DvAuthDetail"]["DvAuths"]
    return found


def top(part: dict[str, Any]) -> dict[str, Any]:
    """Write the first proof as it stands at the top."""
    names = ("DvAuthKey", "DvAuthValue", "DvAuthDomain", "DvAuthPath")
    return {name: part[name] for name in names} | {"DvAuthKeySubDomain": part["DvAuthSubDomain"]}
