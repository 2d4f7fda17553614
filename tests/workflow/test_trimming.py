"""What is removed when its time is over, and that nothing goes that is needed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.bootstrap.housekeeping import retention_of
from certdesk.domain import errors
from certdesk.domain.validation.challenge import Verdict
from certdesk.settings import Settings
from certdesk.workflow.retention import records
from certdesk.workflow.retention.records import RecordRetention
from tests.actions.submitting import COMPANY, PERSONAL, csr_for
from tests.inside import InsideDesk
from tests.papers import PDF
from tests.workflow.ordering import key

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
DV, LETTER_OV = 104, 9
LETTER = base64.b64encode(PDF).decode()


class Desk(InsideDesk):
    """A desk with an account, which is trimmed when a test says so."""

    def __init__(self, folder: Path) -> None:
        """Keep as long as a desk does whose operator says nothing else."""
        super().__init__(folder)
        self.trimming = RecordRetention(self.store, self.clock, retention_of(Settings()))
        self.caller = self.account()

    def hand_in(self, order: str) -> str:
        """Hand in the material of an order; give its id."""
        own = {"GenCsrType": "parse", "Csr": csr_for(key())}
        given = {name: value for name, value in (PERSONAL | own).items() if value is not None}
        self.call(self.caller, "CertificateInfoSubmit", CertId=order, **given)
        return order

    def submit(self, product: int = DV) -> str:
        """Submit an order to the CA."""
        order = self.buy(self.caller, product)
        if product == DV:
            self.hand_in(order)
        else:
            own = {"GenCsrType": "parse", "Csr": csr_for(key())}
            given = {k: v for k, v in (PERSONAL | COMPANY | own).items() if v is not None}
            self.call(self.caller, "CertificateInfoSubmit", CertId=order, **given)
        self.call(self.caller, "CertificateOrderSubmit", CertId=order)
        return order

    def issue(self) -> str:
        """Have an order issued, which was looked for in vain first."""
        order = self.submit()
        self.take_on(order)
        self.prove()
        self.clock.move(timedelta(minutes=11))
        self.take_on(order)
        assert self.order(order).status.value == 1
        return order

    def prove(self) -> None:
        """Let proofs be found from now on."""
        for validator in self.validators.values():
            validator.verdicts["example.com"] = Verdict.PROVED

    def numbers(self, order: str) -> list[int]:
        """Give the numbers of an order's submissions."""
        return [each.number for each in self.submissions(order)]

    def checks(self) -> list[int]:
        """Give the verdicts of the checks that are kept."""
        return [each.verdict for each in self.store.read(lambda unit: unit.evidence.where())]

    def after(self, time: timedelta) -> None:
        """Let time pass, and then what is over be removed."""
        self.clock.move(time)
        self.trimming.trim()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk."""
    with Desk(tmp_path) as opened:
        yield opened


def test_failed_checks_are_kept_for_90_days_and_others_for_good(desk: Desk) -> None:
    """That a name was proved and CAA permitted it, is shown years after the certificate's end."""
    desk.issue()
    assert desk.checks() == [Verdict.TXT_ABSENT, Verdict.PROVED, 1]
    desk.after(90 * DAY - timedelta(hours=1))
    assert len(desk.checks()) == 3
    desk.after(timedelta(hours=1))
    assert desk.checks() == [Verdict.PROVED, 1]
    desk.after(365 * 20 * DAY)
    assert desk.checks() == [Verdict.PROVED, 1]


def test_the_log_and_certificates_are_kept_for_more_than_two_years_after_the_end(
    desk: Desk,
) -> None:
    """For good, in fact: it is the material that goes."""
    order = desk.issue()
    before = desk.audit(order)
    ends_at = desk.order(order).ends_at
    assert ends_at is not None
    desk.clock.move(ends_at - desk.clock.now() + SECOND)
    desk.take_on(order)
    desk.after(365 * 2 * DAY + DAY)

    assert [entry for entry in desk.audit(order) if entry in before] == before
    certificates = desk.store.read(lambda unit: unit.certificates.where(certificate_id=order))
    assert len(certificates) == 1
    assert desk.numbers(order) == []


def test_the_material_of_a_certificate_is_kept_until_a_year_after_its_end(desk: Desk) -> None:
    """As long as it lasts, keys may be asked for and it may be renewed."""
    order = desk.issue()
    ends_at = desk.order(order).ends_at
    assert ends_at is not None
    desk.after(ends_at - desk.clock.now() + SECOND)
    desk.take_on(order)
    desk.after(365 * DAY - SECOND)
    assert desk.numbers(order) == [1]

    desk.after(SECOND)
    assert desk.numbers(order) == []
    assert [entry.detail for entry in desk.audit(order) if entry.action == "Trim"] == [
        "submission 1"
    ]
    shown = desk.call(desk.caller, "DescribeCertificateDetail", CertificateId=order)
    assert (shown["Domain"], shown["SubmittedData"]) == ("example.com", None)


def test_material_that_was_replaced_goes_after_a_year_and_what_is_in_force_stays(
    desk: Desk,
) -> None:
    """Also where the order waits for years to be submitted."""
    order = desk.buy(desk.caller, DV)
    desk.hand_in(order)
    desk.hand_in(order)
    desk.after(365 * DAY)
    assert desk.numbers(order) == [1, 2]
    desk.after(SECOND)
    assert desk.numbers(order) == [2]
    desk.after(365 * 5 * DAY)
    assert desk.numbers(order) == [2]
    desk.call(desk.caller, "CertificateOrderSubmit", CertId=order)


def test_an_order_opened_again_after_its_material_went_takes_new_material(desk: Desk) -> None:
    """Until then it cannot be submitted, and says so."""
    order = desk.submit()
    desk.call(desk.caller, "CancelAuditCertificate", CertificateId=order)
    desk.after(500 * DAY)
    assert desk.numbers(order) == []
    desk.call(desk.caller, "ModifyCertificateResubmit", CertificateId=order)
    with pytest.raises(errors.CertificateInfoSubmitStatusInvalid, match="Send the material"):
        desk.call(desk.caller, "CertificateOrderSubmit", CertId=order)
    desk.hand_in(order)
    desk.call(desk.caller, "CertificateOrderSubmit", CertId=order)


def test_an_order_that_people_look_at_keeps_what_they_look_at(desk: Desk) -> None:
    """However long they take; letter and files go 398 days after they came once they are done."""
    order = desk.submit(LETTER_OV)
    desk.call(desk.caller, "UploadConfirmLetter", CertificateId=order, ConfirmLetter=LETTER)
    desk.operator("AddAttachment", Id=f"order:{order}", Name="register.pdf", File=LETTER)
    desk.operator("AddAttachment", Id="manager:1", Name="register.pdf", File=LETTER)
    desk.after(3000 * DAY)
    assert desk.numbers(order) == [1]
    assert len(desk.store.read(lambda unit: unit.letters.where())) == 1
    assert len(desk.store.read(lambda unit: unit.vetting_files.where())) == 2

    desk.operator("RejectReview", Id="manager:1", Reason="gone")
    desk.after(timedelta(0))
    assert desk.store.read(lambda unit: unit.letters.where()) == []
    (kept,) = desk.store.read(lambda unit: unit.vetting_files.where())
    assert kept.subject == "manager:1"
    assert "file of a review" in [entry.detail for entry in desk.audit(order)]
    assert "letter (confirm)" in [entry.detail for entry in desk.audit(order)]


def test_temporary_keys_go_a_month_after_their_end(desk: Desk) -> None:
    """Lasting keys have no end."""
    user = desk.operator("AddUser", Uin=desk.caller.uin, Name="robot")["UserId"]
    desk.operator("AddToken", UserId=user, Minutes=60)
    desk.after(30 * DAY)
    assert len(desk.store.read(lambda unit: unit.access_keys.where())) == 2
    desk.after(timedelta(hours=1, seconds=1))
    (left,) = desk.store.read(lambda unit: unit.access_keys.where())
    assert left.secret_id == desk.caller.actor


def test_every_page_has_its_turn(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One in a round, though what was removed moves what follows to the front."""
    monkeypatch.setattr(records, "PAGE", 2)
    kept = desk.issue()
    for _ in range(7):
        order = desk.submit()
        desk.call(desk.caller, "CancelAuditCertificate", CertificateId=order)
    desk.clock.move(500 * DAY)
    for _ in range(6):
        desk.trimming.trim()
    left = desk.store.read(lambda unit: unit.submissions.where())
    assert [each.certificate_id for each in left] == [kept]


def test_rows_of_the_log_go_by_age_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest first, however many there are, and none that is younger than the setting says."""
    monkeypatch.setattr(records, "ROWS", 3)
    for _ in range(5):
        desk.buy(desk.caller)
    rows = desk.store.read(lambda unit: unit.audit.count())
    desk.clock.move(retention_of(Settings()).audit)
    desk.buy(desk.caller)
    desk.trimming.trim()
    assert desk.store.read(lambda unit: unit.audit.count()) == rows + 1
    desk.clock.move(SECOND)
    for _ in range(4):
        desk.trimming.trim()
    (left,) = desk.store.read(lambda unit: unit.audit.where())
    assert left.at > desk.clock.now() - retention_of(Settings()).audit
    assert desk.store.read(lambda unit: unit.usage.of(desk.caller.uin))["audit"] == 1
