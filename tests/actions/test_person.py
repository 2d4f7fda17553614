"""Everything that is kept about one person: shown, and erased where it need not be kept."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certdesk.domain import errors
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from tests.actions.submitting import ADMIN, COMPANY, IDENTITY, PERSONAL, csr_for
from tests.inside import InsideDesk
from tests.papers import PDF
from tests.workflow.ordering import key

OV, LETTER_OV, DV, CFCA_OV = 14, 9, 104, 98
EMAIL, PHONE = str(ADMIN["AdminEmail"]), str(ADMIN["AdminPhone"])
NUMBER = IDENTITY["AdminIdNumber"]
ALL_OF_NING = ("Ning", "Huang", PHONE, EMAIL, "Head of operations", NUMBER)


class Desk(InsideDesk):
    """A desk with orders of a company, whose manager is Ning Huang."""

    def __init__(self, folder: Path) -> None:
        """Open the account."""
        super().__init__(folder)
        self.caller: Caller = self.account()
        for validator in self.validators.values():
            validator.verdicts["example.com"] = Verdict.PROVED

    def submit(self, product: int = CFCA_OV, **changes: object) -> str:
        """Buy an order, hand its material in and submit it to the CA."""
        bought = self.buy(self.caller, product)
        own = {"GenCsrType": "parse", "Csr": csr_for(key())}
        material = PERSONAL | (COMPANY if product != DV else {}) | IDENTITY | own | changes
        given = {name: value for name, value in material.items() if value is not None}
        self.call(self.caller, "CertificateInfoSubmit", CertId=bought, **given)
        self.call(self.caller, "CertificateOrderSubmit", CertId=bought)
        return bought

    def issue(self, product: int = CFCA_OV, **changes: object) -> str:
        """Take an order to its certificate."""
        order = self.submit(product, **changes)
        for each in self.operator("ListReviews")["Reviews"]:
            self.operator("ApproveReview", Id=each["Id"])
        self.take_on(order)
        assert self.order(order).status.value == 1
        return order

    def export(self, value: str = EMAIL, by: str = "email") -> dict[str, Any]:
        """Show what is kept about a person."""
        return self.operator("ExportPerson", By=by, Value=value)

    def erase(self, value: str = EMAIL, by: str = "email") -> dict[str, Any]:
        """Erase a person."""
        return self.operator("ErasePerson", By=by, Value=value)

    def shown(self, order: str) -> str:
        """Read an order and its people as the API shows them."""
        detail = self.call(self.caller, "DescribeCertificateDetail", CertificateId=order)
        managers = self.call(self.caller, "DescribeManagers", CompanyId=1)
        manager = self.call(self.caller, "DescribeManagerDetail", ManagerId=1)
        return json.dumps([detail, managers, manager])

    def reopen(self, order: str) -> dict[str, Any]:
        """Open a cancelled order again; return what it shows of its material."""
        self.call(self.caller, "ModifyCertificateResubmit", CertificateId=order)
        detail = self.call(self.caller, "DescribeCertificateDetail", CertificateId=order)
        return dict(detail["SubmittedData"])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where people vet."""
    with Desk(tmp_path) as opened:
        yield opened


def places(reply: dict[str, Any]) -> list[tuple[str, str]]:
    """Give records and roles of an export."""
    return [(each["Record"], each["Role"]) for each in reply["Records"]]


@pytest.mark.parametrize(
    ("by", "value"),
    [("email", EMAIL.upper()), ("phone", f"+86 {PHONE}"), ("identity", NUMBER.lower())],
)
def test_a_person_is_shown_wherever_they_stand(desk: Desk, by: str, value: str) -> None:
    """As manager of a company and in the material, whole but for the identity number."""
    order = desk.submit()
    reply = desk.export(value, by)
    assert places(reply) == [("manager:1", "manager"), (f"order:{order}/1", "manager")]
    for record in reply["Records"]:
        assert (record["Uin"], record["Since"]) == (desk.caller.uin, "2026-03-01T12:00:00Z")
        assert record["Data"] == {
            "FirstName": "Ning",
            "LastName": "Huang",
            "Position": "Head of operations",
            "Phone": PHONE,
            "Mail": EMAIL,
            "IdType": "HZ",
            "IdNumber": "*****4567",
        }


def test_reading_what_is_kept_leaves_a_row_without_the_value(desk: Desk) -> None:
    """In the account's log, or the desk's where nothing was found."""
    order = desk.submit()
    reply = desk.export()
    (row,) = desk.audit(f"person:{reply['Person']}")
    assert (row.action, row.actor, row.uin) == ("ExportPerson", "operator", desk.caller.uin)
    assert row.detail == f"manager:1, order:{order}/1"

    nobody = desk.export("nobody@example.com")
    (row,) = desk.audit(f"person:{nobody['Person']}")
    assert (nobody["Records"], row.uin, row.detail) == ([], "", "nothing found")
    assert nobody["Person"] != reply["Person"]


def test_of_a_person_who_is_erased_nothing_is_shown_any_more(desk: Desk) -> None:
    """Not by the API, not by another of their values; the other people stay."""
    order = desk.issue()
    assert all(value in desk.shown(order) for value in ("Ning", "Huang", EMAIL))
    erased = desk.erase()
    assert [tuple(each.values()) for each in erased["Erased"]] == [
        ("manager:1", "manager"),
        (f"order:{order}/1", "manager"),
    ]
    assert not [value for value in ALL_OF_NING if value in desk.shown(order)]
    assert "Ming" in desk.shown(order)
    for by, value in (("email", EMAIL), ("phone", PHONE), ("identity", NUMBER)):
        assert desk.export(value, by)["Records"] == []


def test_of_an_order_that_is_opened_again_what_was_not_theirs_is_shown(desk: Desk) -> None:
    """The material of a cancelled order is kept, without the person."""
    desk.issue()
    cancelled = desk.submit()
    desk.call(desk.caller, "CancelAuditCertificate", CertificateId=cancelled)
    desk.erase()
    shown = desk.reopen(cancelled)
    assert not [value for value in ALL_OF_NING if value in json.dumps(shown)]
    assert (shown["AdminFirstName"], shown["AdminPhoneNum"]) == ("", "")
    assert (shown["OrganizationName"], shown["ContactFirstName"]) == ("Example Trading Ltd", "Ming")


def test_what_has_to_stay_is_told_with_the_reason(desk: Desk) -> None:
    """The certificate is as good as before, and the log has a hash in the person's place."""
    order = desk.issue()
    erased = desk.erase()
    kept = {each["Record"]: each["What"] for each in erased["Kept"]}
    assert kept == {
        f"order:{order}": "CSR and certificate",
        "manager:1": "number and times of vetting",
        "audit": "what was done, by record",
    }
    assert all(each["Why"] for each in erased["Kept"])
    (certificate,) = desk.store.read(lambda unit: unit.certificates.where(certificate_id=order))
    assert certificate.leaf
    (row,) = desk.audit(f"person:{erased['Person']}")
    assert (row.action, row.detail) == ("ErasePerson", f"manager:1, order:{order}/1")


def test_a_manager_who_is_erased_vets_no_further_order(desk: Desk) -> None:
    """And the same data handed in again is somebody new, whom people vet."""
    desk.issue()
    desk.erase()
    listed = desk.call(desk.caller, "DescribeManagers", CompanyId=1)["Managers"]
    assert [(each["ManagerId"], each["Status"]) for each in listed] == [(1, "invalid")]

    again = desk.submit()
    assert desk.order(again).manager_id == 2
    assert [each["Id"] for each in desk.operator("ListReviews")["Reviews"]] == [
        "manager:2",
        f"order:{again}",
    ]


def test_a_manager_who_is_erased_is_vetted_by_nobody_again(desk: Desk) -> None:
    """Nobody could tell who it is: what needs one needs another, and says so."""
    order = desk.issue()
    cancelled = desk.submit()
    desk.call(desk.caller, "CancelAuditCertificate", CertificateId=cancelled)
    desk.erase()

    with pytest.raises(errors.IllegalManagerStatus, match="1 was erased"):
        desk.call(desk.caller, "SubmitAuditManager", ManagerId=1)
    with pytest.raises(errors.OrderReplaceFailed, match="manager 1 was erased"):
        desk.call(desk.caller, "ReplaceCertificate", CertificateId=order, ValidType="DNS")
    with pytest.raises(errors.InvalidParam, match="manager 1 was erased"):
        desk.submit(ManagerId="1")
    desk.call(desk.caller, "ModifyCertificateResubmit", CertificateId=cancelled)
    with pytest.raises(errors.InvalidParam, match="manager 1 was erased"):
        desk.call(desk.caller, "CertificateOrderSubmit", CertId=cancelled)
    assert desk.operator("ListReviews")["Reviews"] == []


def test_the_desk_tells_why_it_renews_nothing_for_a_manager_who_is_erased(desk: Desk) -> None:
    """It warns, as of every certificate that ends without a successor."""
    order = desk.issue(AutoRenewFlag=1)
    ends_at = desk.order(order).ends_at
    desk.erase()
    assert ends_at is not None
    desk.clock.move(ends_at - timedelta(days=10) - desk.clock.now())
    desk.renewing.round()
    told = desk.operator("ShowOrder", CertificateId=order)["Next"]
    assert "manager 1 was erased" in told


def test_the_contact_goes_without_the_manager(desk: Desk) -> None:
    """Whose vetting stays good."""
    order = desk.issue()
    desk.erase("13112345678", "phone")
    assert "Ning" in desk.shown(order)
    assert "Ming" not in desk.shown(order)
    listed = desk.call(desk.caller, "DescribeManagers", CompanyId=1)["Managers"]
    assert [each["Status"] for each in listed] == ["ok"]


def test_nobody_is_erased_whom_an_order_under_way_needs(desk: Desk) -> None:
    """The refusal names each order and review, and what to do first; nothing is changed."""
    order = desk.submit()
    with pytest.raises(errors.PersonNeeded) as refused:
        desk.erase()
    assert "manager:1 waits for its review. Approve or reject it first." in str(refused.value)
    assert f"order:{order} has status 0 (Under review): cancel" in str(refused.value)
    assert len(desk.export()["Records"]) == 2

    desk.call(desk.caller, "CancelAuditCertificate", CertificateId=order)
    desk.operator("RejectReview", Id="manager:1", Reason="gone")
    desk.erase()
    assert desk.export()["Records"] == []


def test_a_certificate_is_reissued_after_its_contact_was_erased(desk: Desk) -> None:
    """The desk goes on with what it has; nobody is written to any more."""
    order = desk.issue(DV, ContactEmail=EMAIL)
    desk.erase()
    again = desk.call(desk.caller, "ReplaceCertificate", CertificateId=order, ValidType="DNS")
    desk.take_on(again["CertificateId"])
    assert desk.order(again["CertificateId"]).status.value == 1
    assert desk.export()["Records"] == []


def test_material_that_is_not_in_force_any_more_goes_at_once(desk: Desk) -> None:
    """Another handing-in has taken its place, with other people."""
    order = desk.buy(desk.caller, DV)
    for mail in (EMAIL, "other@example.com"):
        own = {"GenCsrType": "parse", "Csr": csr_for(key()), "ContactEmail": mail}
        given = {k: v for k, v in (PERSONAL | own).items() if v is not None}
        desk.call(desk.caller, "CertificateInfoSubmit", CertId=order, **given)
    erased = desk.erase()
    assert [tuple(each.values()) for each in erased["Erased"]] == [
        (f"order:{order}/1", "contact address")
    ]
    with pytest.raises(errors.PersonNeeded, match="send other material"):
        desk.erase("other@example.com")


def test_letters_go_with_the_people_of_their_order(desk: Desk) -> None:
    """They bear names and signatures; an export tells of them."""
    order = desk.submit(LETTER_OV)
    letter = base64.b64encode(PDF).decode()
    desk.call(desk.caller, "UploadConfirmLetter", CertificateId=order, ConfirmLetter=letter)
    assert [(each["Record"], each["Form"]) for each in desk.export()["Letters"]] == [
        (f"order:{order}", "PDF")
    ]
    desk.operator("RejectReview", Id="manager:1", Reason="unknown")
    assert {"Record": f"order:{order}", "What": "letter (confirm)"} in desk.erase()["Erased"]
    assert desk.store.read(lambda unit: unit.letters.where()) == []


def test_a_reason_that_names_the_person_is_taken_back(desk: Desk) -> None:
    """Where it is shown; the log, which is never changed, is told of."""
    order = desk.submit()
    reason = f"{EMAIL} does not answer"
    desk.operator("RejectReview", Id="manager:1", Reason=reason)
    texts = desk.export()["Texts"]
    assert {(each["What"], each["Text"]) for each in texts if each["Text"] == reason} == {
        ("reason of its review", reason),
        ("its StatusMsg", reason),
    }
    erased = desk.erase()
    assert EMAIL not in desk.shown(order)
    assert EMAIL not in json.dumps(desk.operator("ShowReview", Id="manager:1"))
    assert [each["What"] for each in erased["Kept"]].count("its text") == 2


def test_a_reason_why_a_certificate_is_kept_is_taken_back_too(desk: Desk) -> None:
    """Of the request to revoke it, which somebody rejected, and of the order."""
    order = desk.issue()
    desk.call(desk.caller, "RevokeCertificate", CertificateId=order)
    letter = base64.b64encode(PDF).decode()
    desk.call(desk.caller, "UploadRevokeLetter", CertificateId=order, RevokeLetter=letter)
    subject = f"revocation:{order}"
    desk.operator("RejectReview", Id=subject, Reason=f"{EMAIL} says no")
    desk.erase()
    assert EMAIL not in desk.shown(order)
    assert desk.operator("ShowReview", Id=subject)["Reason"] == "(erased)"
    assert {each["What"] for each in desk.export()["Texts"]} == {"its text"}


def test_an_owners_words_that_name_the_person_are_taken_back(desk: Desk) -> None:
    """Those of a request that was given up as well."""
    order = desk.issue()
    said = f"{EMAIL} has left us"
    desk.call(desk.caller, "RevokeCertificate", CertificateId=order, Reason=said)
    desk.operator("KeepOrder", CertificateId=order, Reason="not so")
    where = {"Record": f"order:{order}", "What": "the comment of its owner"}
    assert {**where, "Uin": desk.caller.uin, "Text": said} in desk.export()["Texts"]
    assert where in desk.erase()["Erased"]
    assert EMAIL not in json.dumps(desk.operator("ShowReview", Id=f"order:{order}"))


def test_the_telephone_of_the_organisation_is_a_persons_too_if_it_is_theirs(desk: Desk) -> None:
    """It goes from the company and from the material; the organisation's name stays."""
    mine = {"OrgPhoneArea": None, "OrgPhoneNumber": PHONE}
    order = desk.issue(OV, **{**mine, "OrgPhoneArea": "86"})
    assert ("company:1", "organisation's telephone") in places(desk.export(PHONE, "phone"))
    desk.erase(PHONE, "phone")
    assert desk.export(PHONE, "phone")["Records"] == []
    companies = desk.call(desk.caller, "DescribeCompanies")["Companies"]
    assert [each["CompanyName"] for each in companies] == ["Example Trading Ltd"]
    assert companies[0]["CompanyPhone"] is None
    assert "Example Trading Ltd" in desk.shown(order)


def test_only_one_accounts_data_is_looked_at_where_one_is_named(desk: Desk) -> None:
    """An account that is not there is refused, not taken for one without data."""
    desk.submit()
    other = desk.account()
    own = desk.operator("ExportPerson", By="email", Value=EMAIL, Uin=other.uin)
    assert own["Records"] == []
    with pytest.raises(errors.AccountNotFound):
        desk.operator("ErasePerson", By="email", Value=EMAIL, Uin="1")


def test_a_user_who_is_named_by_an_address_is_shown_and_stays(desk: Desk) -> None:
    """Keys hang on it; what to do instead is told."""
    user = desk.operator("AddUser", Uin=desk.caller.uin, Name=EMAIL)["UserId"]
    (record,) = desk.export()["Records"]
    assert (record["Record"], record["Role"], record["Data"]["Mail"]) == (
        f"user:{user}",
        "user",
        EMAIL,
    )
    kept = {each["Record"]: each["Why"] for each in desk.erase()["Kept"]}
    assert f"certdesk user disable {user}" in kept[f"user:{user}"]


@pytest.mark.parametrize(("by", "value"), [("name", "Ning"), ("phone", " "), ("email", "a\nb")])
def test_what_nobody_can_be_known_by_is_refused(desk: Desk, by: str, value: str) -> None:
    """Without repeating it: it may be an identity number under a wrong name."""
    with pytest.raises(errors.InvalidParam) as refused:
        desk.export(value, by)
    assert "Ning" not in str(refused.value)


def test_a_record_that_does_not_open_is_named(desk: Desk) -> None:
    """It may hold more about the person; everything else is shown."""
    first, second = desk.submit(), desk.submit()
    submission = desk.submissions(first)[0]

    def alter(unit: Any) -> None:  # noqa: ANN401 -- a unit of the store
        altered = replace(submission, personal=submission.personal[::-1])
        unit.submissions.replace(altered)

    desk.store.write(alter)
    reply = desk.export()
    assert reply["Unreadable"] == [f"order:{first}/1"]
    assert places(reply) == [("manager:1", "manager"), (f"order:{second}/1", "manager")]
