"""DescribeManagers, and how the operator enters, lists and shows managers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certdesk.domain.errors import CompanyNotFound, InvalidParam, ManagerNotFound
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.ports import Unit
from tests.actions.submitting import PERSONAL
from tests.inside import InsideDesk
from tests.running import COMPANY, MANAGER

# Who works in the company of these tests: (last name, first name, mail, department).
STAFF = [
    ("Huang", "Ning", "ning@example.com", "R&D"),
    ("Huang", "Ming", "ming@example.com", "Sales"),
    ("Li", "Ning", "li@example.org", "R&D"),
    ("Smith", "Ann", "ann@example.org", ""),
]


TIMES = ("CreateTime", "SubmitAuditTime", "StatusInfo")
"""What the operator reads in UTC, and the API's clients in UTC+8."""


@pytest.fixture
def desk(tmp_path: Path) -> InsideDesk:
    """A desk in memory."""
    return InsideDesk(tmp_path)


@pytest.fixture
def caller(desk: InsideDesk) -> Caller:
    """An account on it."""
    return desk.account()


@pytest.fixture
def company(desk: InsideDesk, caller: Caller) -> int:
    """A company of the account."""
    return int(desk.operator("AddCompany", Uin=caller.uin, **COMPANY)["CompanyId"])


def add(desk: InsideDesk, caller: Caller, company: int, **changes: object) -> int:
    """Enter a manager; give its number."""
    given = {name: value for name, value in (MANAGER | changes).items() if value is not None}
    added = desk.operator("AddManager", Uin=caller.uin, CompanyId=company, **given)
    return int(added["ManagerId"])


def employ(desk: InsideDesk, caller: Caller, company: int) -> None:
    """Enter the staff, the last of them vetted."""
    for last, first, mail, department in STAFF:
        add(
            desk,
            caller,
            company,
            ManagerLastName=last,
            ManagerFirstName=first,
            ManagerMail=mail,
            ManagerDepartment=department,
            Status="ok" if last == "Smith" else "audit",
        )


def ask(desk: InsideDesk, caller: Caller, company: int, **query: object) -> dict[str, Any]:
    """Ask for the managers of a company."""
    return desk.call(caller, "DescribeManagers", CompanyId=company, **query)


def found(desk: InsideDesk, caller: Caller, company: int, **query: object) -> list[str]:
    """Ask for managers; give their mailboxes' names, and check the total."""
    reply = ask(desk, caller, company, **query)
    assert reply["TotalCount"] == len(reply["Managers"])
    return [str(each["ManagerMail"]).partition("@")[0] for each in reply["Managers"]]


# --- DescribeManagers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["ning", "ming", "li", "ann"]),
        ({"SearchKey": "Huang|Ning|ning@example.com|R&D"}, ["ning"]),
        ({"SearchKey": "Huang|||"}, ["ning", "ming"]),
        ({"SearchKey": "Huang"}, ["ning", "ming"]),
        ({"SearchKey": "|Ning||"}, ["ning", "li"]),
        ({"SearchKey": "Ning"}, ["ning", "li"]),
        ({"SearchKey": "||li@example.org|"}, ["li"]),
        ({"SearchKey": "li@example.org"}, ["li"]),
        ({"SearchKey": "|||R&D"}, ["ning", "li"]),
        ({"SearchKey": "R&D"}, ["ning", "li"]),
        ({"SearchKey": "Huang|Ning"}, ["ning"]),
        ({"SearchKey": "Ning|Huang||"}, []),
        ({"SearchKey": "huang"}, []),
        ({"SearchKey": "Hua"}, []),
        ({"SearchKey": "example.org"}, []),
        ({"SearchKey": "|||"}, ["ning", "ming", "li", "ann"]),
        ({"SearchKey": "Huang||||"}, []),
        ({"Status": "ok"}, ["ann"]),
        ({"Status": "audit"}, ["ning", "ming", "li"]),
        ({"Status": "expired"}, []),
        ({"Status": "audit", "SearchKey": "R&D"}, ["ning", "li"]),
        ({"ManagerName": "Ning"}, ["ning", "li"]),
        ({"ManagerName": "Huang"}, ["ning", "ming"]),
        ({"ManagerName": "HuangNing"}, ["ning"]),
        ({"ManagerMail": "example.org"}, ["li", "ann"]),
        ({"ManagerMail": "ming@example.com"}, ["ming"]),
        ({"ManagerName": "Ning", "ManagerMail": "example.org"}, ["li"]),
    ],
)
def test_managers_are_found_by_what_is_known_of_them(
    desk: InsideDesk, caller: Caller, company: int, query: dict[str, object], names: list[str]
) -> None:
    """SearchKey is an exact match on `last name|first name|mail|department`."""
    employ(desk, caller, company)
    assert found(desk, caller, company, **query) == names


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, range(1, 11)),
        ({"Limit": 0}, []),
        ({"Limit": 3}, range(1, 4)),
        ({"Offset": "2", "Limit": "3"}, range(3, 6)),
        ({"Offset": 10}, range(11, 13)),
        ({"Offset": 12}, []),
        ({"Limit": 5000}, range(1, 13)),
    ],
)
def test_managers_come_in_pages(
    desk: InsideDesk, caller: Caller, company: int, query: dict[str, object], shown: range
) -> None:
    """In the order in which they came, ten where no number is given; the total is of all."""
    for number in range(1, 13):
        add(desk, caller, company, ManagerFirstName=str(number))
    reply = ask(desk, caller, company, **query)
    names = [each["ManagerFirstName"] for each in reply["Managers"]]
    assert (names, reply["TotalCount"]) == ([str(number) for number in shown], 12)


def test_a_page_of_managers_has_at_most_a_thousand(
    desk: InsideDesk, caller: Caller, company: int
) -> None:
    """A greater limit is cut, not refused."""
    number = add(desk, caller, company)

    def multiply(unit: Unit) -> None:
        manager = unit.managers.get(number)
        assert manager is not None
        for _ in range(1001):
            unit.managers.add(replace(manager, manager_id=0))

    desk.store.write(multiply)
    reply = ask(desk, caller, company, Limit=5000)
    assert (len(reply["Managers"]), reply["TotalCount"]) == (1000, 1002)


def test_all_faults_of_a_query_are_named(desk: InsideDesk, caller: Caller, company: int) -> None:
    """In one message."""
    with pytest.raises(InvalidParam) as refused:
        ask(desk, caller, company, Status="audi", Offset=-1, Limit=-2)
    assert refused.value.message == (
        "Incorrect parameters. Status: must be one of none, audit, CAaudit, ok, invalid, "
        'expiring, expired; got "audi". Offset: must be 0 or more, not -1. Limit: must be 0 '
        "or more, not -2."
    )


def test_the_managers_of_anothers_company_are_as_missing_as_of_an_unknown_one(
    desk: InsideDesk, caller: Caller, company: int
) -> None:
    """Both are an empty list."""
    add(desk, caller, company)
    other = desk.account()
    for number in (company, 999_999, 0, -1):
        assert ask(desk, other, number) == {"Managers": [], "TotalCount": 0}


def test_managers_of_other_companies_are_not_shown(
    desk: InsideDesk, caller: Caller, company: int
) -> None:
    """Not even those of the same account."""
    given = COMPANY | {"CompanyName": "Another Ltd"}
    other = int(desk.operator("AddCompany", Uin=caller.uin, **given)["CompanyId"])
    add(desk, caller, company, ManagerMail="here@example.com")
    add(desk, caller, other, ManagerMail="there@example.com")
    assert found(desk, caller, company) == ["here"]
    assert found(desk, caller, other) == ["there"]


def test_a_vetted_manager_shows_when_and_until_when(
    desk: InsideDesk, caller: Caller, company: int
) -> None:
    """398 days, in Beijing's time; the desk stands at noon, UTC, on the first of March."""
    number = add(desk, caller, company, Status="ok")
    (shown,) = ask(desk, caller, company)["Managers"]
    assert shown == {
        "Status": "ok",
        "ManagerFirstName": "Ning",
        "ManagerLastName": "Huang",
        "ManagerPosition": "R&D",
        "ManagerPhone": "13*******34",
        "ManagerMail": "ssl@tencent.com",
        "ManagerDepartment": "R&D Department",
        "CreateTime": "2026-03-01 20:00:00",
        "DomainCount": 0,
        "CertCount": 0,
        "ManagerId": number,
        "ExpireTime": "2027-04-03 20:00:00",
        "SubmitAuditTime": "2026-03-01 20:00:00",
        "VerifyTime": "2026-03-01 20:00:00",
        "StatusInfo": [
            {
                "Type": kind,
                "Status": "completed",
                "CreateTime": "2026-03-01 20:00:00",
                "ExpireTime": "2027-04-03 20:00:00",
                "ManagerPreAuditDomains": [],
            }
            for kind in ("ov", "ev")
        ],
        "Tags": [],
    }


def test_orders_and_names_are_counted_by_the_material_in_force(
    tmp_path: Path,
) -> None:
    """A name that two orders share counts once; replaced material counts no more."""
    with InsideDesk(tmp_path) as desk:
        caller = desk.account()
        company = int(desk.operator("AddCompany", Uin=caller.uin, **COMPANY)["CompanyId"])
        manager = add(desk, caller, company)
        own = PERSONAL | {"CompanyType": 2, "ManagerId": str(manager)}
        first, second = desk.buy(caller, 26, 3), desk.buy(caller)

        def submit(order: str, **changes: object) -> None:
            desk.call(caller, "CertificateInfoSubmit", **own | {"CertId": order} | changes)

        submit(first, DnsNames=["a.example.com", "b.example.com"])
        submit(first, DnsNames=["a.example.com"])
        submit(second)
        (shown,) = ask(desk, caller, company)["Managers"]
        assert (shown["CertCount"], shown["DomainCount"]) == (2, 2)
        submit(second, CompanyType=1)
        (shown,) = ask(desk, caller, company)["Managers"]
        assert (shown["CertCount"], shown["DomainCount"]) == (1, 2)


# --- the operator -------------------------------------------------------------------------------


def test_a_manager_waits_for_vetting_unless_it_is_entered_as_vetted(
    desk: InsideDesk, caller: Caller, company: int
) -> None:
    """Entering it again as vetted is how the operator vouches for it."""
    number = add(desk, caller, company)
    assert ask(desk, caller, company)["Managers"][0]["Status"] == "audit"
    desk.clock.move(timedelta(days=1))
    assert add(desk, caller, company, Status="ok") == number
    (shown,) = ask(desk, caller, company)["Managers"]
    assert (shown["Status"], shown["VerifyTime"]) == ("ok", "2026-03-02 20:00:00")
    assert add(desk, caller, company, Status="audit") == number
    assert ask(desk, caller, company)["Managers"][0]["Status"] == "ok"
    details = [(entry.actor, entry.detail) for entry in desk.audit(f"manager:{number}")]
    assert details == [("operator", "audit"), ("operator", "ok"), ("operator", "ok")]


def test_the_operator_sees_the_contact_and_the_company(
    desk: InsideDesk, caller: Caller, company: int
) -> None:
    """Telephone numbers masked here too, identity numbers nowhere."""
    identity = {"ManagerIdType": "HZ", "ManagerIdNumber": "EF1234567"}
    number = add(desk, caller, company, **identity, ContactIdNumber="EF7654321")
    shown = desk.operator("ShowManager", ManagerId=number)
    assert (shown["Uin"], shown["CompanyId"]) == (caller.uin, company)
    manager = ask(desk, caller, company)["Managers"][0]
    assert {**shown["Manager"], **dict.fromkeys(TIMES)} == {**manager, **dict.fromkeys(TIMES)}
    assert shown["Manager"]["CreateTime"] == "2026-03-01T12:00:00Z"
    assert shown["Contact"] == {
        "ContactFirstName": "Ning",
        "ContactLastName": "Huang",
        "ContactPosition": "R&D",
        "ContactPhone": "13*******34",
        "ContactMail": "ssl@tencent.com",
    }
    assert shown["Remarks"] == []
    assert not any(secret in str(shown) for secret in ("EF1234567", "EF7654321", "13112341234"))


def test_the_operator_lists_by_account_and_company(
    desk: InsideDesk, caller: Caller, company: int
) -> None:
    """All of the account where no company is named."""
    given = COMPANY | {"CompanyName": "Another Ltd"}
    other = int(desk.operator("AddCompany", Uin=caller.uin, **given)["CompanyId"])
    numbers = [add(desk, caller, company), add(desk, caller, other)]

    def listed(**query: object) -> list[int]:
        reply = desk.operator("ListManagers", Uin=caller.uin, **query)
        return [each["ManagerId"] for each in reply["Managers"]]

    assert listed() == numbers
    assert listed(CompanyId=other) == numbers[1:]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"ManagerFirstName": "x" * 65}, "ManagerFirstName: takes at most 64 characters, not 65."),
        ({"ManagerPosition": "..."}, "ManagerPosition: must contain more than dots, dashes and"),
        ({"ManagerPhone": "1\n2"}, "ManagerPhone: must not contain control characters."),
        ({"ManagerMail": "nobody"}, "ManagerMail: is not an e-mail address: "),
        ({"ManagerDepartment": "x" * 65}, "ManagerDepartment: takes at most 64 characters, not"),
        ({"ManagerIdType": "TYDMZ"}, "ManagerIdType: must be SFZ or HZ."),
        ({"ContactLastName": "x" * 65}, "ContactLastName: takes at most 64 characters, not 65."),
        ({"ContactMail": "a@b@c.de"}, "ContactMail: is not an e-mail address: "),
        ({"ContactIdType": "OTHERS"}, "ContactIdType: must be SFZ or HZ."),
        (
            {"Status": "expired"},
            "Status: must be audit (to be vetted), ok (vetted) or none (to be vetted later).",
        ),
    ],
)
def test_a_manager_that_could_not_be_ordered_with_is_refused(
    desk: InsideDesk, caller: Caller, company: int, changes: dict[str, object], rule: str
) -> None:
    """The rules are those of an order, in the operator's names."""
    with pytest.raises(InvalidParam) as refused:
        add(desk, caller, company, **changes)
    assert refused.value.detail.startswith(rule)
    assert found(desk, caller, company) == []


def test_a_company_of_the_account_and_a_manager_have_to_be_there(
    desk: InsideDesk, caller: Caller, company: int
) -> None:
    """Another account's company will not do."""
    for account, number in ((caller, 999_999), (desk.account(), company)):
        with pytest.raises(CompanyNotFound):
            add(desk, account, number)
    with pytest.raises(ManagerNotFound):
        desk.operator("ShowManager", ManagerId=1)
