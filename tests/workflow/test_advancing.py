"""What becomes of an order that was submitted to the CA, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from certdesk.domain.errors import (
    CertificateNotFoundOrCantCancel,
    InvalidCertificateStatusCode,
    ServiceError,
)
from certdesk.domain.orders.advice import status_msg
from certdesk.domain.orders.steps import TIMED_OUT
from certdesk.domain.pki.issuance import Declined, IssueRequest, Later, Progress, Recorded
from certdesk.domain.validation.challenge import ProofKind, Verdict
from certdesk.domain.values.record import replace
from certdesk.ports import Stale
from certdesk.testing.issuer import ScriptedIssuer
from tests.actions.submitting import COMPANY, PERSONAL, csr_for
from tests.inside import InsideDesk
from tests.workflow.ordering import Ordered, key, ordered
from tests.working import take_step

NAME = "shop.example.com"
ORGANISATION_VETTED = 14
REVIEW_FAILED = 2
SECOND = timedelta(seconds=1)


@pytest.fixture
def order(tmp_path: Path) -> Iterator[Ordered]:
    """An order for one name that nothing proves yet."""
    with ordered(tmp_path, NAME) as submitted:
        yield submitted


def test_a_proved_order_gets_its_certificate(order: Ordered) -> None:
    """For its own key and names, and the log tells it."""
    order.prove(NAME)

    due_at = order.desk.take_on(order.certificate_id)

    (certificate,) = order.certificates
    leaf = x509.load_der_x509_certificate(certificate.leaf)
    assert order.status == (1, None)
    assert leaf.not_valid_after_utc == order.desk.order(order.certificate_id).ends_at
    assert due_at == leaf.not_valid_after_utc + SECOND
    assert f"{leaf.serial_number:x}" == certificate.serial == order.issuances[0].serial
    assert order.done[-2:] == ["ProveDomain", "Issue"]


def test_what_the_issuer_gets_is_what_was_ordered(order: Ordered) -> None:
    """Name, key and the grounds; the same at every step."""
    order.prove(NAME)
    order.desk.take_on(order.certificate_id)

    (first, no_state), (second, state) = order.desk.issuer.asked
    (ground,) = first.authorizations
    (proof,) = order.proofs.values()
    assert first == second
    assert (no_state, state) == (None, order.issuances[0].state)
    assert [name.ascii for name in first.names] == [NAME] == [ground.covers]
    assert (ground.method, ground.proved_at, ground.caa_at) == (
        "DNS",
        proof.proved_at,
        proof.caa_at,
    )


def test_an_unproved_order_waits_and_keeps_what_was_found(order: Ordered) -> None:
    """The finding is shown, and every look is evidence."""
    order.desk.take_on(order.certificate_id)

    (proof,) = order.proofs.values()
    (check,) = order.evidence
    assert order.status == (0, "PENDING-DCV")
    assert (proof.verdict, proof.looks) == (Verdict.TXT_ABSENT, 1)
    assert (check.name, check.kind, check.verdict) == (NAME, "TXT", Verdict.TXT_ABSENT)
    assert check.reason == proof.reason != ""
    assert order.desk.caa.checked == []


def test_pauses_between_checks_grow_to_ten_minutes(order: Ordered) -> None:
    """10 seconds at first, twice as long each time."""
    pauses = []
    for _ in range(9):
        due_at = order.desk.take_on(order.certificate_id)
        assert due_at is not None
        pauses.append((due_at - order.desk.clock.now()).total_seconds())
        order.desk.clock.move(due_at - order.desk.clock.now())

    assert pauses == [10, 20, 40, 80, 160, 320, 600, 600, 600]


def test_an_order_that_nobody_proves_is_closed_after_three_days(order: Ordered) -> None:
    """And it is not looked for any more."""
    begun = order.desk.clock.now()
    while (due_at := order.desk.take_on(order.certificate_id)) is not None:
        order.desk.clock.move(due_at - order.desk.clock.now())

    assert order.desk.clock.now() == begun + timedelta(days=3)
    assert order.status == (2, TIMED_OUT)
    assert order.evidence[-1].ended_at < order.desk.clock.now()
    assert order.done[-1] == "FailReview"


def test_an_order_that_was_left_alone_past_its_deadline_has_a_last_check(order: Ordered) -> None:
    """Where that finds nothing, it is closed."""
    order.desk.take_on(order.certificate_id)
    order.desk.clock.move(timedelta(days=9))

    assert order.desk.take_on(order.certificate_id) is None
    assert order.status == (2, TIMED_OUT)
    assert len(order.evidence) == 2


def test_each_name_is_looked_for_by_itself(tmp_path: Path) -> None:
    """Those that are proved are not looked for again; the certificate waits for all."""
    names = (NAME, "example.com", "example.net")
    with ordered(tmp_path, *names) as order:
        order.prove(NAME, "example.com")
        order.desk.take_on(order.certificate_id)
        assert order.certificates == []
        order.prove("example.net")
        order.desk.clock.move(timedelta(seconds=10))
        order.desk.take_on(order.certificate_id)

        checked = [challenge.name for challenge in order.desk.validators[ProofKind.TXT].checked]
        assert sorted(checked) == ["example.com", "example.net", "example.net", NAME]
        assert sorted(order.desk.caa.checked) == sorted(names)
        assert order.status == (1, None)


def test_a_wildcard_is_proved_at_the_name_below_it_and_asks_caa_for_itself(tmp_path: Path) -> None:
    """One proof for `*.` and the name; CAA has its own records for wildcards."""
    with ordered(tmp_path, "*.example.com") as order:
        order.prove("example.com")
        order.desk.take_on(order.certificate_id)

        assert list(order.proofs) == ["example.com"]
        assert order.desk.caa.checked == ["*.example.com"]
        assert order.status == (1, None)


def test_caa_records_that_refuse_hold_the_certificate_back(order: Ordered) -> None:
    """Until they permit; then it is issued without a new proof."""
    order.prove(NAME)
    order.desk.caa.refused[NAME] = "example.com names another CA."
    due_at = order.desk.take_on(order.certificate_id)

    assert due_at == order.desk.clock.now() + timedelta(minutes=1)
    assert order.desk.issuer.asked == []
    (proof,) = order.proofs.values()
    assert proof.caa_reason == "example.com names another CA."

    order.desk.caa.refused.clear()
    order.desk.clock.move(timedelta(minutes=1))
    order.desk.take_on(order.certificate_id)
    assert order.status == (1, None)
    assert order.desk.caa.checked == [NAME, NAME]


def test_caa_is_asked_again_when_eight_hours_have_passed(order: Ordered) -> None:
    """The CA was away that long, and the records may have changed (Baseline Requirements)."""
    order.prove(NAME)
    order.desk.issuer.will(Later(at=order.desk.clock.now() + 9 * 3600 * SECOND, reason="away"))
    order.desk.take_on(order.certificate_id)
    order.desk.clock.move(timedelta(hours=9))
    order.desk.caa.refused[NAME] = "changed"

    order.desk.take_on(order.certificate_id)

    assert order.desk.caa.checked == [NAME, NAME]
    assert order.certificates == []


def test_caa_records_that_refuse_to_the_end_close_the_order(order: Ordered) -> None:
    """With what they say."""
    order.prove(NAME)
    order.desk.caa.refused[NAME] = "example.com names another CA."
    order.desk.take_on(order.certificate_id)
    order.desk.clock.move(timedelta(days=3))
    order.desk.take_on(order.certificate_id)
    assert order.status == (2, "example.com names another CA.")


def test_a_cancelled_order_is_not_worked_on(order: Ordered) -> None:
    """Its proofs are void, and no certificate comes of them."""
    order.prove(NAME)
    order.desk.call(order.caller, "CancelAuditCertificate", CertificateId=order.certificate_id)

    assert order.desk.take_on(order.certificate_id) is None
    assert (order.status, order.evidence, order.certificates) == ((7, None), [], [])


def test_an_order_opened_again_has_new_values_to_publish(order: Ordered) -> None:
    """Those of the cancelled attempt prove nothing."""
    before = order.proofs[NAME]
    calls = ("CancelAuditCertificate", "ModifyCertificateResubmit")
    for action in calls:
        order.desk.call(order.caller, action, CertificateId=order.certificate_id)
    order.desk.call(order.caller, "CertificateOrderSubmit", CertId=order.certificate_id)

    after = order.proofs[NAME]
    assert (before.attempt, after.attempt) == (1, 2)
    assert before.value != after.value


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("CancelAuditCertificate", CertificateNotFoundOrCantCancel),
        ("CancelCertificateOrder", InvalidCertificateStatusCode),
    ],
)
def test_an_order_that_is_being_issued_cannot_be_cancelled(
    order: Ordered, action: str, error: type[ServiceError]
) -> None:
    """The CA may have signed already."""
    order.prove(NAME)
    while not order.issuances:
        order.desk.step(order.certificate_id)

    with pytest.raises(
        error,
        match="you can revoke it with RevokeCertificate",
    ):
        order.desk.call(order.caller, action, CertificateId=order.certificate_id)
    order.desk.take_on(order.certificate_id)
    assert order.status == (1, None)


class OvertakenIssuer(ScriptedIssuer):
    """An issuer during whose work another process takes the same step."""

    def __init__(self, desk: InsideDesk) -> None:
        """Let `desk` be the other one."""
        super().__init__(desk.clock)
        self._desk = desk

    def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
        """Be too late with what the other one's issuer gives."""
        progress = self._desk.issuer.proceed(request, recorded)
        self._desk.step(request.certificate_id)
        return progress


def test_a_step_that_another_process_takes_first_is_stale(order: Ordered) -> None:
    """Be it the first or the last of issuing: it has not failed, and nothing is kept twice."""
    desk = order.desk
    late = desk.advancing_with(OvertakenIssuer(desk))
    order.prove(NAME)
    overtaken = 0
    while order.status != (1, None):
        try:
            take_step(late, desk.store, order.certificate_id)
        except Stale:
            overtaken += 1

    assert overtaken == 2
    assert (len(order.issuances), len(order.certificates)) == (1, 1)
    assert order.done.count("Issue") == 1


def test_a_ca_that_declines_closes_the_order(order: Ordered) -> None:
    """With its reason."""
    order.prove(NAME)
    order.desk.issuer.will(Declined(reason="the key is weak"))
    order.desk.take_on(order.certificate_id)
    assert order.status == (2, "the key is weak")


def test_a_ca_that_is_busy_is_asked_when_it_says(order: Ordered) -> None:
    """And not before."""
    order.prove(NAME)
    at = order.desk.clock.now() + timedelta(minutes=7)
    order.desk.issuer.will(Later(at=at, reason="busy"))

    assert order.desk.take_on(order.certificate_id) == at
    order.desk.clock.move(timedelta(minutes=7))
    order.desk.take_on(order.certificate_id)
    assert order.status == (1, None)


def test_a_certificate_that_has_ended_is_expired(order: Ordered) -> None:
    """A second after its last."""
    order.prove(NAME)
    due_at = order.desk.take_on(order.certificate_id)
    assert due_at is not None
    order.desk.clock.move(due_at - order.desk.clock.now())

    assert order.desk.take_on(order.certificate_id) is None
    assert order.status == (3, None)


def test_a_vetted_product_waits_for_people(order: Ordered) -> None:
    """Its names are looked for meanwhile, and nothing is issued."""
    order.prove("example.com")
    desk, caller = order.desk, order.caller
    bought = desk.buy(caller, ORGANISATION_VETTED)
    company = {name: value for name, value in (PERSONAL | COMPANY).items() if value is not None}
    own = {"GenCsrType": "parse", "Csr": csr_for(key())}
    desk.call(caller, "CertificateInfoSubmit", CertId=bought, **(company | own))
    submitted = desk.call(caller, "CertificateOrderSubmit", CertId=bought)

    assert (submitted["Status"], submitted["IsAudited"]) == (0, True)
    assert desk.take_on(bought) is None
    assert status_msg(desk.order(bought)) == "PRE-REVIEWING"


def test_an_order_whose_csr_is_not_accepted_any_more_is_closed(order: Ordered) -> None:
    """With the reason for which it is not read: rules became stricter after it was handed in."""
    desk, certificate_id = order.desk, order.certificate_id
    (kept,) = desk.submissions(certificate_id)
    outdated = replace(kept, csr="nonsense")
    desk.store.write(lambda unit: unit.submissions.replace(outdated))
    order.prove(NAME)
    order.desk.take_on(order.certificate_id)

    status, reason = order.status
    assert status == REVIEW_FAILED
    assert reason is not None
    assert "PEM" in reason
    assert order.desk.issuer.asked == []
