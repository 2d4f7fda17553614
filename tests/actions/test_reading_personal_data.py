"""Telephone numbers of what was handed in: in full for who may read personal data, else masked."""

from __future__ import annotations

import pytest

from tests.actions.submitting import COMPANY
from tests.running import Client, Keys, RunningDesk

OV = 28
NUMBERS = ("PhoneNumber", "AdminPhoneNum", "ContactNumber")
IN_FULL = ("62345678", "13112341234", "13112345678")
MASKED = ("62****78", "13*******34", "13*******78")
MASKED_PARAMETERS = dict(zip(("OrgPhoneNumber", "AdminPhone", "TechPhone"), MASKED, strict=True))
READING, DESCRIBING = "ssl:ReadPersonalData", "ssl:Describe*"


@pytest.fixture
def submitted(client: Client) -> str:
    """An order that waits for its submission, with a company's material."""
    order = client.buy(OV)
    client.submit(order, **COMPANY)
    return order


def shown(client: Client, order: str, action: str = "DescribeCertificateDetail") -> tuple[str, ...]:
    """Return the telephone numbers that an action shows of an order."""
    data = client.call(action, CertificateId=order)["SubmittedData"]
    return tuple(data[name] for name in NUMBERS)


@pytest.mark.parametrize("action", ["DescribeCertificate", "DescribeCertificateDetail"])
@pytest.mark.parametrize(
    ("allowed", "numbers"),
    [
        (("ssl:*",), IN_FULL),
        (("ssl:Describe*", READING), IN_FULL),
        (("ssl:Describe*",), MASKED),
        (("ssl:Describe*", "ssl:ReadPrivateKey"), MASKED),
    ],
)
def test_numbers_are_in_full_for_who_may_read_personal_data(
    desk: RunningDesk,
    keys: Keys,
    submitted: str,
    action: str,
    allowed: tuple[str, ...],
    numbers: tuple[str, ...],
) -> None:
    """And masked for everybody else, whatever else they may do."""
    reader = desk.client(desk.user(keys, *allowed).keys)
    assert shown(reader, submitted, action) == numbers


def test_the_account_itself_sees_them_in_full(client: Client, submitted: str) -> None:
    """No policy binds it."""
    assert shown(client, submitted) == IN_FULL


def test_everything_else_is_the_same_for_both(
    desk: RunningDesk, keys: Keys, client: Client, submitted: str
) -> None:
    """E-mail addresses too; the permission is about numbers."""
    reader = desk.client(desk.user(keys, DESCRIBING).keys)
    whole = client.detail(submitted)["SubmittedData"]
    assert reader.detail(submitted)["SubmittedData"] == whole | dict(
        zip(NUMBERS, MASKED, strict=True)
    )


def test_it_may_be_denied_for_one_certificate(
    desk: RunningDesk, keys: Keys, client: Client, submitted: str
) -> None:
    """To a user who may do everything else."""
    other = client.buy(OV)
    client.submit(other, **COMPANY)
    user = desk.user(keys, "ssl:*")
    desk.bind(user, "deny", READING, certificates=[submitted])
    reader = desk.client(user.keys)
    assert (shown(reader, submitted), shown(reader, other)) == (MASKED, IN_FULL)
    assert reader.detail(submitted)["CertificatePrivateKey"] is not None


def test_numbers_stay_in_their_project_if_a_stranger_to_them_moves_the_order(
    desk: RunningDesk, keys: Keys, client: Client, submitted: str
) -> None:
    """Who may read them takes them along."""
    denied = desk.project(keys)
    move = {"CertificateIdList": [submitted], "ProjectId": denied}
    client.call("ModifyCertificateProject", **move)
    user = desk.user(keys, "ssl:*")
    desk.bind(user, "deny", READING, projects=[denied])
    theirs = desk.client(user.keys)
    theirs.call("ModifyCertificateProject", **move | {"ProjectId": 0})
    assert shown(theirs, submitted) == MASKED
    client.call("ModifyCertificateProject", **move | {"ProjectId": 0})
    assert shown(theirs, submitted) == IN_FULL


def test_a_masked_number_that_is_handed_in_again_reveals_nothing(
    desk: RunningDesk, keys: Keys, client: Client, submitted: str
) -> None:
    """Otherwise whoever sees `13*******34` would hand that in elsewhere, and read the rest."""
    denied = desk.project(keys)
    client.call("ModifyCertificateProject", CertificateIdList=[submitted], ProjectId=denied)
    user = desk.user(keys, "ssl:*")
    desk.bind(user, "deny", READING, projects=[denied])
    theirs = desk.client(user.keys)
    theirs.call("ModifyCertificateProject", CertificateIdList=[submitted], ProjectId=0)
    theirs.submit(submitted, **COMPANY | MASKED_PARAMETERS)
    assert shown(theirs, submitted) == MASKED
    assert shown(client, submitted) == IN_FULL
    theirs.submit(submitted, **COMPANY | {"AdminPhone": "13112349999"})
    assert shown(theirs, submitted)[1] == "13112349999"


def test_outside_of_it_numbers_are_masked_for_all(client: Client, submitted: str) -> None:
    """Companies and managers are shown as the vendor shows managers."""
    assert shown(client, submitted) == IN_FULL
    told = str(client.call("DescribeCompanies", Limit=1000))
    companies = client.call("DescribeCompanies", Limit=1000)["Companies"]
    for company in companies:
        told += str(client.call("DescribeManagers", CompanyId=company["CompanyId"], Limit=1000))
    assert [number for number in IN_FULL if number in told] == []
    assert "13*******34" in told


def test_nothing_is_shown_of_it_once_the_order_is_submitted(client: Client, submitted: str) -> None:
    """And all of it again where the order is opened again."""
    before = client.detail(submitted)["SubmittedData"]
    client.call("CertificateOrderSubmit", CertId=submitted, VerifyType="DNS")
    assert client.detail(submitted)["SubmittedData"] is None
    assert client.call("DescribeCertificate", CertificateId=submitted)["SubmittedData"] is None
    client.call("CancelAuditCertificate", CertificateId=submitted)
    assert client.detail(submitted)["SubmittedData"] is None
    client.call("ModifyCertificateResubmit", CertificateId=submitted)
    assert client.detail(submitted)["SubmittedData"] == before
