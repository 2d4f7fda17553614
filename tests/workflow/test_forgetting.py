"""How long identity numbers are kept, and that nothing else goes with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.values.record import replace
from certdesk.ports import place_of_party, place_of_submission
from certdesk.workflow.retention.identity_numbers import IdentityNumberRetention
from tests.actions.submitting import COMPANY, IDENTITY, PERSONAL, csr_for
from tests.inside import InsideDesk
from tests.workflow.ordering import key

CFCA_OV = 98
KEPT = timedelta(days=90)
DAY = timedelta(days=1)
NUMBERS = tuple(value for name, value in IDENTITY.items() if name.endswith("Number"))


class Desk(InsideDesk):
    """A desk with an order whose material has identity numbers."""

    def __init__(self, folder: Path) -> None:
        """Prepare to forget after 90 days."""
        super().__init__(folder)
        self.forgetting = IdentityNumberRetention(self.store, self.vault, self.clock, kept=KEPT)
        self.caller = self.account()

    def hand_in(self, certificate_id: str) -> None:
        """Hand in the material of an order."""
        own = {"GenCsrType": "parse", "Csr": csr_for(key())}
        material = PERSONAL | COMPANY | IDENTITY | own
        given = {name: value for name, value in material.items() if value is not None}
        self.call(self.caller, "CertificateInfoSubmit", CertId=certificate_id, **given)

    def personal(self, certificate_id: str, number: int = 1) -> str:
        """Read what is sealed of a submission."""
        submission = self.submissions(certificate_id)[number - 1]
        place = place_of_submission(submission, "personal")
        return self.vault.open(submission.personal, place).text()

    def manager(self) -> str:
        """Read what is sealed of the one manager."""
        (manager,) = self.store.read(lambda unit: unit.managers.where())
        return self.vault.open(manager.personal, place_of_party(manager)).text()

    def after(self, time: timedelta) -> None:
        """Let time pass, and then what is old be erased."""
        self.clock.move(time)
        self.forgetting.forget()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk that keeps identity numbers for 90 days."""
    with Desk(tmp_path) as opened:
        yield opened


def submitted(desk: Desk) -> str:
    """Submit an order to the CA."""
    order = desk.buy(desk.caller, CFCA_OV)
    desk.hand_in(order)
    desk.call(desk.caller, "CertificateOrderSubmit", CertId=order)
    return order


def numbers_in(text: str) -> list[str]:
    """Tell which identity numbers are in a text."""
    return [number for number in NUMBERS if number in text]


def test_numbers_of_an_order_that_failed_are_erased_on_the_ninetieth_day(desk: Desk) -> None:
    """Not a day earlier; everything else that was handed in stays."""
    order = submitted(desk)
    desk.call(desk.caller, "CancelAuditCertificate", CertificateId=order)
    before = desk.submissions(order)[0].facts
    desk.after(KEPT - timedelta(seconds=1))
    assert numbers_in(desk.personal(order)) == list(NUMBERS)

    desk.after(timedelta(seconds=1))
    assert numbers_in(desk.personal(order)) == []
    assert "13112341234" in desk.personal(order)
    assert desk.submissions(order)[0].facts == before
    assert [entry.detail for entry in desk.audit(order) if entry.action == "EraseIdentity"] == [
        "submission 1"
    ]


def test_numbers_are_kept_as_long_as_their_order_needs_them(desk: Desk) -> None:
    """And are erased the day after it is through."""
    order = submitted(desk)
    desk.after(KEPT * 2)
    assert numbers_in(desk.personal(order)) == list(NUMBERS)

    desk.call(desk.caller, "CancelAuditCertificate", CertificateId=order)
    desk.after(DAY)
    assert numbers_in(desk.personal(order)) == []


def test_numbers_of_a_replaced_submission_wait_for_nobody(desk: Desk) -> None:
    """The submission in force has its own, and its own time."""
    order = desk.buy(desk.caller, CFCA_OV)
    desk.hand_in(order)
    desk.clock.move(DAY * 60)
    desk.hand_in(order)
    desk.after(DAY * 40)
    assert numbers_in(desk.personal(order, 1)) == []
    assert numbers_in(desk.personal(order, 2)) == list(NUMBERS)
    assert desk.order(order).status is Status.AWAITING_MATERIAL


def test_numbers_of_a_manager_are_kept_until_it_is_vetted(desk: Desk) -> None:
    """Then no longer than those of an order; it stays vetted, and is found again by its data."""
    submitted(desk)
    desk.after(KEPT * 2)
    assert numbers_in(desk.manager())
    desk.operator("ApproveReview", Id="manager:1")
    desk.after(DAY)
    assert numbers_in(desk.manager()) == []
    assert [entry.action for entry in desk.audit("manager:1")][-1] == "EraseIdentity"

    desk.hand_in(desk.buy(desk.caller, CFCA_OV))
    (manager,) = desk.store.read(lambda unit: unit.managers.where())
    assert manager.status == "ok"


def test_what_was_altered_holds_nothing_else_up(desk: Desk) -> None:
    """It is left as it is, for somebody to look at, and tried again the next day."""
    broken, whole = submitted(desk), submitted(desk)
    for order in (broken, whole):
        desk.call(desk.caller, "CancelAuditCertificate", CertificateId=order)
    good = desk.submissions(broken)[0]

    def alter(personal: bytes) -> None:
        submission = desk.submissions(broken)[0]
        desk.store.write(
            lambda unit: unit.submissions.replace(replace(submission, personal=personal))
        )

    alter(good.personal[::-1])
    desk.after(KEPT)
    assert numbers_in(desk.personal(whole)) == []
    assert desk.submissions(broken)[0].personal == good.personal[::-1]

    alter(good.personal)
    desk.after(DAY)
    assert numbers_in(desk.personal(broken)) == []


def test_a_certificate_is_reissued_after_the_numbers_were_erased(desk: Desk) -> None:
    """They were looked at when it was first vetted, and no parameter could give them again."""
    for validator in desk.validators.values():
        validator.verdicts["example.com"] = Verdict.PROVED
    order = submitted(desk)
    for each in desk.operator("ListReviews")["Reviews"]:
        desk.operator("ApproveReview", Id=each["Id"])
    desk.take_on(order)
    month = DAY * 30
    desk.forgetting = IdentityNumberRetention(desk.store, desk.vault, desk.clock, kept=month)
    desk.after(month)
    assert numbers_in(desk.personal(order)) == []

    again = desk.call(desk.caller, "ReplaceCertificate", CertificateId=order, ValidType="DNS")
    desk.take_on(again["CertificateId"])
    assert desk.order(again["CertificateId"]).status is Status.ISSUED
