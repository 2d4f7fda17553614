"""Managers are sent to be vetted, vetted once more, shown in full, and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certdesk.domain import errors
from tests.actions.submitting import IDENTITY
from tests.actions.vetting import DV, EV, OV, Desk
from tests.rules import rules_with
from tests.running import COMPANY, MANAGER

SENDING = ("SubmitAuditManager", "VerifyManager")
each_way = pytest.mark.parametrize("action", SENDING)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where people vet."""
    with Desk(tmp_path) as opened:
        yield opened


def entered(desk: Desk, status: str | None = None, **changes: object) -> int:
    """Have the operator enter a company and a manager; give its number."""
    place = {"Uin": desk.caller.uin}
    company = desk.operator("AddCompany", **place, **COMPANY)["CompanyId"]
    person = MANAGER | changes | ({"Status": status} if status else {})
    added = desk.operator("AddManager", **place, CompanyId=company, **person)
    return int(added["ManagerId"])


def call(desk: Desk, action: str, manager: int, **others: object) -> dict[str, Any]:
    """Call an action about a manager as its account."""
    return desk.call(desk.caller, action, ManagerId=manager, **others)


def detail(desk: Desk, manager: int, **page: int) -> dict[str, Any]:
    """Show a manager."""
    return call(desk, "DescribeManagerDetail", manager, **page)


def kinds(shown: dict[str, Any]) -> list[tuple[str, str]]:
    """Give how vetting stands for each kind of certificate."""
    return [(info["Type"], info["Status"]) for info in shown["StatusInfo"]]


def domains(shown: dict[str, Any]) -> list[str]:
    """Name the domains that are shown, which are the same for each kind."""
    ov, ev = (info["ManagerPreAuditDomains"] for info in shown["StatusInfo"])
    assert ov == ev
    return [each["Domain"] for each in ov]


def test_a_manager_that_was_entered_for_later_is_sent_when_its_account_says(desk: Desk) -> None:
    """Until then nobody is asked to look at it."""
    manager = entered(desk, "none")
    assert (desk.waiting, detail(desk, manager)["Status"]) == ([], "none")
    assert kinds(detail(desk, manager)) == [("ov", "pending"), ("ev", "pending")]

    assert call(desk, "SubmitAuditManager", manager) == {"ManagerId": manager}
    assert desk.waiting == [f"manager:{manager}"]
    assert kinds(detail(desk, manager)) == [("ov", "submitted"), ("ev", "submitted")]
    desk.approve_all()
    assert kinds(detail(desk, manager)) == [("ov", "completed"), ("ev", "completed")]


def test_a_rejected_manager_is_sent_again(desk: Desk) -> None:
    """It is invalid until people think otherwise."""
    manager = entered(desk)
    desk.operator("RejectReview", Id=f"manager:{manager}", Reason="unknown")
    assert kinds(detail(desk, manager)) == [("ov", "invalid"), ("ev", "invalid")]
    with pytest.raises(errors.IllegalManagerStatus, match="is invalid"):
        call(desk, "VerifyManager", manager)

    call(desk, "SubmitAuditManager", manager)
    assert detail(desk, manager)["Status"] == "audit"
    desk.approve_all()
    assert detail(desk, manager)["Status"] == "ok"


def test_a_vetted_manager_is_vetted_once_more_and_its_time_begins_anew(desk: Desk) -> None:
    """It stays vetted meanwhile, and orders need nobody."""
    manager = entered(desk, "ok")
    before = detail(desk, manager)
    desk.clock.move(timedelta(days=100))
    assert call(desk, "VerifyManager", manager) == {"ManagerId": manager}
    during = detail(desk, manager)
    assert (during["Status"], during["ExpireTime"]) == ("ok", before["ExpireTime"])
    assert desk.waiting == [f"manager:{manager}"]

    desk.approve_all()
    after = detail(desk, manager)
    assert after["ExpireTime"] > before["ExpireTime"]
    assert after["VerifyTime"] > before["VerifyTime"]


@pytest.mark.parametrize(("days", "state"), [(369, "expiring"), (398, "expired")])
@each_way
def test_a_manager_whose_time_runs_out_is_sent_by_either_action(
    desk: Desk, action: str, days: int, state: str
) -> None:
    """In its last thirty days it stays as it is until people decide, later it is to be vetted."""
    manager = entered(desk, "ok")
    desk.clock.move(timedelta(days=days))
    assert kinds(detail(desk, manager)) == [("ov", state), ("ev", state)]

    call(desk, action, manager)
    assert detail(desk, manager)["Status"] == ("audit" if state == "expired" else state)
    desk.approve_all()
    assert detail(desk, manager)["Status"] == "ok"


@each_way
def test_a_manager_that_waits_already_is_not_sent_again(desk: Desk, action: str) -> None:
    """Neither at first nor while it is vetted once more."""
    manager = entered(desk)
    with pytest.raises(errors.IllegalManagerStatus, match="is audit"):
        call(desk, action, manager)

    desk.approve_all()
    desk.clock.move(timedelta(days=390))
    call(desk, action, manager)
    with pytest.raises(errors.IllegalManagerStatus, match="already waits for its review"):
        call(desk, action, manager)


def test_what_is_vetted_need_not_be_sent_and_what_was_never_sent_not_verified(desk: Desk) -> None:
    """The refusal names the states from which it goes."""
    with pytest.raises(
        errors.IllegalManagerStatus, match="must be expired, expiring, invalid, none, and is ok"
    ):
        call(desk, "SubmitAuditManager", entered(desk, "ok"))
    later = entered(desk, "none", ManagerFirstName="Another")
    with pytest.raises(
        errors.IllegalManagerStatus, match="must be expired, expiring, ok, and is none"
    ):
        call(desk, "VerifyManager", later)


@pytest.mark.parametrize("action", [*SENDING, "DeleteManager", "DescribeManagerDetail"])
def test_another_accounts_manager_is_as_unknown_as_none(desk: Desk, action: str) -> None:
    """Nothing becomes of it."""
    manager = entered(desk, "ok")
    other = desk.account()
    told = []
    for number in (manager, 999):
        with pytest.raises(errors.ManagerNotFound) as refused:
            desk.call(other, action, ManagerId=number)
        told.append(str(refused.value))
    assert told[0] == told[1]
    assert (detail(desk, manager)["Status"], desk.waiting) == ("ok", [])


def test_a_desk_that_vets_nobody_vets_what_is_sent_at_once(tmp_path: Path) -> None:
    """By the setting for those who know their users."""
    with Desk(tmp_path, rules_with(vetting_automatic=True)) as desk:
        manager = entered(desk, "none")
        call(desk, "SubmitAuditManager", manager)
        assert (detail(desk, manager)["Status"], desk.waiting) == ("ok", [])


def test_a_manager_that_no_order_names_is_deleted(desk: Desk) -> None:
    """With its review; its company stays."""
    manager = entered(desk)
    company = detail(desk, manager)["CompanyId"]
    assert call(desk, "DeleteManager", manager) == {"ManagerId": manager}
    assert desk.waiting == []
    with pytest.raises(errors.ManagerNotFound):
        detail(desk, manager)
    left = desk.call(desk.caller, "DescribeCompanies", CompanyId=company)
    assert left["TotalCount"] == 1


@pytest.mark.parametrize("product", [OV, EV])
def test_a_manager_is_kept_as_long_as_an_order_names_it(desk: Desk, product: int) -> None:
    """The refusal tells an order that is under way from one that has its certificate."""
    order = desk.submit(product)
    with pytest.raises(
        errors.ManagerCanNotDeleteCa, match=f"{order}, which names the manager, is in progress"
    ):
        call(desk, "DeleteManager", 1)

    desk.approve_all()
    desk.take_on(order)
    with pytest.raises(errors.ManagerCanNotDeleteCert, match=f"{order} names the manager"):
        call(desk, "DeleteManager", 1)


def test_what_its_orders_proved_is_shown_with_a_manager_as_long_as_it_is_good(desk: Desk) -> None:
    """200 days now, by pages; a DV order of nobody adds nothing."""
    desk.take_on(desk.submit(DV))
    order = desk.submit()
    assert domains(detail(desk, 1)) == []
    desk.take_on(order)
    assert domains(detail(desk, 1)) == ["example.com"]
    assert domains(detail(desk, 1, Offset=1)) == []
    assert domains(detail(desk, 1, Limit=0)) == []

    desk.clock.move(timedelta(days=199))
    assert domains(detail(desk, 1)) == ["example.com"]
    desk.clock.move(timedelta(days=1))
    assert domains(detail(desk, 1)) == []


@pytest.mark.parametrize("page", [{"Limit": -1}, {"Offset": -1}])
def test_a_page_of_domains_begins_nowhere_below_nothing(desk: Desk, page: dict[str, int]) -> None:
    """The refusal names the parameter."""
    with pytest.raises(errors.InvalidParam, match="must be 0 or more"):
        detail(desk, entered(desk), **page)


def test_a_manager_is_shown_with_contact_and_company_and_no_number_of_a_person(desk: Desk) -> None:
    """Telephone numbers masked, identity numbers never."""
    person = {"ManagerIdType": "HZ", "ManagerIdNumber": IDENTITY["AdminIdNumber"]}
    manager = entered(desk, **person)
    shown = detail(desk, manager)
    assert (shown["ManagerFirstName"], shown["ManagerPhone"]) == ("Ning", "13*******34")
    assert (shown["ContactMail"], shown["ContactPhone"]) == ("ssl@tencent.com", "13*******34")
    assert shown["CompanyInfo"]["CompanyName"] == COMPANY["CompanyName"]
    assert (shown["ManagerIdType"], shown["ManagerIdNumber"]) == ("HZ", None)
    assert IDENTITY["AdminIdNumber"] not in repr(shown)
