"""A certificate moves from one account to another, as the operator decides."""

from __future__ import annotations

import base64
import dataclasses
import functools
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certdesk.bootstrap.housekeeping import retention_of
from certdesk.domain import errors
from certdesk.domain.accounts.policy import ALLOW, EVERYTHING, Grants, Policy
from certdesk.domain.orders.lifecycle import STATUS_NAMES, Status
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from certdesk.domain.vetting.records import Letter, Review
from certdesk.engine import Caller
from certdesk.ports import (
    COLLECTIONS,
    Place,
    Stale,
    Unit,
    Vault,
    VaultError,
    place_of,
    place_of_letter,
    place_of_submission,
)
from certdesk.settings import Settings
from certdesk.workflow.retention.identity_numbers import IdentityNumberRetention
from certdesk.workflow.retention.records import RecordRetention
from tests.actions.moving import NAME, OV, Desk
from tests.actions.submitting import ADMIN, COMPANY, IDENTITY, ORGANISATION, TECH
from tests.deliveries import members
from tests.papers import PDF
from tests.rules import rules_with
from tests.working import take_on

NOBODYS = "AAAAAAAA"
BY_TEXT: dict[str, Any] = COMPANY
YEAR = timedelta(days=365)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with two accounts, where no two of the orders need be more than a minute apart."""
    with Desk(tmp_path, rules_with(free_limit=2)) as opened:
        yield opened


def refused(error: type[errors.ServiceError], ask: Callable[[], object]) -> str:
    """Ask for what is to be refused; give what is said beside the recorded sentence."""
    with pytest.raises(error) as refusal:
        ask()
    return refusal.value.detail or ""


def stands(desk: Desk, order: str) -> tuple[str, int]:
    """Give account and status of an order."""
    kept = desk.order(order)
    return kept.uin, kept.status.value


# --- what may move -------------------------------------------------------------------------------


def expired(desk: Desk) -> str:
    """Let a certificate end."""
    order = desk.issued()
    desk.clock.move(YEAR)
    desk.take_on(order)
    return order


def revoked(desk: Desk) -> str:
    """Have a certificate revoked."""
    order = desk.issued()
    desk.operator("RevokeOrder", CertificateId=order, Reason="superseded")
    desk.take_on(order)
    return order


def free(desk: Desk, caller: Caller | None = None) -> str:
    """Apply for a free certificate, and have it issued."""
    asked = desk.call(
        caller or desk.old,
        "ApplyCertificate",
        DvAuthMethod="DNS",
        DomainName=NAME,
        CsrEncryptAlgo="ECC",
        CsrKeyParameter="prime256v1",
    )
    order = str(asked["CertificateId"])
    desk.take_on(order)
    assert desk.order(order).status == 1
    return order


@pytest.mark.parametrize(
    ("make", "status"),
    [(Desk.issued, 1), (expired, 3), (revoked, 10), (free, 1), (Desk.uploaded, 1)],
)
def test_what_is_issued_has_ended_or_was_revoked_moves(
    desk: Desk, make: Callable[[Desk], str], status: int
) -> None:
    """It stands at 15 until the desk's work has come to it, and then where it stood before."""
    order = make(desk)
    before = desk.order(order)
    assert before.status == status
    reply = desk.send(order)
    assert reply == {"CertificateId": order, "Uin": desk.new.uin, "Status": 15}
    assert stands(desk, order) == (desk.old.uin, 15)
    desk.take_on(order)
    assert stands(desk, order) == (desk.new.uin, status)
    after = desk.order(order)
    assert (after.number, after.deal_id, after.begins_at) == (
        before.number,
        before.deal_id,
        before.begins_at,
    )


def vetted_ov(desk: Desk) -> str:
    """Have an OV certificate issued."""
    return desk.issued(OV, **BY_TEXT)


def test_what_belongs_to_a_company_does_not_move(desk: Desk) -> None:
    """It is told what to do in its place."""
    order = vetted_ov(desk)
    assert refused(errors.InvalidParam, lambda: desk.send(order)) == (
        f"CertificateId: {order} is an OV certificate, which belongs to the company and the "
        f"manager of account {desk.old.uin}. Have them vetted in account {desk.new.uin} and "
        "order a new certificate there. Then revoke this one with certdesk order revoke."
    )


def test_who_is_named_has_to_be_there(desk: Desk) -> None:
    """The order, the account, and a reason that can be read."""
    order = desk.issued()
    refused(errors.CertificateNotFound, lambda: desk.send(NOBODYS))
    said = refused(errors.AccountNotFound, lambda: desk.send(order, "100000009999"))
    assert said == "There is no account 100000009999."
    said = refused(errors.InvalidParam, lambda: desk.send(order, desk.old.uin))
    assert said == f"Uin: {order} is already in account {desk.old.uin}."
    said = refused(errors.InvalidParam, lambda: desk.send(order, Reason="a\x1b[2J"))
    assert said == "Reason: must not contain control characters: U+001B."
    assert stands(desk, order) == (desk.old.uin, 1)


@pytest.mark.parametrize(
    ("status", "make"),
    [
        (5, lambda desk: desk.buy(desk.old)),
        (0, Desk.submit),
    ],
)
def test_what_is_not_issued_yet_does_not_move(
    desk: Desk, status: int, make: Callable[[Desk], str]
) -> None:
    """The refusal names where it stands and where it may stand."""
    order = make(desk)
    said = refused(errors.InvalidCertificateStatusCode, lambda: desk.send(order))
    assert said == (
        f"The order has status {status} ({STATUS_NAMES[Status(status)]}). You can move an "
        "order only while it has one of these statuses: 1 (Issued), 3 (Expired), 10 "
        "(Revoked)."
    )


def test_what_is_asked_back_does_not_move(desk: Desk) -> None:
    """Until the request has come to its end."""
    order = desk.issued()
    desk.call(desk.old, "RevokeCertificate", CertificateId=order)
    said = refused(errors.InvalidCertificateStatusCode, lambda: desk.send(order))
    assert said == (
        "The order has status 9 (Revoking). A request to revoke the certificate is in "
        "progress. Wait until it ends, or end it with certdesk order keep."
    )
    desk.operator("KeepOrder", CertificateId=order, Reason="it moves")
    assert desk.move(order).status == 1


def test_what_its_owner_said_stays_behind(desk: Desk) -> None:
    """Words of the old account are not the new one's: who looks at the order does not get them."""
    order = desk.issued()
    desk.call(desk.old, "RevokeCertificate", CertificateId=order, Reason="we sell the shop")
    desk.operator("KeepOrder", CertificateId=order, Reason="it moves")
    assert desk.order(order).owner_comment == "we sell the shop"
    assert desk.move(order).owner_comment == ""


def replaced(desk: Desk, order: str) -> str:
    """Ask for a reissue."""
    asked = desk.call(desk.old, "ReplaceCertificate", CertificateId=order, ValidType="DNS")
    return str(asked["CertificateId"])


def test_an_order_waits_for_its_successor(desk: Desk) -> None:
    """Which is named, and may be cancelled."""
    order = desk.issued()
    successor = replaced(desk, order)
    said = refused(errors.InvalidCertificateStatusCode, lambda: desk.send(order))
    assert said == (
        f"{successor}, which replaces it, has status 0 (Under review). Wait until it ends, "
        "or cancel it."
    )
    desk.call(desk.old, "CancelAuditCertificate", CertificateId=successor)
    assert desk.move(order).uin == desk.new.uin


def test_an_order_waits_for_what_it_takes_the_place_of(desk: Desk) -> None:
    """Be it that this is moving itself."""
    order = desk.issued()
    successor = replaced(desk, order)
    desk.take_on(successor)
    desk.send(order)
    said = refused(errors.InvalidCertificateStatusCode, lambda: desk.send(successor))
    assert said == (
        f"{order}, which it replaces, has status 15 (Migrating). Wait until it ends, or cancel it."
    )


def test_links_to_what_stays_behind_are_cut_on_both_sides(desk: Desk) -> None:
    """And nobody follows them from one account into the other."""
    order = desk.issued()
    given_up = replaced(desk, order)
    desk.call(desk.old, "CancelAuditCertificate", CertificateId=given_up)
    successor = replaced(desk, order)
    desk.take_on(successor)
    assert (desk.order(order).replaced_by, desk.order(successor).replaces) == (successor, order)

    moved = desk.move(order)
    others = [desk.order(successor), desk.order(given_up)]
    for each in (moved, *others):
        assert (each.replaces, each.replaced_by, each.renews, each.renewed_by) == (None,) * 4
    assert [each.uin for each in others] == [desk.old.uin] * 2
    assert desk.operator("CurrentOrder", CertificateId=order)["Order"]["CertificateId"] == order
    # It is the reissue of something that is paid for by others now.
    said = refused(
        errors.CertificateStatusNotAllowResubmit,
        lambda: desk.call(desk.old, "ModifyCertificateResubmit", CertificateId=given_up),
    )
    assert said.endswith("It is a reissue, so ask for another reissue.")


# --- while it moves ------------------------------------------------------------------------------

REFUSED: dict[str, tuple[type[errors.ServiceError], dict[str, object]]] = {
    "CancelAuditCertificate": (errors.CertificateNotFoundOrCantCancel, {}),
    "CancelCertificateOrder": (errors.InvalidCertificateStatusCode, {}),
    "CheckCertificateDomainVerification": (errors.CertificateStatusNotAllowVerify, {}),
    "CommitCertificateInformation": (errors.InvalidCertificateStatusCode, {}),
    "CompleteCertificate": (errors.FailedOperation, {}),
    "DeleteCertificate": (errors.InvalidCertificateStatusCode, {}),
    "DescribeDownloadCertificateUrl": (errors.CertificateStatusNotAllowDownload, {}),
    "DownloadCertificate": (errors.InvalidCertificateStatusCode, {}),
    "ModifyCertificateAlias": (errors.InvalidParam, {"Alias": "mine"}),
    "ModifyCertificateResubmit": (errors.CertificateStatusNotAllowResubmit, {}),
    "ReplaceCertificate": (errors.InvalidCertificateStatusCode, {"ValidType": "DNS"}),
    "RevokeCertificate": (errors.InvalidCertificateStatusCode, {}),
}
"""What refuses an order at 15, by the action's code for a status that does not do."""


@pytest.mark.parametrize("action", REFUSED)
def test_nothing_else_happens_to_an_order_on_its_way(desk: Desk, action: str) -> None:
    """It is refused as at every other status that does not do, and the move goes on."""
    order = desk.with_key()
    desk.send(order)
    before = desk.order(order)
    error, more = REFUSED[action]
    refused(error, lambda: desk.call(desk.old, action, CertificateId=order, **more))
    assert desk.order(order) == before
    desk.take_on(order)
    assert stands(desk, order) == (desk.new.uin, 1)


def test_an_uploaded_certificate_on_its_way_cannot_be_deleted(desk: Desk) -> None:
    """Though one can be anywhere else."""
    order = desk.uploaded()
    desk.send(order)
    delete = lambda: desk.call(desk.old, "DeleteCertificate", CertificateId=order)  # noqa: E731 -- a name keeps the call on one line
    said = refused(errors.InvalidCertificateStatusCode, delete)
    assert said.startswith("The order has status 15 (Migrating). You can delete it at ")


def test_projects_and_warnings_of_an_order_on_its_way_stay_as_they_are(desk: Desk) -> None:
    """The one action tells it in its list of what failed."""
    order = desk.issued()
    desk.send(order)
    reply = desk.call(desk.old, "ModifyCertificateProject", CertificateIdList=[order], ProjectId=0)
    assert reply == {"SuccessCertificates": [], "FailCertificates": [order]}
    said = refused(
        errors.FailedOperation,
        lambda: desk.call(
            desk.old,
            "ModifyCertificatesExpiringNotificationSwitch",
            CertificateIds=[order],
            SwitchStatus=1,
        ),
    )
    assert said == f"CertificateIds: {order} has status 15 (Migrating)."


def test_an_order_on_its_way_is_shown_in_the_old_account_without_its_key(desk: Desk) -> None:
    """By detail and by list, with the certificate; the new account has nothing yet."""
    order = desk.with_key()
    shown = desk.call(desk.old, "DescribeCertificateDetail", CertificateId=order)
    assert shown["CertificatePrivateKey"]
    desk.send(order)
    detail = desk.call(desk.old, "DescribeCertificateDetail", CertificateId=order)
    assert (detail["Status"], detail["StatusName"]) == (15, "Migrating")
    assert detail["CertificatePrivateKey"] is None
    assert detail["CertificatePublicKey"] == shown["CertificatePublicKey"]
    (row,) = desk.call(desk.old, "DescribeCertificates", CertificateStatus=[15])["Certificates"]
    assert (row["CertificateId"], row["StatusName"]) == (order, "Migrating")
    assert desk.call(desk.new, "DescribeCertificates")["TotalCount"] == 0
    told = desk.operator("ShowOrder", CertificateId=order)["Next"]
    assert told.startswith("The desk is moving the order to another account")


def test_a_certificate_that_ends_on_its_way_is_seen_to_have_ended_there(desk: Desk) -> None:
    """Moving comes first."""
    order = desk.issued()
    desk.send(order)
    desk.clock.move(YEAR)
    desk.take_on(order)
    assert stands(desk, order) == (desk.new.uin, 3)


def test_a_move_can_be_called_off_until_it_is_done(desk: Desk) -> None:
    """By naming the account where it is; another one is refused."""
    order = desk.with_key()
    before = desk.order(order)
    desk.send(order)
    said = refused(errors.InvalidCertificateStatusCode, lambda: desk.send(order))
    assert said == (
        f"The order has status 15 (Migrating) and is moving to account {desk.new.uin}. To "
        f"cancel the move, name account {desk.old.uin}."
    )
    assert desk.send(order, desk.old.uin)["Status"] == 1
    desk.take_on(order)
    after = desk.order(order)
    assert (after.uin, after.status, after.move) == (desk.old.uin, before.status, None)
    desk.call(desk.old, "DownloadCertificate", CertificateId=order)
    assert [each.detail for each in desk.audit(order) if each.action == "MoveOrder"] == [
        f"to {desk.new.uin}",
        f"from {desk.old.uin}",
        "called off",
    ]


# --- afterwards ----------------------------------------------------------------------------------


def key_in_zip(desk: Desk, caller: Caller, order: str) -> bytes:
    """Download a certificate; give the private key."""
    reply = desk.call(caller, "DownloadCertificate", CertificateId=order)
    files = members(base64.b64decode(reply["Content"]))
    return next(data for name, data in files.items() if name.endswith(f"2_{NAME}.key"))


@pytest.mark.parametrize("make", [Desk.with_key, Desk.uploaded])
def test_the_new_account_has_the_certificate_with_its_key(
    desk: Desk, make: Callable[[Desk], str]
) -> None:
    """The same key and the same certificate, by detail, download and list."""
    order = make(desk)
    before = desk.call(desk.old, "DescribeCertificateDetail", CertificateId=order)
    key = key_in_zip(desk, desk.old, order)
    desk.move(order)
    after = desk.call(desk.new, "DescribeCertificateDetail", CertificateId=order)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"OwnerUin"}
    assert after["OwnerUin"] == desk.new.uin
    assert key_in_zip(desk, desk.new, order) == key
    listed = [
        [row["CertificateId"] for row in desk.call(each, "DescribeCertificates")["Certificates"]]
        for each in (desk.old, desk.new)
    ]
    assert listed == [[], [order]]


def test_a_pass_phrase_and_the_desks_own_pass_word_move_too(desk: Desk) -> None:
    """So that key stores open as before."""
    mine, made = desk.with_key(KeyPass="12345678"), desk.with_key()
    before = pass_words(desk, desk.old, made)
    desk.move(mine)
    desk.move(made)
    assert pass_words(desk, desk.new, made) == before
    (submission,) = desk.submissions(mine)
    assert submission.key_pass is not None
    place = place_of_submission(submission, "key_pass")
    assert desk.vault.open(submission.key_pass, place).text() == "12345678"


def pass_words(desk: Desk, caller: Caller, order: str) -> set[bytes]:
    """Give the pass words of the key stores of a certificate."""
    reply = desk.call(caller, "DownloadCertificate", CertificateId=order)
    files = members(base64.b64decode(reply["Content"]))
    return {data for name, data in files.items() if name.endswith("keystorePass.txt")}


def test_nothing_of_it_opens_in_the_old_account_any_more(desk: Desk) -> None:
    """Each sealed value was sealed anew, for the place that it has now."""
    order = desk.with_key(KeyPass="12345678")
    desk.move(order)
    (submission,) = desk.submissions(order)
    certificate = desk.store.read(lambda unit: unit.certificates.get(order, 1))
    assert certificate is not None
    its = place_of_submission
    places = [
        (submission.personal, its(submission, "personal")),
        (submission.key_pass, its(submission, "key_pass")),
        (submission.private_key, its(submission, "private_key")),
        (certificate.archive_pass, place_of(certificate, "archive_pass")),
    ]
    for sealed, place in places:
        assert sealed is not None
        desk.vault.open(sealed, place)
        with pytest.raises(VaultError):
            desk.vault.open(sealed, Place(desk.old.uin, place.table, place.row, place.column))


STAYING = {"audit", "blocked_keys"}
"""Collections in which what was done or said stays where it was."""

ABOUT = {"certificate_id", "subject"}
"""The fields by which a record is a certificate's; one with neither is the account's."""


def test_every_record_that_names_certificate_and_account_moves(desk: Desk) -> None:
    """A new kind of record has to be handed over too, or named above."""
    order = vetted_like_everything(desk)
    owned = [spec for spec in COLLECTIONS if "uin" in spec.fields]
    moving = {spec.name for spec in owned if spec.fields.keys() & ABOUT} - STAYING
    assert {name for name, _ in of_order(desk, order, desk.old.uin)} == moving
    desk.move(order)
    assert of_order(desk, order, desk.old.uin) == []
    assert {name for name, _ in of_order(desk, order, desk.new.uin)} == moving
    shown = desk.operator("ShowReview", Id=f"order:{order}")
    told = shown["Questions"][0], shown["Notes"][0], shown["Attachments"][0]
    assert [told[0]["Answer"], told[1]["Text"], told[2]["Name"]] == [
        "Ann",
        "called",
        "register.pdf",
    ]
    read = desk.operator("ReadAttachment", Id=f"order:{order}", FileId=told[0]["Files"][0]["Id"])
    assert base64.b64decode(read["Content"]) == PDF


def vetted_like_everything(desk: Desk) -> str:
    """Have an order with a record of each kind, letters and reviews of it among them."""
    order = desk.with_key(AutoRenewFlag=1)
    review = Review(
        subject=f"order:{order}",
        uin=desk.old.uin,
        kind="order",
        since=desk.clock.now(),
        asked_by="operator",
    )
    desk.store.write(lambda unit: unit.reviews.add(review))
    file = {"Name": "register.pdf", "Content": base64.b64encode(PDF).decode()}
    asked = desk.operator("AskApplicant", Id=review.subject, Question="Who signs?")["QuestionId"]
    desk.console(desk.old, "AnswerQuestion", QuestionId=asked, Answer="Ann", Files=[file])
    desk.operator("AddNote", Id=review.subject, Note="called")
    desk.operator("AddAttachment", Id=review.subject, Name=file["Name"], File=file["Content"])
    done = replace(review, verdict="approved", decided_at=desk.clock.now())
    desk.store.write(lambda unit: unit.reviews.replace(done))
    desk.store.write(lambda unit: _add_letter(desk, unit, order))
    return order


def _add_letter(desk: Desk, unit: Unit, order: str) -> None:
    letter = Letter(
        certificate_id=order,
        attempt=1,
        kind="confirm",
        uin=desk.old.uin,
        form="PDF",
        size=4,
        sha256="",
        content=b"",
        uploaded_at=desk.clock.now(),
    )
    content = desk.vault.seal(Secret("%PDF"), place_of_letter(letter))
    unit.letters.add(replace(letter, content=content))


def of_order(desk: Desk, order: str, uin: str) -> list[tuple[str, Any]]:
    """Read every record of an account that speaks of an order, of the log apart."""

    def read(unit: Unit) -> list[tuple[str, Any]]:
        return [
            (spec.name, record)
            for spec in COLLECTIONS
            if "uin" in spec.fields and spec.name not in STAYING
            for record in unit.collection(spec).where(uin=uin)
            if order in repr(spec.values(record))
        ]

    return desk.store.read(read)


BY_ID = [
    *REFUSED,
    "DescribeCertificate",
    "DescribeCertificateDetail",
    "UploadConfirmLetter",
    "UploadRevokeLetter",
]
"""Actions of one order, of which the other account is told that there is none."""

MISSING = {
    "CancelAuditCertificate": errors.CertificateNotFoundOrCantCancel,
    "CompleteCertificate": errors.InvalidParam,
}
"""What says that there is none where it is not `CertificateNotFound`."""

LETTER = base64.b64encode(b"%PDF-1.7\n" + bytes(2048)).decode()
MORE: dict[str, dict[str, object]] = {
    "UploadConfirmLetter": {"ConfirmLetter": LETTER},
    "UploadRevokeLetter": {"RevokeLetter": LETTER},
}


@pytest.mark.parametrize("action", BY_ID)
def test_to_the_old_account_it_is_as_if_it_had_never_been(desk: Desk, action: str) -> None:
    """It is answered in the same words as for an id that nobody has."""
    order = desk.with_key()
    desk.move(order)
    more = MORE.get(action) or REFUSED.get(action, (None, {}))[1]
    error = MISSING.get(action, errors.CertificateNotFound)
    its, nobodys = (
        functools.partial(desk.call, desk.old, action, CertificateId=each, **more)
        for each in (order, NOBODYS)
    )
    assert refused(error, its) == refused(error, nobodys)


def test_no_link_leads_to_it_any_more_that_the_old_account_asked_for(desk: Desk) -> None:
    """Nor does one to its predecessor that asks for what is in force."""
    first = desk.with_key()
    order = replaced(desk, first)
    desk.take_on(order)
    assert desk.fetch(first, current=True) == desk.fetch(order)

    desk.send(order)
    refused(errors.CertificateStatusNotAllowDownload, lambda: desk.fetch(order))
    desk.take_on(order)
    refused(errors.CertificateNotFound, lambda: desk.fetch(order))
    assert desk.fetch(first, current=True) == desk.fetch(first)


def test_the_new_account_revokes_it(desk: Desk) -> None:
    """With a proof of its names, as its own."""
    order = desk.move(desk.with_key()).certificate_id
    desk.call(desk.new, "RevokeCertificate", CertificateId=order, Reason="superseded")
    desk.take_on(order)
    assert stands(desk, order) == (desk.new.uin, 10)


def test_the_new_account_reissues_it(desk: Desk) -> None:
    """Of the same material, in its own name."""
    order = desk.move(desk.with_key()).certificate_id
    asked = desk.call(desk.new, "ReplaceCertificate", CertificateId=order, ValidType="DNS")
    successor = str(asked["CertificateId"])
    desk.take_on(successor)
    assert stands(desk, successor) == (desk.new.uin, 1)
    assert key_in_zip(desk, desk.new, successor) == key_in_zip(desk, desk.new, order)


def test_material_that_named_a_company_by_its_id_has_its_data_in_the_new_account(
    desk: Desk,
) -> None:
    """So that it can be reissued there; of the other account's records nothing is named."""
    desk.issued(OV, **BY_TEXT)
    (company,) = desk.call(desk.old, "DescribeCompanies", Limit=10)["Companies"]
    ids = {"CompanyType": 2, "CompanyId": str(company["CompanyId"]), "ManagerId": "1"}
    order = desk.with_key(ContactEmail=None, **ids)
    assert desk.order(order).manager_id == 1
    desk.move(order)
    (submission,) = desk.submissions(order)
    assert (submission.company_id, submission.manager_id) == (None, None)
    assert desk.order(order).manager_id is None

    asked = desk.call(desk.new, "ReplaceCertificate", CertificateId=order, ValidType="DNS")
    desk.take_on(asked["CertificateId"])
    assert stands(desk, asked["CertificateId"]) == (desk.new.uin, 1)
    (own,) = desk.call(desk.new, "DescribeCompanies", Limit=10)["Companies"]
    assert own["CompanyId"] != company["CompanyId"]
    assert own["CompanyName"] == ORGANISATION["OrgOrganization"]
    (manager,) = desk.call(desk.new, "DescribeManagers", CompanyId=own["CompanyId"])["Managers"]
    shown = desk.call(desk.new, "DescribeManagerDetail", ManagerId=manager["ManagerId"])
    assert shown["ManagerMail"] == ADMIN["AdminEmail"]
    assert shown["ContactLastName"] == TECH["TechLastName"]


def test_a_person_is_found_where_the_material_is_now(desk: Desk) -> None:
    """And can be erased there."""
    order = desk.issued(**BY_TEXT)
    desk.move(order)
    mail = str(ADMIN["AdminEmail"])
    found = desk.operator("ExportPerson", By="email", Value=mail, Uin=desk.new.uin)["Records"]
    assert [(each["Record"], each["Uin"]) for each in found] == [(f"order:{order}/1", desk.new.uin)]
    left = desk.operator("ExportPerson", By="email", Value=mail, Uin=desk.old.uin)["Records"]
    assert order not in str(left)
    desk.operator("ErasePerson", By="email", Value=mail)
    gone = desk.operator("ExportPerson", By="email", Value=mail)
    assert (gone["Records"], gone["Unreadable"]) == ([], [])
    assert desk.call(desk.new, "DownloadCertificate", CertificateId=order)["Content"]


def test_a_person_whose_certificate_is_on_its_way_is_not_erased_yet(desk: Desk) -> None:
    """It is told to wait."""
    order = desk.issued(**BY_TEXT)
    desk.send(order)
    mail = str(ADMIN["AdminEmail"])
    said = refused(
        errors.PersonNeeded, lambda: desk.operator("ErasePerson", By="email", Value=mail)
    )
    assert f"order:{order} has status 15 (Migrating): wait until it ends." in said


def test_what_is_kept_for_a_time_goes_in_the_new_account_at_its_time(desk: Desk) -> None:
    """Identity numbers after 90 days, the material a year after the end of the certificate."""
    order = desk.issued(**(BY_TEXT | IDENTITY))
    desk.move(order)
    desk.clock.move(timedelta(days=90))
    IdentityNumberRetention(desk.store, desk.vault, desk.clock, kept=timedelta(days=90)).forget()
    (submission,) = desk.submissions(order)
    personal = desk.vault.open(submission.personal, place_of_submission(submission, "personal"))
    assert IDENTITY["AdminIdNumber"] not in personal.text()
    assert ADMIN["AdminPhone"] in personal.text()
    assert desk.audit(order)[-1].uin == desk.new.uin

    trimming = RecordRetention(desk.store, desk.clock, retention_of(Settings()))
    for years, kept in ((1, 1), (1, 0)):
        desk.clock.move(years * YEAR)
        desk.take_on(order)
        trimming.trim()
        assert len(desk.submissions(order)) == kept
    assert desk.audit(order)[-1].uin == desk.new.uin


def test_free_certificates_count_in_the_new_account_and_hinder_no_move(desk: Desk) -> None:
    """Two are the limit here, and three move; the old account has room again."""
    for _ in range(2):
        free(desk, desk.new)
    moved = free(desk)
    assert stands(desk, desk.move(moved).certificate_id) == (desk.new.uin, 1)
    said = refused(errors.ExceedsFreeLimit, lambda: free(desk, desk.new))
    assert said == "An account may have 2 at a time."
    for _ in range(2):
        free(desk)


def logged(desk: Desk, caller: Caller, order: str) -> list[tuple[str, str]]:
    """Read the operate log of an account on a certificate, oldest first."""
    logs = desk.call(caller, "DescribeCertificateOperateLogs", Limit=1000)["OperateLogs"]
    return [(each["Type"], each["Action"]) for each in reversed(logs) if each["CertId"] == order]


def test_each_account_has_one_row_of_it_and_is_not_told_of_the_other(desk: Desk) -> None:
    """What was done before stays in the log of the account that did it."""
    order = desk.with_key()
    before = logged(desk, desk.old, order)
    desk.send(order, Reason="the shop changes hands")
    assert (logged(desk, desk.old, order), logged(desk, desk.new, order)) == (before, [])
    desk.take_on(order)
    (out,) = logged(desk, desk.old, order)[len(before) :]
    (came,) = logged(desk, desk.new, order)
    assert out == (
        "transferOut",
        f"User [uin: --] hands over to another account certificate [id: {order}]",
    )
    assert came == (
        "transferIn",
        f"User [uin: --] takes over from another account certificate [id: {order}]",
    )
    assert [
        (each.uin, each.actor, each.action, each.detail)
        for each in desk.audit(order)
        if each.action.startswith("Move")
    ] == [
        (desk.old.uin, "operator", "MoveOrder", f"to {desk.new.uin}: the shop changes hands"),
        (desk.new.uin, "operator", "MoveOrder", f"from {desk.old.uin}: the shop changes hands"),
        (desk.old.uin, "desk", "MoveOut", f"to {desk.new.uin}"),
        (desk.new.uin, "desk", "MoveIn", f"from {desk.old.uin}"),
    ]


def test_a_user_of_the_old_account_with_policies_sees_no_rows_of_it(desk: Desk) -> None:
    """As of one that was deleted: its project is another account's now."""
    order, kept = desk.with_key(), desk.issued()
    policy = Policy(
        uin=desk.old.uin,
        name="project 0",
        effect=ALLOW,
        actions=("*",),
        projects=("0",),
        certificates=EVERYTHING,
        created_at=desk.clock.now(),
    )
    user = replace(desk.old, user_id=1, grants=Grants((policy,)))
    assert logged(desk, user, order)
    desk.move(order)
    assert logged(desk, user, order) == []
    assert logged(desk, user, kept)


# --- what is changed meanwhile -------------------------------------------------------------------


class InterruptedVault:
    """`ports.Vault` in whose work something else happens, once."""

    def __init__(self, vault: Vault, happens: Callable[[], object]) -> None:
        """Have it happen when something is sealed next."""
        self.new_keyset = vault.new_keyset
        self.open = vault.open
        self.describe = vault.describe
        self.fingerprint = vault.fingerprint
        self._seal = vault.seal
        self._happens: Callable[[], object] | None = happens

    def seal(self, value: Secret, place: Place) -> bytes:
        """Seal, after it."""
        happens, self._happens = self._happens, None
        if happens is not None:
            happens()
        return self._seal(value, place)


def take_on_while(desk: Desk, order: str, happens: Callable[[], object]) -> None:
    """Move a certificate while something else happens, between the reading and the writing."""
    parts = dataclasses.replace(desk.parts, vault=InterruptedVault(desk.vault, happens))
    engine = parts.order_engine(desk.validation_run, desk.ca.issuer)
    take_on(engine, desk.store, desk.clock, order)


def test_a_move_that_is_overtaken_moves_nothing(desk: Desk) -> None:
    """It is called off meanwhile."""
    order = desk.with_key()
    desk.send(order)
    with pytest.raises(Stale):
        take_on_while(desk, order, lambda: desk.send(order, desk.old.uin))
    desk.take_on(order)
    assert stands(desk, order) == (desk.old.uin, 1)
    assert key_in_zip(desk, desk.old, order)
    assert of_order(desk, order, desk.new.uin) == []


def test_material_that_is_changed_meanwhile_moves_as_it_is_then(desk: Desk) -> None:
    """Here its key is looked at by the slower checks."""
    order = desk.with_key()
    desk.send(order)
    (before,) = desk.submissions(order)
    change = replace(before, inspected=not before.inspected)
    with pytest.raises(Stale):
        take_on_while(
            desk, order, lambda: desk.store.write(lambda unit: unit.submissions.replace(change))
        )
    assert of_order(desk, order, desk.new.uin) == []
    desk.take_on(order)
    (after,) = desk.submissions(order)
    assert (after.uin, after.inspected) == (desk.new.uin, change.inspected)


def test_what_does_not_open_moves_not_at_all(desk: Desk) -> None:
    """The failure is the work's to note; nothing is lost, and it can be called off."""
    order = desk.with_key()
    (before,) = desk.submissions(order)
    broken = replace(before, key_pass=b"rubbish")
    desk.store.write(lambda unit: unit.submissions.replace(broken))
    desk.send(order)
    with pytest.raises(VaultError):
        desk.take_on(order)
    assert stands(desk, order) == (desk.old.uin, 15)
    assert desk.send(order, desk.old.uin)["Status"] == 1
