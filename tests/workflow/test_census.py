"""What waits in a desk, and for what."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.domain.operation.census import BY_STATUS, Census, DueWork, Ending, WaitsFor
from certdesk.domain.orders import suspension
from certdesk.domain.orders.lifecycle import UNDER_WAY, Status, StatusMessage
from certdesk.domain.orders.records import Renewal
from certdesk.domain.values.record import replace
from certdesk.workflow.census import CensusTaker
from tests.acceptance.watching import until
from tests.workflow.ordering import Ordered, ordered

AT_REST = {
    Status.ISSUED,
    Status.EXPIRED,
    Status.REVOKED,
    Status.REVIEW_FAILED,
    Status.CANCELLED,
    Status.REFUNDED,
}
DAY = timedelta(days=1)


@pytest.fixture
def its(tmp_path: Path) -> Iterator[Ordered]:
    """An order for shop.example.com that is not proved yet."""
    with ordered(tmp_path) as made:
        yield made


def census(its: Ordered) -> Census:
    """Count now."""
    desk = its.desk
    return CensusTaker(desk.store, desk.ca.pki, desk.clock.now, lambda: None).take()


def waiting(its: Ordered) -> dict[str, int]:
    """Tell what orders wait for, leaving out what none waits for."""
    return {reason.value: number for reason, number in census(its).waiting.items() if number}


def test_an_order_at_each_status_waits_or_is_at_rest() -> None:
    """A status that was forgotten would be silent."""
    assert {*BY_STATUS} | UNDER_WAY | AT_REST == {*Status}


def test_an_order_waits_for_what_its_status_says(its: Ordered) -> None:
    """At each status with each message."""
    found = {}
    for status in (*BY_STATUS, *UNDER_WAY):
        for message in StatusMessage if status in UNDER_WAY else (None, StatusMessage.PENDING_DCV):
            order = its.desk.order(its.certificate_id)
            changed = replace(order, status=status, waits_for=message)
            its.desk.store.write(lambda unit, changed=changed: unit.orders.replace(changed))  # type: ignore[misc]  # bound now
            ((found[status, message], number),) = waiting(its).items()
            assert number == 1

    under_review = {message: found[Status.UNDER_REVIEW, message] for message in StatusMessage}
    assert under_review == {
        StatusMessage.PRE_REVIEWING: "review",
        StatusMessage.LEGAL_REVIEWING: "review",
        StatusMessage.CA_REVIEWING: "review",
        StatusMessage.PENDING_DCV: "proof",
        StatusMessage.WAIT_ISSUE: "issue",
    }
    assert found[Status.REVOKING, None] == "revocation"
    assert found[Status.REVOKING, StatusMessage.PENDING_DCV] == "proof"
    assert found[Status.AWAITING_MATERIAL, None] == "material"
    assert found[Status.AWAITING_LETTER, None] == "letter"
    assert found[Status.CANCELLING, None] == "records"
    assert found[Status.MIGRATING, None] == "move"
    assert set(found.values()) == {*WaitsFor} - {WaitsFor.ACCOUNT, WaitsFor.OPERATOR}


def test_an_order_of_a_disabled_account_waits_for_that_too(its: Ordered) -> None:
    """Beside what it would wait for."""
    its.desk.operator("SwitchAccount", Uin=its.caller.uin, Enabled=False)
    its.desk.orders.start()
    until(lambda: WaitsFor.ACCOUNT in waiting(its))
    its.desk.orders.stop()
    assert waiting(its) == {"proof": 1, "account": 1}


def test_what_nobody_takes_up_is_late(its: Ordered) -> None:
    """By as much as it was due."""
    assert list(census(its).notes()) == []
    its.desk.clock.move(timedelta(minutes=2))
    found = census(its)
    assert found.late_seconds(DueWork.ORDERS) == pytest.approx(120)
    assert found.late_seconds(DueWork.RENEWALS) == 0
    assert "orders have been due since" in "".join(found.notes())


def test_days_are_left_until_the_first_end_of_each_kind(its: Ordered) -> None:
    """Where nothing ends, they are without end."""
    assert set(map(census(its).days_left, Ending)) == {math.inf}
    its.desk.ca.pki.prepare()
    found = census(its)
    assert found.days_left(Ending.CRL) == pytest.approx(7, abs=0.1)
    assert found.days_left(Ending.AUTHORITY) > 365
    its.desk.clock.move(2 * DAY)
    assert census(its).days_left(Ending.CRL) == pytest.approx(5, abs=0.1)


def test_a_certificate_counts_until_it_has_a_successor(its: Ordered) -> None:
    """By its end, however far that is."""
    its.prove("shop.example.com")
    its.desk.take_on(its.certificate_id)
    renewal = its.desk.store.read(lambda unit: unit.renewals.get(its.certificate_id))
    assert renewal is not None
    left = (renewal.ends_at - its.desk.clock.now()) / DAY
    assert 0 < census(its).days_left(Ending.CERTIFICATE) == pytest.approx(left)
    its.desk.clock.move(renewal.ends_at - its.desk.clock.now() - 3 * DAY)
    found = census(its)
    assert found.days_left(Ending.CERTIFICATE) == pytest.approx(3)
    assert "a certificate without a successor ends at" in "".join(found.notes())
    its.desk.store.write(lambda unit: unit.renewals.remove(its.certificate_id))
    assert census(its).days_left(Ending.CERTIFICATE) == math.inf


def test_no_number_of_certificates_of_a_disabled_account_hides_another(its: Ordered) -> None:
    """For none of them a successor is made, so they do not count, though they end sooner."""
    now = its.desk.clock.now()
    resting = Renewal(
        certificate_id="",
        uin="2",
        ends_at=now + DAY,
        due_at=now,
        reason=suspension.REASON,
    )
    others = [replace(resting, certificate_id=f"other{n:03}") for n in range(200)]
    waits = replace(resting, certificate_id="waits123", ends_at=now + 2 * DAY, reason="refused")
    its.desk.store.write(lambda unit: [unit.renewals.add(each) for each in (*others, waits)])
    assert census(its).days_left(Ending.CERTIFICATE) == pytest.approx(2)
