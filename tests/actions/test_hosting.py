"""What replies tell of the successors that the desk makes by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certdesk.wire.model import local_time
from tests.inside import InsideDesk
from tests.workflow.renewing import NAME, LeftAlone

NOT_HOSTED, HOSTED, COMPLETED = -1, 0, 10


@pytest.fixture
def left(tmp_path: Path) -> Iterator[LeftAlone]:
    """A desk with a private CA."""
    with InsideDesk(tmp_path, private_ca=True) as desk:
        yield LeftAlone(desk, desk.account())


def listed(left: LeftAlone, certificate_id: str) -> dict[str, Any]:
    """Read an order as the list shows it; the detail says the same of its hosting."""
    page = left.desk.call(left.caller, "DescribeCertificates", CertIds=[certificate_id])
    (row,) = page["Certificates"]
    detail = left.desk.call(left.caller, "DescribeCertificateDetail", CertificateId=certificate_id)
    assert detail["HostingStatus"] == row["HostingStatus"]
    assert detail["CertificateExtra"] == row["CertificateExtra"]
    assert isinstance(row, dict)
    return row


def hosting(row: dict[str, Any]) -> tuple[int, str, str, str]:
    """Give status, time, successor and renewal."""
    names = ("HostingStatus", "HostingCompleteTime", "HostingRenewCertId", "HasRenewOrder")
    status, time, successor, renewal = (row[name] for name in names)
    return status, time, successor, renewal


def test_a_certificate_in_bought_time_is_hosted(left: LeftAlone) -> None:
    """Then with a successor under way, then with one that is issued."""
    left.publish()
    first = left.buy()
    assert hosting(listed(left, first)) == (NOT_HOSTED, "", "", "")
    left.desk.take_on(first)
    assert hosting(listed(left, first)) == (HOSTED, "", "", "")

    left.desk.caa.refused[NAME] = "not today"
    left.put_when_due(first)
    left.desk.renewing.round()
    after = left.successor(first)
    assert after is not None
    assert hosting(listed(left, first)) == (HOSTED, "", after.certificate_id, "")

    left.desk.caa.refused.clear()
    left.desk.take_on(after.certificate_id)
    done = local_time(left.now())
    assert hosting(listed(left, first)) == (COMPLETED, done, after.certificate_id, "")
    assert listed(left, first)["CertificateExtra"]["ReplacedFor"] == after.certificate_id
    assert listed(left, after.certificate_id)["CertificateExtra"]["ReplacedBy"] == first


def test_a_renewal_is_the_order_that_the_list_names(left: LeftAlone) -> None:
    """`HasRenewOrder` from the one side, `OriginCertificateId` from the other."""
    first = left.issue(years=1, AutoRenewFlag=1)
    while left.chain(first)[-1].renews is None:
        left.put_when_due(left.chain(first)[-1].certificate_id)
        left.work()
    *_, before, renewal = left.chain(first)
    row = listed(left, before.certificate_id)
    assert row["HasRenewOrder"] == row["HostingRenewCertId"] == renewal.certificate_id
    assert row["CertificateExtra"]["RenewOrder"] == renewal.certificate_id
    extra = listed(left, renewal.certificate_id)["CertificateExtra"]
    assert extra["OriginCertificateId"] == before.certificate_id


def test_what_its_owner_gives_up_or_replaces_is_not_hosted(left: LeftAlone) -> None:
    """The desk does no more for it."""
    first, second = left.issue("a.example.com"), left.issue("b.example.com")
    left.desk.caa.refused["a.example.com"] = "not today"
    left.put_when_due(first)
    left.desk.renewing.round()
    after = left.successor(first)
    assert after is not None
    left.desk.call(left.caller, "CancelAuditCertificate", CertificateId=after.certificate_id)
    assert listed(left, first)["HostingStatus"] == NOT_HOSTED

    reply = left.desk.call(left.caller, "ReplaceCertificate", CertificateId=second, ValidType="DNS")
    left.desk.take_on(reply["CertificateId"])
    assert hosting(listed(left, second)) == (NOT_HOSTED, "", "", "")
    assert listed(left, reply["CertificateId"])["HostingStatus"] == HOSTED


def ahead(left: LeftAlone, certificate_id: str) -> str:
    """Read what the operator is told that comes next."""
    return str(left.desk.operator("ShowOrder", CertificateId=certificate_id)["Next"])


def test_the_operator_is_told_what_takes_the_place_of_a_certificate(left: LeftAlone) -> None:
    """When it will be made, and what it waits for then."""
    first = left.issue()
    renewal = left.renewal(first)
    assert renewal is not None
    due = f"{renewal.due_at:%Y-%m-%d %H:%M} UTC"
    assert ahead(left, first).endswith(f"The desk makes a successor at {due} or soon after.")
    left.desk.caa.refused[NAME] = "not today"
    left.put_when_due(first)
    left.desk.renewing.round()
    after = left.successor(first)
    assert after is not None
    its = after.certificate_id
    assert ahead(left, first).endswith(f"{its} replaces it. Its status is PENDING-DCV.")


def test_the_operator_is_told_why_no_successor_can_be_made(left: LeftAlone) -> None:
    """And when the desk tries again."""
    first = left.issue()
    left.desk.operator("SwitchAccount", Uin=left.caller.uin, Enabled=False)
    left.put_when_due(first)
    left.desk.renewing.round()
    uin = left.caller.uin
    assert ahead(left, first) == (
        f"The order is paused because account {uin} is disabled since 2026-03-01 12:00 UTC. "
        f"To resume it: certdesk account enable {uin}"
    )
