"""DescribeCompanies, and how the operator enters and lists companies."""

from __future__ import annotations

from pathlib import Path

import pytest

from certdesk.domain.errors import (
    AccountNotFound,
    CompanyNotFound,
    InvalidParam,
    InvalidParameterValue,
)
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.ports import Unit, VaultError
from tests.inside import InsideDesk
from tests.running import COMPANY

SHOWN: dict[str, object] = {
    "CompanyName": "Tencent Cloud SSL Certificate",
    "CompanyCountry": "CN",
    "CompanyProvince": "Guangdong Province",
    "CompanyCity": "Guangzhou",
    "CompanyAddress": "No. 101, xxxxxx, xx District, Guangzhou, Guangdong Province",
    "CompanyPhone": "01*********23",
    "IdType": "",
    "IdNumber": None,
    "Tags": [],
}


@pytest.fixture
def desk(tmp_path: Path) -> InsideDesk:
    """A desk in memory."""
    return InsideDesk(tmp_path)


@pytest.fixture
def caller(desk: InsideDesk) -> Caller:
    """An account on it."""
    return desk.account()


def add(desk: InsideDesk, caller: Caller, **changes: object) -> int:
    """Enter a company; give its number."""
    given = {name: value for name, value in (COMPANY | changes).items() if value is not None}
    return int(desk.operator("AddCompany", Uin=caller.uin, **given)["CompanyId"])


def names(desk: InsideDesk, caller: Caller, **query: object) -> tuple[list[str], int]:
    """Ask for companies; give their names and the total."""
    found = desk.call(caller, "DescribeCompanies", **query)
    return [each["CompanyName"] for each in found["Companies"]], found["TotalCount"]


# --- DescribeCompanies --------------------------------------------------------------------------


def test_an_account_without_companies_sees_none(desk: InsideDesk, caller: Caller) -> None:
    """An empty list, not an error."""
    assert names(desk, caller) == ([], 0)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, range(1, 11)),
        ({"Limit": 0}, range(1, 11)),
        ({"Limit": 3}, range(1, 4)),
        ({"Offset": 2, "Limit": 3}, range(3, 6)),
        ({"Offset": "2", "Limit": "3"}, range(3, 6)),
        ({"Offset": 10}, range(11, 13)),
        ({"Offset": 12}, []),
        ({"Offset": 2**53}, []),
        ({"Limit": 100}, range(1, 13)),
    ],
)
def test_companies_come_in_pages(
    desk: InsideDesk, caller: Caller, query: dict[str, object], shown: range
) -> None:
    """In the order in which they came, ten where no number is given; the total is of all."""
    for number in range(1, 13):
        add(desk, caller, CompanyName=str(number))
    assert names(desk, caller, **query) == ([str(number) for number in shown], 12)


def test_a_page_has_at_most_a_thousand(desk: InsideDesk, caller: Caller) -> None:
    """A greater limit is cut, not refused."""
    number = add(desk, caller)

    def multiply(unit: Unit) -> None:
        company = unit.companies.get(number)
        assert company is not None
        for _ in range(1001):
            unit.companies.add(replace(company, company_id=0))

    desk.store.write(multiply)
    shown, total = names(desk, caller, Limit=5000)
    assert (len(shown), total) == (1000, 1002)


@pytest.mark.parametrize("name", ["Offset", "Limit"])
def test_a_negative_number_is_refused(desk: InsideDesk, caller: Caller, name: str) -> None:
    """The action's own list of errors has a code for it."""
    with pytest.raises(InvalidParameterValue) as refused:
        names(desk, caller, **{name: -1})
    assert refused.value.message == (f"Invalid parameter value. {name}: must be 0 or more, not -1.")


def test_one_company_can_be_asked_for(desk: InsideDesk, caller: Caller) -> None:
    """By its number; 0 is all."""
    add(desk, caller, CompanyName="first")
    second = add(desk, caller, CompanyName="second")
    assert names(desk, caller, CompanyId=second) == (["second"], 1)
    assert names(desk, caller, CompanyId=0)[1] == 2


def test_anothers_company_is_as_missing_as_an_unknown_one(desk: InsideDesk, caller: Caller) -> None:
    """Both are an empty list."""
    number = add(desk, caller)
    other = desk.account()
    assert names(desk, other) == ([], 0)
    assert names(desk, other, CompanyId=number) == ([], 0)
    assert names(desk, other, CompanyId=999_999) == ([], 0)


def test_a_company_that_was_altered_is_neither_left_out_nor_shown(
    desk: InsideDesk, caller: Caller
) -> None:
    """The page fails, which the API tells as an `InternalError`, and the log says which it is."""
    good, bad = add(desk, caller, CompanyName="Good"), add(desk, caller, CompanyName="Bad")

    def alter(unit: Unit) -> None:
        company = unit.companies.get(bad)
        assert company is not None
        unit.companies.replace(replace(company, personal=bytes(80)))

    desk.store.write(alter)
    with pytest.raises(VaultError, match=rf"^company {bad}: .*cannot be decrypted"):
        names(desk, caller)
    assert names(desk, caller, CompanyId=good) == (["Good"], 1)
    assert names(desk, caller, Limit=1) == (["Good"], 2)


# --- the operator -------------------------------------------------------------------------------


def test_a_company_is_shown_with_its_telephone_number_masked(
    desk: InsideDesk, caller: Caller
) -> None:
    """The same to its account and to the operator."""
    number = add(desk, caller)
    wanted = SHOWN | {"CompanyId": number}
    assert desk.call(caller, "DescribeCompanies")["Companies"] == [wanted]
    assert desk.operator("ListCompanies", Uin=caller.uin)["Companies"] == [wanted]
    assert desk.operator("ShowCompany", CompanyId=number) == {"Uin": caller.uin, "Company": wanted}


def test_an_identity_number_is_never_shown(desk: InsideDesk, caller: Caller) -> None:
    """Its type is, and the tags are."""
    tags = [{"TagKey": "group", "TagValue": "north"}]
    number = add(desk, caller, IdType="TYDMZ", IdNumber="91330106673959654P", Tags=tags)
    shown = desk.operator("ShowCompany", CompanyId=number)["Company"]
    assert (shown["IdType"], shown["IdNumber"], shown["Tags"]) == ("TYDMZ", None, tags)


def test_a_name_and_a_country_are_enough(desk: InsideDesk, caller: Caller) -> None:
    """What else is not known is null."""
    given = {"CompanyName": "Example Ltd", "CompanyCountry": "DE"}
    number = desk.operator("AddCompany", Uin=caller.uin, **given)["CompanyId"]
    shown = desk.operator("ShowCompany", CompanyId=number)["Company"]
    assert {name for name, value in shown.items() if value} == {*given, "CompanyId"}


def test_a_company_entered_twice_is_one(desk: InsideDesk, caller: Caller) -> None:
    """Letter case and the punctuation of the telephone number aside; each try is on record."""
    first = add(desk, caller)
    again = {"CompanyName": "TENCENT cloud SSL certificate", "CompanyPhone": "(010) 234123123"}
    assert add(desk, caller, **again) == first
    assert add(desk, caller, CompanyCity="Shenzhen") != first
    assert len(desk.audit(f"company:{first}")) == 2


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"CompanyCountry": "XX"}, "CompanyCountry: must be two letters of ISO 3166, such as CN."),
        ({"CompanyName": "."}, "CompanyName: must contain more than dots, dashes and blanks."),
        ({"CompanyName": "x" * 65}, "CompanyName: takes at most 64 characters, not 65."),
        (
            {"CompanyProvince": "a\tb"},
            ("CompanyProvince: must not contain control characters: U+0009."),
        ),
        ({"CompanyCity": "x" * 129}, "CompanyCity: takes at most 128 characters, not 129."),
        ({"CompanyAddress": "x" * 257}, "CompanyAddress: takes at most 256 characters, not 257."),
        ({"CompanyPhone": "1" * 33}, "CompanyPhone: takes at most 32 characters, not 33."),
        ({"IdNumber": "1" * 33}, "IdNumber: takes at most 32 characters, not 33."),
        ({"IdType": "SFZ"}, "IdType: must be TYDMZ or OTHERS."),
    ],
)
def test_a_company_that_could_not_be_ordered_for_is_refused(
    desk: InsideDesk, caller: Caller, changes: dict[str, object], rule: str
) -> None:
    """The rules are those of an order, in the operator's names."""
    with pytest.raises(InvalidParam) as refused:
        add(desk, caller, **changes)
    assert refused.value.detail == rule
    assert names(desk, caller) == ([], 0)


def test_all_faults_of_a_company_are_named(desk: InsideDesk, caller: Caller) -> None:
    """In one message."""
    with pytest.raises(InvalidParam) as refused:
        add(desk, caller, CompanyName="-", CompanyCountry="XX", CompanyCity=".")
    for name in ("CompanyName", "CompanyCountry", "CompanyCity"):
        assert f"{name}: " in refused.value.detail


def test_an_account_and_a_company_have_to_be_there(desk: InsideDesk) -> None:
    """For entering, listing and showing."""
    for action in ("AddCompany", "ListCompanies"):
        given = COMPANY if action == "AddCompany" else {}
        with pytest.raises(AccountNotFound):
            desk.operator(action, Uin="100000000000", **given)
    with pytest.raises(CompanyNotFound):
        desk.operator("ShowCompany", CompanyId=1)
