"""What people vet, in which order, what comes of it, and how long it is good."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.domain import errors
from tests.actions.submitting import COMPANY, PERSONAL, csr_for
from tests.actions.vetting import ANN, BEN, DV, EV, LETTER_OV, OPS, OV, ROOT, WOTRUS_OV, Desk
from tests.papers import GIF, PDF, PNG, pdf
from tests.rules import rules_with
from tests.workflow.ordering import key


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where people vet."""
    with Desk(tmp_path) as opened:
        yield opened


def test_an_order_is_issued_when_what_waits_is_approved_in_the_order_of_the_list(
    desk: Desk,
) -> None:
    """The manager, then the order, whose StatusMsg tells how far it is."""
    order = desk.submit()
    assert desk.waiting == ["manager:1", f"order:{order}"]
    assert desk.stands(order) == (0, "PRE-REVIEWING")
    assert desk.approve("manager:1") == "approved"
    assert desk.stands(order) == (0, "LEGAL-REVIEWING")
    desk.take_on(order)
    assert desk.issuer.asked == []

    assert desk.approve(f"order:{order}") == "approved"
    assert desk.stands(order) == (0, "PENDING-DCV")
    desk.take_on(order)
    assert desk.stands(order) == (1, None)
    assert desk.waiting == []


def test_the_subject_is_the_vetted_organisation_without_its_division(desk: Desk) -> None:
    """Country, region, city and name: the unit of the CSR and OrgDivision are nowhere."""
    order = desk.submit()
    desk.approve_all()
    desk.take_on(order)

    subject = desk.issuer.asked[0][0].subject
    assert (subject.country, subject.region) == ("CN", "Beijing")
    assert (subject.locality, subject.organisation) == ("Beijing", "Example Trading Ltd")
    assert str(COMPANY["OrgDivision"]) not in repr(subject)


def test_an_order_is_not_approved_before_its_manager(desk: Desk) -> None:
    """The refusal says what comes first."""
    order = desk.submit()
    with pytest.raises(errors.InvalidParam, match="approve manager:1 first"):
        desk.approve(f"order:{order}")


def test_what_is_approved_once_more_stays_as_it_is(desk: Desk) -> None:
    """Whoever goes through a list that somebody else has worked on meets no error."""
    order = desk.submit()
    desk.approve_all()
    before = desk.audit(order)

    assert desk.approve("manager:1") == "approved"
    assert desk.approve(f"order:{order}") == "approved"
    assert desk.audit(order) == before


def test_a_second_order_of_the_same_company_needs_nobody_for_398_days(desk: Desk) -> None:
    """And on the 399th it does."""
    first = desk.submit()
    desk.approve_all()
    desk.clock.move(timedelta(days=397))
    second = desk.submit()
    assert (desk.stands(second), desk.waiting) == ((0, "PENDING-DCV"), [])

    desk.clock.move(timedelta(days=2))
    third = desk.submit()
    assert desk.stands(third) == (0, "PRE-REVIEWING")
    assert desk.waiting == ["manager:1", f"order:{third}"]
    assert first != second != third


def test_a_rejected_manager_fails_its_orders_with_the_reason(desk: Desk) -> None:
    """Opened again and submitted, it is sent to be vetted once more."""
    order = desk.submit()
    decided = desk.operator("RejectReview", Id="manager:1", Reason="no such number")
    assert decided["Failed"] == [order]
    assert (desk.stands(order), desk.waiting) == ((2, "no such number"), [])
    with pytest.raises(errors.InvalidParam, match="it was already rejected"):
        desk.approve("manager:1")

    desk.call(desk.caller, "ModifyCertificateResubmit", CertificateId=order)
    desk.call(desk.caller, "CertificateOrderSubmit", CertId=order)
    assert desk.waiting == ["manager:1", f"order:{order}"]


def test_a_manager_that_is_rejected_when_vetted_once_more_fails_what_relies_on_it(
    desk: Desk,
) -> None:
    """At once, with the reason, though only the names are awaited; not what the CA has begun."""
    begun = desk.submit()
    desk.approve_all()
    proved, unproved = desk.submit(), desk.submit()
    while not desk.store.read(lambda unit: unit.issuances.where(certificate_id=begun)):
        desk.step(begun)
    desk.caa.refused["example.com"] = "CAA records forbid it."
    desk.take_on(proved)
    desk.caa.refused.clear()
    assert desk.stands(proved) == (0, "WAIT-ISSUE")
    assert desk.stands(unproved) == (0, "PENDING-DCV")
    desk.call(desk.caller, "VerifyManager", ManagerId=1)
    decided = desk.operator("RejectReview", Id="manager:1", Reason="has left")

    assert decided["Failed"] == [proved, unproved]
    for order in (proved, unproved):
        assert desk.stands(order) == (2, "has left")
        assert desk.audit(order)[-1].detail == "manager:1 rejected by operator: has left"
    desk.take_on(begun)
    assert desk.stands(begun) == (1, None)


@pytest.mark.parametrize("how", ["rejected", "too old"])
def test_nothing_is_signed_for_an_organisation_whose_vetting_has_ended(
    tmp_path: Path, how: str
) -> None:
    """Also where the certificate was written before, and only its signature is missing."""
    with Desk(tmp_path, private_ca=True) as desk:
        order = desk.submit()
        desk.approve_all()
        if how == "too old":
            desk.clock.move(timedelta(days=398, seconds=-1))
            order = desk.submit()
        while not desk.store.read(lambda unit: unit.issuances.where(certificate_id=order)):
            desk.step(order)
        if how == "too old":
            desk.clock.move(timedelta(seconds=2))
        else:
            desk.call(desk.caller, "VerifyManager", ManagerId=1)
            desk.operator("RejectReview", Id="manager:1", Reason="has left")
        desk.take_on(order)
        assert desk.stands(order) == (2, "the vetting of its organisation has expired")
        assert desk.store.read(lambda unit: unit.certificates.count()) == 0


def test_a_rejected_order_fails_alone(desk: Desk) -> None:
    """Its manager stays vetted."""
    order = desk.submit()
    desk.approve("manager:1")
    desk.operator("RejectReview", Id=f"order:{order}", Reason="not ours")
    assert desk.stands(order) == (2, "not ours")
    assert desk.stands(desk.submit()) == (0, "PENDING-DCV")


def test_an_ev_order_wants_four_eyes_where_the_desk_does(tmp_path: Path) -> None:
    """Of two users of the system: the same one twice is refused."""
    with Desk(tmp_path, rules_with(four_eyes=True)) as desk:
        order = desk.submit(EV)
        desk.approve("manager:1")
        assert desk.approve(f"order:{order}", ANN) is None
        assert desk.stands(order) == (0, "CA-REVIEWING")
        with pytest.raises(errors.InvalidParam, match="a second person must"):
            desk.approve(f"order:{order}", ANN)
        assert desk.stands(order) == (0, "CA-REVIEWING")
        assert desk.approve(f"order:{order}", BEN) == "approved"
        assert desk.stands(order) == (0, "PENDING-DCV")


@pytest.mark.parametrize("action", ["ApproveReview", "RejectReview", "ReadLetter"])
def test_nobody_types_the_name_of_a_reviewer(desk: Desk, action: str) -> None:
    """It is the user of the system, by the name that the system has for it, or by its number."""
    desk.submit()
    given = {"Reason": "no"} if action == "RejectReview" else {}
    with pytest.raises(errors.UnknownParameter, match="Reviewer"):
        desk.operator_as(ANN, action, Id="manager:1", Reviewer="ben", **given)
    desk.approve("manager:1", ROOT)
    desk.operator_as(ANN, "RejectReview", Id=desk.waiting[0], Reason="no")
    told = [each["Detail"] for each in desk.operator("ListDecisions")["Decisions"]]
    assert f"rejected by uid {ANN}: no" in told[0]
    assert "manager:1 approved by root (uid 0), attempt " in told[1]


def test_nobody_approves_who_had_a_hand_in_the_order(desk: Desk) -> None:
    """Not whoever handed in, submitted, or sent the letter, though another one did the last."""
    account = desk.caller
    ann, ben, eve = (desk.named(name) for name in (f"uid {ANN}", f"UID{BEN}", "Root"))
    order = desk.buy(account, LETTER_OV)
    material = {k: v for k, v in (PERSONAL | COMPANY).items() if v is not None}
    own = {"GenCsrType": "parse", "Csr": csr_for(key())}
    desk.call(ann, "CertificateInfoSubmit", CertId=order, **(material | own))
    desk.call(ben, "CertificateOrderSubmit", CertId=order)
    desk.caller = eve
    desk.letter(order, PDF)
    desk.approve("manager:1", OPS)
    for uid, name in ((ANN, f"uid {ANN}"), (BEN, f"uid {BEN}"), (ROOT, "root")):
        with pytest.raises(errors.InvalidParam, match=f"{name} requested it"):
            desk.approve(f"order:{order}", uid)
    assert desk.approve(f"order:{order}", OPS) == "approved"


def test_a_desk_may_vet_nobody(tmp_path: Path) -> None:
    """The setting is for those who know their users."""
    with Desk(tmp_path, rules_with(vetting_automatic=True)) as desk:
        order = desk.submit()
        assert (desk.waiting, desk.stands(order)) == ([], (0, "PENDING-DCV"))
        desk.take_on(order)
        assert desk.stands(order) == (1, None)


def test_a_product_with_a_letter_waits_for_it(desk: Desk) -> None:
    """Then for people, as every other; they can read it."""
    order = desk.submit(LETTER_OV)
    assert desk.stands(order)[0] == 8
    with pytest.raises(errors.InvalidParam, match="must upload the letter of confirmation first"):
        desk.approve(f"order:{order}")

    assert desk.letter(order, PDF) == {"CertificateId": order, "IsSuccess": True}
    assert desk.stands(order)[0] == 0
    desk.approve_all()
    desk.take_on(order)
    assert desk.stands(order) == (1, None)


def test_a_letter_is_looked_at_though_the_manager_is_vetted(desk: Desk) -> None:
    """What the product asks a letter for is seen by somebody; without one an order needs nobody."""
    desk.submit()
    desk.approve_all()
    order = desk.submit(LETTER_OV)
    desk.letter(order, PDF)
    assert (desk.stands(order), desk.waiting) == ((0, "LEGAL-REVIEWING"), [f"order:{order}"])
    desk.take_on(order)
    assert desk.issuer.asked == []

    desk.operator("RejectReview", Id=f"order:{order}", Reason="not signed")
    assert desk.stands(order) == (2, "not signed")


def test_a_letter_is_looked_at_by_nobody_where_nothing_is(tmp_path: Path) -> None:
    """With `vetting.automatic` it only has to be there."""
    with Desk(tmp_path, rules_with(vetting_automatic=True)) as desk:
        order = desk.submit(LETTER_OV)
        desk.letter(order, PDF)
        assert (desk.stands(order), desk.waiting) == ((0, "PENDING-DCV"), [])


def test_a_letter_is_kept_sealed_and_read_by_whoever_vets(desk: Desk) -> None:
    """And the log says who read it."""
    order = desk.submit(LETTER_OV)
    desk.letter(order, PDF)
    (kept,) = desk.store.read(lambda unit: unit.letters.where(certificate_id=order))
    assert b"%PDF" not in kept.content

    read = desk.operator("ReadLetter", Id=f"order:{order}")
    assert (read["Form"], base64.b64decode(read["Content"])) == ("PDF", PDF)
    assert desk.audit(order)[-1].action == "ReadLetter"


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"%PDF-" + bytes(1018), errors.ConfirmLetterTooSmall),
        (b"%PDF-" + bytes(1_400 * 1024), errors.ConfirmLetterTooLarge),
        (bytes(2048), errors.InvalidConfirmLetterFormat),
        (PNG[:-9], errors.InvalidConfirmLetterFormat),
        (pdf(b"<</S /Launch /F (x)>>"), errors.InvalidConfirmLetterFormat),
        (GIF, errors.InvalidConfirmLetterFormat),
    ],
)
def test_a_letter_of_another_size_or_format_or_one_that_acts_is_refused(
    desk: Desk, content: bytes, refusal: type[Exception]
) -> None:
    """1 KB to 1.4 MB, JPG, PNG or PDF; the order waits on."""
    order = desk.submit(LETTER_OV)
    with pytest.raises(refusal):
        desk.letter(order, content)
    assert desk.stands(order)[0] == 8


def test_wotrus_takes_gif_and_no_png(tmp_path: Path) -> None:
    """As its own texts say."""
    with Desk(tmp_path, rules_with(letter_products=frozenset({WOTRUS_OV}))) as desk:
        order = desk.submit(WOTRUS_OV)
        with pytest.raises(errors.InvalidConfirmLetterFormatWosign):
            desk.letter(order, PNG)
        assert desk.letter(order, GIF)["IsSuccess"] is True


def test_a_letter_is_taken_where_one_is_awaited_and_nowhere_else(desk: Desk) -> None:
    """DV takes none at all, and an order without one awaited says its status."""
    with pytest.raises(errors.UploadConfirmCertificateNotSupportDV):
        desk.letter(desk.submit(DV), PDF)
    with pytest.raises(errors.InvalidCertificateStatusCode):
        desk.letter(desk.submit(OV), PDF)
    with pytest.raises(errors.CertificateNotFound):
        desk.letter("AAAAAAAA", PDF)


def test_an_order_waits_for_its_manager_again_whose_time_ran_out_meanwhile(desk: Desk) -> None:
    """The refusal says what comes first; sent and approved, the order can be."""
    order = desk.submit()
    desk.approve("manager:1")
    desk.clock.move(timedelta(days=398))
    with pytest.raises(errors.InvalidParam, match=r"manager:1 is expired\. It must be sent again"):
        desk.approve(f"order:{order}")

    desk.call(desk.caller, "SubmitAuditManager", ManagerId=1)
    assert desk.waiting == ["manager:1", f"order:{order}"]
    with pytest.raises(errors.InvalidParam, match="approve manager:1 first"):
        desk.approve(f"order:{order}")
    desk.approve_all()
    desk.take_on(order)
    assert desk.stands(order) == (1, None)


def test_an_order_of_a_company_that_no_certificate_can_name_is_not_submitted(desk: Desk) -> None:
    """Nobody vets what the CA would decline; a DV order names no company."""
    place = {"Uin": desk.caller.uin}
    company = {"CompanyName": "Nowhere Ltd", "CompanyCountry": "GB"}
    entered = desk.operator("AddCompany", **place, **company)["CompanyId"]
    person = {"ManagerFirstName": "Ann", "ManagerLastName": "Lee", "Status": "ok"}
    manager = desk.operator("AddManager", **place, CompanyId=entered, **person)["ManagerId"]
    own = {"GenCsrType": "parse", "Csr": csr_for(key()), "ManagerId": str(manager)}
    material = PERSONAL | {"CompanyType": 2} | own

    bought = desk.buy(desk.caller, OV)
    desk.call(desk.caller, "CertificateInfoSubmit", CertId=bought, **material)
    with pytest.raises(errors.InvalidParam, match="no CompanyProvince and no CompanyCity"):
        desk.call(desk.caller, "CertificateOrderSubmit", CertId=bought)
    assert desk.stands(bought)[0] == 5

    plain = desk.buy(desk.caller, DV)
    desk.call(desk.caller, "CertificateInfoSubmit", CertId=plain, **material)
    desk.call(desk.caller, "CertificateOrderSubmit", CertId=plain)
    assert desk.stands(plain) == (0, "PENDING-DCV")


def test_what_was_proved_too_long_before_people_approved_is_proved_again(desk: Desk) -> None:
    """After 201 days a CA may not rely on it any more; nobody has to publish anything new."""
    order = desk.submit()
    desk.take_on(order)
    (before,) = desk.store.read(lambda unit: unit.proofs.where(certificate_id=order))
    desk.clock.move(timedelta(days=201))
    desk.approve_all()
    desk.take_on(order)

    assert desk.stands(order) == (1, None)
    (ground,) = desk.issuer.asked[0][0].authorizations
    assert before.proved_at is not None
    assert ground.proved_at - before.proved_at >= timedelta(days=201)


def test_nobody_looks_at_a_cancelled_order_and_its_manager_is_vetted_all_the_same(
    desk: Desk,
) -> None:
    """Two orders waited for the manager; the other one goes on."""
    stopped, other = desk.submit(), desk.submit()
    desk.call(desk.caller, "CancelAuditCertificate", CertificateId=stopped)
    assert desk.waiting == ["manager:1", f"order:{other}"]
    desk.approve("manager:1")
    assert desk.stands(stopped)[0] == 7
    assert desk.stands(other) == (0, "LEGAL-REVIEWING")
    with pytest.raises(
        errors.ReviewNotFound, match=f"order:{stopped}: it does not wait for a review"
    ):
        desk.approve(f"order:{stopped}")
    assert desk.stands(stopped)[0] == 7


def test_a_rejected_manager_fails_an_order_whose_letter_is_awaited(desk: Desk) -> None:
    """Submitted again, it waits for a letter again: the earlier one was of the earlier attempt."""
    order = desk.submit(LETTER_OV)
    desk.operator("RejectReview", Id="manager:1", Reason="unknown")
    assert desk.stands(order) == (2, "unknown")
    desk.call(desk.caller, "ModifyCertificateResubmit", CertificateId=order)
    desk.call(desk.caller, "CertificateOrderSubmit", CertId=order)
    assert desk.stands(order)[0] == 8
    desk.letter(order, PDF)
    desk.approve_all()
    desk.take_on(order)
    assert desk.stands(order) == (1, None)
