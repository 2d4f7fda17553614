"""CertificateInfoSubmit, companies and managers: named by id, found by equal data, or created."""

from __future__ import annotations

from typing import Any

import pytest

from tests.actions.submitting import ADMIN, COMPANY, ORGANISATION, TECH, invalid, refused
from tests.running import Client, Keys, RunningDesk

OV = 28
NO_COMPANY = "needed when neither CompanyId nor ManagerId is set"
NO_MANAGER = "needed when ManagerId is not set"


@pytest.fixture(scope="module")
def company(desk: RunningDesk, keys: Keys) -> int:
    """A company that the operator entered."""
    return desk.company(keys)


@pytest.fixture(scope="module")
def manager(desk: RunningDesk, keys: Keys, company: int) -> int:
    """Its manager, vetted."""
    return desk.manager(keys, company, status="ok")


def without(*groups: dict[str, str]) -> dict[str, object]:
    """Give a company's material with whole groups left out."""
    return COMPANY | {name: None for group in groups for name in group}


def companies(client: Client) -> list[dict[str, Any]]:
    """List the account's companies."""
    found: list[dict[str, Any]] = client.call("DescribeCompanies", Limit=100)["Companies"]
    return found


def managers(client: Client, company_id: int) -> list[dict[str, Any]]:
    """List a company's managers."""
    found: list[dict[str, Any]] = client.call("DescribeManagers", CompanyId=company_id, Limit=100)[
        "Managers"
    ]
    return found


# --- what has to be there -----------------------------------------------------------------------


@pytest.mark.parametrize("none", ["0", "00"])
def test_without_ids_all_seventeen_parameters_are_needed(client: Client, none: str) -> None:
    """Eight of the organisation, five of the manager, four of the contact; zero is no id."""
    changes = without(ORGANISATION, ADMIN, TECH) | {"CompanyId": none, "ManagerId": none}
    needed = ", ".join(ORGANISATION)
    people = (
        "AdminFirstName, AdminLastName, AdminPhone, AdminEmail, AdminTitle, "
        "TechFirstName, TechLastName, TechPhone, TechTitle"
    )
    assert refused(client, client.buy(OV), **changes) == invalid(
        f"{needed}: {NO_COMPANY}. {people}: {NO_MANAGER}."
    )


@pytest.mark.parametrize("name", ORGANISATION)
def test_without_ids_each_parameter_of_the_organisation_is_needed(
    client: Client, name: str
) -> None:
    """Seven are not enough."""
    wanted = invalid(f"{name}: {NO_COMPANY}.")
    assert refused(client, client.buy(OV), **COMPANY | {name: ""}) == wanted


@pytest.mark.parametrize("name", [*ADMIN, *TECH])
def test_without_a_manager_each_parameter_of_the_people_is_needed(
    client: Client, company: int, name: str
) -> None:
    """With a company named as well as without one."""
    wanted = invalid(f"{name}: {NO_MANAGER}.")
    for company_id in ("0", str(company)):
        changes = COMPANY | {"CompanyId": company_id, name: ""}
        assert refused(client, client.buy(OV), **changes) == wanted


def test_a_mailbox_of_the_contact_is_not_needed(client: Client) -> None:
    """TechEmail is the one of its group that the page does not ask for."""
    order = client.buy(OV)
    client.submit(order, **COMPANY)
    assert client.detail(order)["SubmittedData"]["ContactEmail"] == ""
    client.submit(order, **COMPANY, TechEmail="ming@example.com")
    assert client.detail(order)["SubmittedData"]["ContactEmail"] == "ming@example.com"


def test_with_a_company_the_organisation_may_be_left_out(client: Client, company: int) -> None:
    """The people may not."""
    client.submit(client.buy(OV), **without(ORGANISATION) | {"CompanyId": str(company)})


def test_with_a_manager_everything_else_may_be_left_out(client: Client, manager: int) -> None:
    """The manager carries the company; CompanyId may be 0."""
    changes = without(ORGANISATION, ADMIN, TECH) | {"ManagerId": str(manager)}
    client.submit(client.buy(OV), **changes)


def test_ids_and_all_fields_may_come_together(client: Client, company: int, manager: int) -> None:
    """As in the page's examples; the fields are shown back as they were given."""
    order = client.buy(OV)
    ids = {"CompanyId": str(company), "ManagerId": str(manager)}
    client.submit(order, **COMPANY | ids)
    shown = client.detail(order)["SubmittedData"]
    assert shown["OrganizationName"] == "Example Trading Ltd"
    assert shown["AdminEmail"] == "ning@example.com"


# --- which wins ---------------------------------------------------------------------------------


def test_a_manager_wins_over_a_company(
    desk: RunningDesk, client: Client, keys: Keys, manager: int
) -> None:
    """The order counts for the manager named, whatever CompanyId says."""
    other = desk.company(keys, CompanyName="Another Ltd")
    changes = without(ORGANISATION, ADMIN, TECH) | {"ManagerId": str(manager)}
    client.submit(client.buy(OV), **changes | {"CompanyId": str(other)})
    assert managers(client, other) == []
    client.submit(client.buy(OV), **changes | {"CompanyId": "999999"})


def test_ids_of_a_person_are_not_looked_at(client: Client, order: str) -> None:
    """CompanyType 1 has no company."""
    client.submit(order, CompanyId="999999", ManagerId="999999")


@pytest.mark.parametrize(
    ("name", "what"),
    [("CompanyId", "company"), ("ManagerId", "manager")],
)
def test_an_id_of_another_account_answers_like_an_unknown_one(
    desk: RunningDesk, client: Client, company: int, manager: int, name: str, what: str
) -> None:
    """Word for word, the number itself aside."""
    other = desk.client()
    order = other.buy(OV)
    foreign = {"CompanyId": company, "ManagerId": manager}[name]
    for number in (foreign, 999_999):
        wanted = invalid(f"{name}: {what} {number} does not exist.")
        assert refused(other, order, **COMPANY | {name: str(number)}) == wanted
    client.submit(client.buy(OV), **COMPANY | {name: str(foreign)})


# --- found or created ---------------------------------------------------------------------------


def test_a_company_and_a_manager_are_created_and_wait_for_vetting(desk: RunningDesk) -> None:
    """From the fields, where no id is given."""
    client = desk.client()
    client.submit(client.buy(OV), **COMPANY)
    (company,) = companies(client)
    (manager,) = managers(client, company["CompanyId"])
    assert company | {"CompanyId": 0} == {
        "CompanyName": "Example Trading Ltd",
        "CompanyId": 0,
        "CompanyCountry": "CN",
        "CompanyProvince": "Beijing",
        "CompanyCity": "Beijing",
        "CompanyAddress": "1 Sample Road",
        "CompanyPhone": "01********78",
        "IdType": "",
        "IdNumber": None,
        "Tags": [],
    }
    assert manager["Status"] == "audit"
    assert manager["SubmitAuditTime"] == manager["CreateTime"] is not None
    assert (manager["VerifyTime"], manager["ExpireTime"]) == (None, None)
    assert (manager["ManagerFirstName"], manager["ManagerLastName"]) == ("Ning", "Huang")
    assert manager["ManagerPosition"] == "Head of operations"
    assert manager["ManagerDepartment"] == "Operations"
    assert (manager["ManagerPhone"], manager["ManagerMail"]) == ("13*******34", "ning@example.com")
    assert (manager["CertCount"], manager["DomainCount"]) == (1, 1)


def test_equal_data_finds_the_same_company_and_manager(desk: RunningDesk) -> None:
    """Letter case and outer blanks aside; the orders of a manager are counted."""
    client = desk.client()
    client.submit(client.buy(OV), **COMPANY)
    client.submit(client.buy(OV), **COMPANY | {"CertCommonName": "example.org"})
    spelled = {"OrgOrganization": " EXAMPLE trading LTD", "AdminLastName": "HUANG "}
    client.submit(client.buy(OV), **COMPANY | spelled)
    (company,) = companies(client)
    (manager,) = managers(client, company["CompanyId"])
    assert company["CompanyName"] == "Example Trading Ltd"
    assert (manager["CertCount"], manager["DomainCount"]) == (3, 2)


@pytest.mark.parametrize("name", sorted(ORGANISATION.keys() - {"OrgDivision", "OrgCountry"}))
def test_a_difference_in_the_organisation_is_another_company(desk: RunningDesk, name: str) -> None:
    """Each value counts, the telephone number too."""
    client = desk.client()
    client.submit(client.buy(OV), **COMPANY)
    client.submit(client.buy(OV), **COMPANY | {name: "99"})
    assert len(companies(client)) == 2


@pytest.mark.parametrize("name", ["OrgDivision", "AdminPhone", "AdminTitle", "TechLastName"])
def test_a_difference_in_the_people_is_another_manager_of_the_same_company(
    desk: RunningDesk, name: str
) -> None:
    """The division belongs to the manager, and the contact comes with it."""
    client = desk.client()
    client.submit(client.buy(OV), **COMPANY)
    client.submit(client.buy(OV), **COMPANY | {name: "99"})
    (company,) = companies(client)
    assert len(managers(client, company["CompanyId"])) == 2


def test_a_manager_is_created_for_the_company_that_is_named(desk: RunningDesk) -> None:
    """No second company comes into being."""
    keys = desk.account()
    client = desk.client(keys)
    company = desk.company(keys)
    changes = without(ORGANISATION) | {"CompanyId": str(company)}
    client.submit(client.buy(OV), **changes)
    assert [each["CompanyId"] for each in companies(client)] == [company]
    (manager,) = managers(client, company)
    assert (manager["Status"], manager["ManagerDepartment"]) == ("audit", None)


def test_a_company_that_the_operator_entered_is_found_by_equal_data(desk: RunningDesk) -> None:
    """However its country and its telephone number, which orders split, are written."""
    keys = desk.account()
    client = desk.client(keys)
    entered = desk.company(
        keys,
        CompanyName="Example Trading Ltd",
        CompanyCountry="China",
        CompanyProvince="Beijing",
        CompanyCity="Beijing",
        CompanyAddress="1 Sample Road",
        CompanyPhone="010-62345678",
    )
    client.submit(client.buy(OV), **COMPANY)
    assert [each["CompanyId"] for each in companies(client)] == [entered]


def test_accounts_do_not_share_companies(desk: RunningDesk) -> None:
    """Equal data of two accounts is two companies."""
    first, second = desk.client(), desk.client()
    for client in (first, second):
        client.submit(client.buy(OV), **COMPANY)
    numbers = {companies(client)[0]["CompanyId"] for client in (first, second)}
    assert len(numbers) == 2


def test_a_refused_submission_creates_nobody(desk: RunningDesk) -> None:
    """Neither a company nor a manager."""
    client = desk.client()
    refused(client, client.buy(OV), **COMPANY, Csr="rubbish", GenCsrType="parse")
    refused(client, client.buy(OV), **COMPANY | {"AdminEmail": "nobody"})
    assert companies(client) == []


# --- doubts -------------------------------------------------------------------------------------


def test_check_digits_and_telephone_numbers_are_only_remarked_on(desk: RunningDesk) -> None:
    """The page's own examples have numbers that do not fit."""
    client = desk.client()
    odd = {
        "OrgIdType": "TYDMZ",
        "OrgIdNumber": "111111111111110000",
        "AdminIdType": "SFZ",
        "AdminIdNumber": "110000000000000001",
        "TechIdType": "SFZ",
        "TechIdNumber": "110000000000000001",
        "OrgPhoneNumber": "123456789010",
        "AdminPhone": "1",
        "TechPhone": "phone",
    }
    client.submit(client.buy(98), **COMPANY | odd)
    (company,) = companies(client)
    (manager,) = managers(client, company["CompanyId"])
    shown = desk.certdesk("manager", "show", str(manager["ManagerId"]))
    assert shown["Remarks"] == [
        "ManagerIdNumber: the check digit of the identity card is wrong",
        "ManagerPhone: no valid telephone number in CN",
        "ContactIdNumber: the check digit of the identity card is wrong",
        "ContactPhone: no valid telephone number in CN",
    ]
    assert "110000000000000001" not in str(shown)
