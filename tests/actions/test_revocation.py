"""RevokeCertificate and UploadRevokeLetter: how an owner has a certificate taken back."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certdesk.domain import errors
from certdesk.domain.orders.steps import NO_LETTER
from certdesk.domain.people.role import Role
from certdesk.domain.values.revocation_reason import Reason
from certdesk.world.nameserver import NameServer
from tests import chains
from tests.actions.asking import becomes, publish
from tests.actions.downloading import fetch, link
from tests.actions.submitting import refusal
from tests.actions.vetting import ANN, BEN, DV, EV, OV, ROOT, Desk
from tests.papers import GIF, PDF, PNG
from tests.rules import rules_with
from tests.running import Client, RunningDesk

TRUSTASIA_DV = 104
NAME = "revoke.example.com"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where people vet."""
    with Desk(tmp_path) as opened:
        yield opened


@pytest.fixture
def issued(desk: Desk) -> str:
    """An OV order whose certificate is issued."""
    return issue(desk, OV)


def issue(desk: Desk, product: int = OV) -> str:
    """Take an order to its certificate."""
    order = desk.submit(product)
    desk.approve_all()
    desk.take_on(order)
    assert desk.stands(order) == (1, None)
    return order


def revoke(desk: Desk, order: str, reason: str | None = None) -> dict[str, Any]:
    """Ask to have a certificate revoked."""
    given = {} if reason is None else {"Reason": reason}
    return desk.call(desk.caller, "RevokeCertificate", CertificateId=order, **given)


def awaiting_letter(desk: Desk, product: int = OV, reason: str | None = None) -> str:
    """Make an order whose letter of revocation is awaited."""
    order = issue(desk, product)
    revoke(desk, order, reason)
    return order


# --- DV, as the SDK sees it ----------------------------------------------------------------------


@pytest.fixture
def mine(orderer: Client, names: NameServer) -> str:
    """A DV order on a running desk, whose certificate is issued."""
    order = orderer.buy(TRUSTASIA_DV)
    orderer.submit(order, CertCommonName=NAME)
    orderer.call("CertificateOrderSubmit", CertId=order)
    publish(names, orderer.detail(order))
    becomes(1, lambda: orderer.detail(order)["Status"])
    return order


def listed(client: Client, order: str) -> dict[str, Any]:
    """Give an order as lists show it."""
    (found,) = client.call("DescribeCertificates", CertIds=[order])["Certificates"]
    assert isinstance(found, dict)
    return found


def test_a_dv_certificate_is_revoked_by_what_the_reply_says(
    orderer: Client, names: NameServer, mine: str
) -> None:
    """The detail shows the same until it is done; lists tell when that was."""
    reply = orderer.call("RevokeCertificate", CertificateId=mine, Reason="superseded")
    (auth,) = reply["RevokeDomainValidateAuths"]
    detail = orderer.detail(mine)
    (shown,) = detail["DvRevokeAuthDetail"]
    assert (detail["Status"], detail["StatusName"]) == (9, "Revoking")
    assert detail["DvAuthDetail"]["DvAuths"] is None
    assert orderer.call("DescribeCertificate", CertificateId=mine)["DvRevokeAuthDetail"] == [shown]
    assert auth == {
        "DomainValidateAuthPath": shown["DvAuthPath"],
        "DomainValidateAuthKey": shown["DvAuthKey"],
        "DomainValidateAuthValue": shown["DvAuthValue"],
        "DomainValidateAuthDomain": shown["DvAuthDomain"],
    }
    assert auth["DomainValidateAuthPath"] is None
    assert auth["DomainValidateAuthKey"] == f"_dnsauth.{NAME}"
    assert auth["DomainValidateAuthDomain"] == "example.com"
    assert listed(orderer, mine)["CertRevokedTime"] is None

    names.add(auth["DomainValidateAuthKey"], "TXT", auth["DomainValidateAuthValue"])
    becomes(10, lambda: orderer.detail(mine)["Status"])
    assert orderer.detail(mine)["DvRevokeAuthDetail"] == []
    assert listed(orderer, mine)["CertRevokedTime"] is not None
    logs = orderer.call("DescribeCertificateOperateLogs", Limit=1000)["OperateLogs"]
    kinds = [one["Type"] for one in logs if one["CertId"] == mine and one["Type"] != "download"]
    assert kinds[:3] == ["revoked", "domainValidationPassed", "revoke"]


def test_what_proved_the_order_revokes_nothing(
    orderer: Client, mine: str, proving: RunningDesk
) -> None:
    """Its record is still there, and the desk looks for another."""
    orderer.call("RevokeCertificate", CertificateId=mine)
    becomes(1, lambda: len(looked_for(proving, mine)))
    (proof,) = looked_for(proving, mine)
    assert proof["Reason"] != ""
    assert proof["ProvedTime"] is None
    assert orderer.detail(mine)["Status"] == 9


def looked_for(desk: RunningDesk, order: str) -> list[dict[str, Any]]:
    """Give the proofs that count now and were looked for."""
    proofs = desk.certdesk("order", "show", order)["Proofs"]
    return [proof for proof in proofs if proof["LookedTime"] is not None]


def test_a_certificate_is_handed_over_before_it_is_to_be_revoked_and_not_after(
    orderer: Client, names: NameServer, mine: str
) -> None:
    """From the request on, and when it is done; a link from before leads nowhere."""
    url, _ = link(orderer, mine, "root")
    assert fetch(url)[0] == 200
    assert orderer.call("DownloadCertificate", CertificateId=mine)["Content"]

    reply = orderer.call("RevokeCertificate", CertificateId=mine)
    not_handed_over(orderer, mine, url, "9 (Revoking)")
    (auth,) = reply["RevokeDomainValidateAuths"]
    names.add(auth["DomainValidateAuthKey"], "TXT", auth["DomainValidateAuthValue"])
    becomes(10, lambda: orderer.detail(mine)["Status"])
    not_handed_over(orderer, mine, url, "10 (Revoked)")
    assert orderer.call("DeleteCertificate", CertificateId=mine)["DeleteResult"] is True


def not_handed_over(client: Client, order: str, url: str, status: str) -> None:
    """See the zip refused, a new link too, and an old link lead nowhere."""
    code, message = refusal(lambda: client.call("DownloadCertificate", CertificateId=order))
    assert code == "FailedOperation.InvalidCertificateStatusCode"
    assert message.endswith(f"The order has status {status}.")
    code, message = refusal(lambda: link(client, order, "root"))
    assert code == "FailedOperation.CertificateStatusNotAllowDownload"
    assert message.endswith(f"The order has status {status}.")
    assert fetch(url)[0] == 404


# --- OV and EV -----------------------------------------------------------------------------------


@pytest.mark.parametrize("product", [OV, EV])
def test_a_vetted_certificate_is_revoked_when_people_have_seen_its_letter(
    desk: Desk, product: int
) -> None:
    """Status 12, 9 and 10; nothing is to be published."""
    order = issue(desk, product)
    assert revoke(desk, order, "superseded") == {"RevokeDomainValidateAuths": []}
    desk.take_on(order)
    assert (desk.stands(order), desk.waiting) == ((12, None), [])

    assert desk.letter(order, PDF, "Revoke") == {"CertificateId": order, "IsSuccess": True}
    desk.take_on(order)
    assert desk.stands(order) == (9, "LEGAL-REVIEWING")
    assert desk.waiting == [f"revocation:{order}"]
    detail = desk.call(desk.caller, "DescribeCertificateDetail", CertificateId=order)
    assert detail["DvRevokeAuthDetail"] == []

    assert desk.approve(f"revocation:{order}") == "approved"
    desk.take_on(order)
    assert (desk.stands(order), desk.waiting) == ((10, None), [])
    assert list(desk.issuer.revoked.values()) == [Reason.SUPERSEDED]
    assert desk.approve(f"revocation:{order}") == "approved"


def test_people_see_the_letter_of_revocation_and_no_other(desk: Desk) -> None:
    """It is kept sealed, and the log says who read it."""
    order = awaiting_letter(desk, reason="we moved elsewhere")
    desk.letter(order, PNG, "Revoke")
    (kept,) = desk.store.read(lambda unit: unit.letters.where(certificate_id=order))
    assert b"PNG" not in kept.content

    shown = desk.operator("ShowReview", Id=f"revocation:{order}")
    assert shown["Order"]["Letter"]["Form"] == "PNG"
    assert shown["Order"]["RevocationReason"] == "unspecified"
    assert shown["Order"]["Said"] == "we moved elsewhere"
    masked = desk.console(desk.person(9, Role.AUDITOR), "ShowReview", Id=f"revocation:{order}")
    assert masked["Order"]["Said"] == "***"
    assert desk.operator("ShowReview", Id=f"order:{order}")["Order"]["Letter"] is None
    read = desk.operator("ReadLetter", Id=f"revocation:{order}")
    assert base64.b64decode(read["Content"]) == PNG
    assert desk.audit(order)[-1].detail == "read by operator"


def test_a_rejected_revocation_leaves_the_certificate_as_it_was(desk: Desk) -> None:
    """Its owner reads why, and may ask again with another letter."""
    order = awaiting_letter(desk)
    desk.letter(order, PDF, "Revoke")
    decided = desk.operator("RejectReview", Id=f"revocation:{order}", Reason="not signed")
    assert (decided["Verdict"], decided["Failed"]) == ("rejected", [])
    assert (desk.stands(order), desk.issuer.revoked) == ((1, "not signed"), {})
    logs = desk.call(desk.caller, "DescribeCertificateOperateLogs")["OperateLogs"]
    assert [one["Type"] for one in logs][:2] == ["cancelRevoke", "editRevokeLetter"]

    revoke(desk, order)
    desk.letter(order, PNG, "Revoke")
    assert desk.operator("ShowReview", Id=f"revocation:{order}")["Order"]["Letter"]["Form"] == "PNG"
    desk.approve_all()
    desk.take_on(order)
    assert desk.stands(order) == (10, None)


def test_whoever_asked_does_not_approve_the_revocation(desk: Desk) -> None:
    """Here: whoever sent the letter, by the name that the system vouches for."""
    order = awaiting_letter(desk)
    desk.caller = desk.named("Root")
    desk.letter(order, PDF, "Revoke")
    with pytest.raises(errors.InvalidParam, match="root requested it, so another person must"):
        desk.approve(f"revocation:{order}", ROOT)
    assert desk.approve(f"revocation:{order}", ANN) == "approved"


def test_one_person_is_enough_to_take_an_ev_certificate_back(tmp_path: Path) -> None:
    """Four eyes are for what is issued."""
    with Desk(tmp_path, rules_with(four_eyes=True)) as desk:
        order = desk.submit(EV)
        desk.approve("manager:1")
        desk.approve(f"order:{order}", ANN)
        desk.approve(f"order:{order}", BEN)
        desk.take_on(order)
        revoke(desk, order)
        desk.letter(order, PDF, "Revoke")
        assert desk.approve(f"revocation:{order}") == "approved"
        desk.take_on(order)
        assert desk.stands(order) == (10, None)


def test_a_desk_that_vets_nobody_takes_the_letter_for_the_deed(tmp_path: Path) -> None:
    """The letter is awaited all the same."""
    with Desk(tmp_path, rules_with(vetting_automatic=True)) as desk:
        order = awaiting_letter(desk)
        desk.take_on(order)
        assert desk.stands(order) == (12, None)
        desk.letter(order, PDF, "Revoke")
        desk.take_on(order)
        assert desk.stands(order) == (10, None)


def test_a_letter_that_does_not_come_in_three_days_is_awaited_no_longer(desk: Desk) -> None:
    """The certificate stays, with the reason."""
    order = awaiting_letter(desk)
    assert desk.take_on(order) == desk.clock.now() + timedelta(days=3)
    desk.clock.move(timedelta(days=3))
    desk.take_on(order)
    assert desk.stands(order) == (1, NO_LETTER)


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (b"%PDF-" + bytes(1018), errors.ConfirmLetterTooSmall),
        (b"%PDF-" + bytes(1_400 * 1024), errors.ConfirmLetterTooLarge),
        (bytes(2048), errors.InvalidFileType),
        (PDF[:-9], errors.InvalidFileType),
        (GIF, errors.InvalidFileType),
    ],
)
def test_a_letter_of_another_size_or_format_or_a_part_of_one_is_refused(
    desk: Desk, content: bytes, refused: type[Exception]
) -> None:
    """1 KB to 1.4 MB, JPG, PNG or PDF; the order waits on."""
    order = awaiting_letter(desk)
    with pytest.raises(refused):
        desk.letter(order, content, "Revoke")
    assert desk.stands(order) == (12, None)


def test_a_letter_of_revocation_is_taken_where_it_is_awaited_and_nowhere_else(
    desk: Desk, issued: str
) -> None:
    """The order says where it stands; people wait for it as well."""
    with pytest.raises(errors.InvalidCertificateStatusCode, match="status 1"):
        desk.letter(issued, PDF, "Revoke")
    with pytest.raises(errors.CertificateNotFound):
        desk.letter("AAAAAAAA", PDF, "Revoke")
    with pytest.raises(errors.ReviewNotFound, match="nobody asked to revoke it"):
        desk.approve(f"revocation:{issued}")
    revoke(desk, issued)
    with pytest.raises(errors.InvalidParam, match="must upload the letter of revocation first"):
        desk.approve(f"revocation:{issued}")


# --- why, and what is refused --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (None, Reason.UNSPECIFIED),
        ("", Reason.UNSPECIFIED),
        ("I do not need it any more", Reason.UNSPECIFIED),
        ("keyCompromise", Reason.KEY_COMPROMISE),
        ("Private key leaked", Reason.KEY_COMPROMISE),
        ("私钥泄露", Reason.KEY_COMPROMISE),
        ("my key is not compromised", Reason.UNSPECIFIED),
        ("cessation of operation", Reason.CESSATION_OF_OPERATION),
        ("SUPERSEDED", Reason.SUPERSEDED),
        ("affiliationChanged", Reason.AFFILIATION_CHANGED),
    ],
)
def test_the_reason_becomes_one_of_those_that_a_crl_knows(
    desk: Desk, said: str | None, meant: Reason
) -> None:
    """Set words count as a whole; all else is no reason."""
    order = issue(desk, DV)
    revoke(desk, order, said)
    desk.take_on(order)
    assert desk.stands(order) == (10, None)
    assert list(desk.issuer.revoked.values()) == [meant]


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("cACompromise", "a subscriber may not use cACompromise"),
        ("privilege withdrawn", "a subscriber may not use privilegeWithdrawn"),
        ("x" * 256, "takes at most 255 characters, not 256"),
        ("two\nlines", "must not contain control characters"),
    ],
)
def test_some_reasons_are_not_an_owners_to_give(
    desk: Desk, issued: str, said: str, rule: str
) -> None:
    """The certificate stays as it is."""
    with pytest.raises(errors.InvalidParam, match=rf"Reason: {rule}"):
        revoke(desk, issued, said)
    assert desk.stands(issued) == (1, None)


def test_a_certificate_is_revoked_once(desk: Desk, issued: str) -> None:
    """Before it is issued, while it is being revoked and afterwards it says where it stands."""
    waiting = desk.submit(DV)
    with pytest.raises(errors.InvalidCertificateStatusCode, match="status 0"):
        revoke(desk, waiting)
    revoke(desk, issued)
    with pytest.raises(errors.InvalidCertificateStatusCode, match="status 12"):
        revoke(desk, issued)
    desk.letter(issued, PDF, "Revoke")
    with pytest.raises(errors.InvalidCertificateStatusCode, match="status 9"):
        revoke(desk, issued)
    desk.approve_all()
    desk.take_on(issued)
    with pytest.raises(errors.InvalidCertificateStatusCode, match="status 10"):
        revoke(desk, issued)


def test_another_accounts_certificate_is_not_there(desk: Desk, issued: str) -> None:
    """As one that never was."""
    for order in (issued, "AAAAAAAA"):
        with pytest.raises(errors.CertificateNotFound):
            desk.call(desk.account(), "RevokeCertificate", CertificateId=order)


def test_an_ended_certificate_is_not_revoked(desk: Desk, issued: str) -> None:
    """Nobody trusts it any more, whether the desk has noticed yet or not."""
    desk.clock.move(timedelta(days=91))
    with pytest.raises(errors.RevokeFailed, match="The certificate ended at 2026-05-30"):
        revoke(desk, issued)
    desk.take_on(issued)
    with pytest.raises(errors.InvalidCertificateStatusCode, match="status 3"):
        revoke(desk, issued)


def test_an_uploaded_certificate_is_not_revoked(orderer: Client) -> None:
    """Its CA is elsewhere."""
    authority = chains.pem(chains.intermediate().certificate)
    uploaded = orderer.call(
        "UploadCertificate", CertificatePublicKey=authority, CertificateType="CA"
    )["CertificateId"]
    code, message = refusal(lambda: orderer.call("RevokeCertificate", CertificateId=uploaded))
    assert code == "FailedOperation.InvalidCertificateSource"
    assert message.endswith("The certificate was uploaded.")


def test_a_policy_decides_whose_certificates_a_user_revokes(proving: RunningDesk) -> None:
    """Here one that is not issued, and no other."""
    keys = proving.account()
    allowed, other = (proving.client(keys).buy() for _ in range(2))
    user = proving.user(keys)
    proving.bind(user, "allow", "ssl:RevokeCertificate", certificates=[allowed])
    client = proving.client(user.keys)

    def code(order: str) -> str:
        return refusal(lambda: client.call("RevokeCertificate", CertificateId=order))[0]

    assert code(allowed) == "FailedOperation.InvalidCertificateStatusCode"
    assert code(other) == "FailedOperation.AuthError"


@pytest.mark.parametrize(
    ("action", "given", "refused"),
    [
        ("RevokeCertificate", {}, "FailedOperation.AuthError"),
        (
            "UploadRevokeLetter",
            {"RevokeLetter": base64.b64encode(PDF).decode()},
            "FailedOperation.NoProjectPermission",
        ),
    ],
)
def test_a_project_that_is_denied_is_refused_as_the_vendor_lists_it(
    proving: RunningDesk, action: str, given: dict[str, str], refused: str
) -> None:
    """RevokeCertificate lists no code for projects."""
    keys = proving.account()
    order = proving.client(keys).buy()
    user = proving.user(keys, "ssl:*")
    proving.bind(user, "deny", "ssl:*", projects=[0])
    client = proving.client(user.keys)
    assert refusal(lambda: client.call(action, CertificateId=order, **given))[0] == refused


# --- the operator --------------------------------------------------------------------------------


@pytest.mark.parametrize("product", [DV, OV])
def test_the_operator_revokes_without_proof_and_letter(desk: Desk, product: int) -> None:
    """For any reason; it is noted in the log."""
    order = issue(desk, product)
    answer = desk.operator("RevokeOrder", CertificateId=order, Reason="privilegeWithdrawn")
    assert answer == {"CertificateId": order, "Status": 9, "CertificateIds": []}
    for validator in desk.validators.values():
        validator.verdicts.clear()
    desk.take_on(order)
    assert desk.stands(order) == (10, None)
    assert list(desk.issuer.revoked.values()) == [Reason.PRIVILEGE_WITHDRAWN]
    asked, done = desk.audit(order)[-2:]
    assert (asked.actor, asked.action, asked.detail) == (
        "operator",
        "RevokeOrder",
        "privilegeWithdrawn",
    )
    assert (done.actor, done.action) == ("desk", "Revoke")


def test_the_operator_does_not_wait_for_what_an_owner_has_begun(desk: Desk) -> None:
    """Whether a proof, a letter or people are awaited; nobody has to look any more."""
    begun = [issue(desk, product) for product in (DV, OV, OV)]
    for validator in desk.validators.values():
        validator.verdicts.clear()
    for order in begun:
        revoke(desk, order)
        desk.take_on(order)
    desk.letter(begun[2], PDF, "Revoke")
    assert [desk.stands(order)[0] for order in begun] == [9, 12, 9]

    for order in begun:
        desk.operator("RevokeOrder", CertificateId=order, Reason="keyCompromise")
        desk.take_on(order)
        assert desk.stands(order) == (10, None)
    assert desk.waiting == []
    assert set(desk.issuer.revoked.values()) == {Reason.KEY_COMPROMISE}


def test_the_operator_keeps_what_an_owner_wanted_revoked(desk: Desk) -> None:
    """Whether a proof, a letter or people are awaited; the owner reads why."""
    begun = [issue(desk, product) for product in (DV, OV, OV)]
    for validator in desk.validators.values():
        validator.verdicts.clear()
    for order in begun:
        revoke(desk, order)
        desk.take_on(order)
    desk.letter(begun[2], PDF, "Revoke")

    for order in begun:
        answer = desk.operator("KeepOrder", CertificateId=order, Reason=" a key was stolen ")
        assert answer == {"CertificateId": order, "Status": 1}
        desk.take_on(order)
        assert desk.stands(order) == (1, "a key was stolen")
        assert (desk.audit(order)[-1].actor, desk.audit(order)[-1].action) == (
            "operator",
            "CancelRevoke",
        )
    assert (desk.waiting, desk.issuer.revoked) == ([], {})


def test_the_operator_does_not_keep_what_may_be_revoked_at_any_moment(desk: Desk) -> None:
    """All names are proved, or it was granted: the CA may have been asked."""
    proved, granted = issue(desk, DV), issue(desk, OV)
    revoke(desk, proved)
    desk.validate(proved, "example.com")
    desk.operator("RevokeOrder", CertificateId=granted, Reason="superseded")
    for order in (proved, granted):
        with pytest.raises(errors.InvalidCertificateStatusCode, match="about to revoke"):
            desk.operator("KeepOrder", CertificateId=order, Reason="no")
        desk.take_on(order)
        with pytest.raises(errors.InvalidCertificateStatusCode, match="status 10"):
            desk.operator("KeepOrder", CertificateId=order, Reason="no")
    with pytest.raises(errors.CertificateNotFound):
        desk.operator("KeepOrder", CertificateId="AAAAAAAA", Reason="no")
    with pytest.raises(errors.InvalidParam, match="Reason: must contain a visible"):
        desk.operator("KeepOrder", CertificateId=proved, Reason=" ")


def test_the_operator_is_refused_what_cannot_be(desk: Desk, issued: str) -> None:
    """An unknown order, an unknown reason, one that has no certificate or whose is revoked."""
    with pytest.raises(errors.CertificateNotFound):
        desk.operator("RevokeOrder", CertificateId="AAAAAAAA", Reason="superseded")
    with pytest.raises(
        errors.InvalidParam, match="Reason: must be one of unspecified, keyCompromise"
    ):
        desk.operator("RevokeOrder", CertificateId=issued, Reason="bored")
    with pytest.raises(errors.InvalidCertificateStatusCode, match="status 0"):
        desk.operator("RevokeOrder", CertificateId=desk.submit(DV), Reason="superseded")
    desk.operator("RevokeOrder", CertificateId=issued, Reason="superseded")
    desk.take_on(issued)
    with pytest.raises(errors.InvalidCertificateStatusCode, match="status 10"):
        desk.operator("RevokeOrder", CertificateId=issued, Reason="superseded")
