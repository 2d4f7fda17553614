"""CertificateInfoSubmit, its place in an order's life: order of checks, repetition, masks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.actions.submitting import COMPANY, IDENTITY, invalid, refused, withdraw
from tests.running import Client, Keys, RunningDesk

OV = 28
NO_CERTIFICATE = ("FailedOperation.CertificateNotFound", "The certificate does not exist.")
CLOSED = "Certificate status does not allow submitting documentation."
MASKED = "is masked, and no earlier number matches it"


# --- the order of checks ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def withdrawn(desk: RunningDesk) -> tuple[Client, str, str]:
    """An account whose verification was taken back, with an open order and a cancelled one."""
    keys = desk.account()
    client = desk.client(keys)
    order, cancelled = client.buy(), client.buy()
    client.call("CancelCertificateOrder", CertificateId=cancelled)
    withdraw(desk, client, keys.uin, order)
    return client, order, cancelled


@pytest.mark.parametrize("certificate_id", ["aaaaaaaa", "0", "not an id", "'; --", "ä" * 200])
def test_an_unknown_certificate_is_the_first_thing_that_is_found(
    withdrawn: tuple[Client, str, str], certificate_id: str
) -> None:
    """Before the identity, the status and the parameters."""
    client, _, _ = withdrawn
    assert refused(client, certificate_id, GenCsrType="rubbish") == NO_CERTIFICATE


def test_another_accounts_certificate_answers_like_an_unknown_one(
    desk: RunningDesk, order: str
) -> None:
    """Word for word."""
    other = desk.client()
    assert refused(other, order) == refused(other, "aaaaaaaa") == NO_CERTIFICATE


def test_an_unverified_identity_comes_before_the_status(
    withdrawn: tuple[Client, str, str],
) -> None:
    """And before the parameters."""
    client, order, cancelled = withdrawn
    wanted = (
        "FailedOperation.NoRealNameAuth",
        "You have not completed the identity verification.",
    )
    assert refused(client, cancelled) == wanted
    assert refused(client, order, GenCsrType="rubbish") == wanted


def test_a_wrong_status_comes_before_the_parameters(client: Client, order: str) -> None:
    """A cancelled order takes no material, good or bad."""
    client.call("CancelCertificateOrder", CertificateId=order)
    wanted = (
        "FailedOperation.CertificateInfoSubmitStatusInvalid",
        f"{CLOSED} The order has status 7 (Cancelled).",
    )
    assert refused(client, order) == wanted
    assert refused(client, order, GenCsrType="rubbish") == wanted


def test_the_parameters_come_before_the_product(client: Client) -> None:
    """A person who orders OV and has a typing error elsewhere is told of the error first."""
    _, message = refused(client, client.buy(OV), VerifyType="EMAIL")
    assert "VerifyType" in message
    assert "CompanyType" not in message


def test_the_product_comes_before_the_csr(client: Client) -> None:
    """A CSR is the last thing that is looked at."""
    _, message = refused(client, client.buy(OV), GenCsrType="parse", Csr="rubbish")
    assert "CompanyType" in message
    assert "Csr:" not in message


# --- repetition ---------------------------------------------------------------------------------


def test_a_repeated_submission_replaces_the_last_as_a_whole(client: Client) -> None:
    """Nothing of the first is left, not even what the second does not mention."""
    order = client.buy(26, 3)
    client.submit(
        order,
        **COMPANY,
        DnsNames=["www.example.com"],
        VerifyType="FILE",
        UseCrossSignRoot=True,
        KeyPass="secret",
    )
    client.submit(order, CertCommonName="example.org", DnsNames=["www.example.org"])
    detail = client.detail(order)
    assert (detail["Status"], detail["StatusName"]) == (5, "Pending submission")
    assert (detail["Domain"], detail["SubjectAltName"]) == ("example.org", ["www.example.org"])
    assert detail["CertificateExtra"]["CompanyType"] == 1
    assert (detail["VerifyType"], detail["UseCrossSignRoot"]) == (None, False)
    shown = detail["SubmittedData"]
    assert (shown["OrganizationName"], shown["AdminFirstName"]) == ("", "")
    assert shown["ContactEmail"] == "webmaster@example.com"


def test_a_refused_repetition_leaves_the_last_submission(client: Client, order: str) -> None:
    """Whole, key and CSR included."""
    client.submit(order)
    before = client.detail(order)
    refused(client, order, CertCommonName="example.org", VerifyType="EMAIL")
    refused(client, order, CertCommonName="192.0.2.1")
    refused(client, order, GenCsrType="parse", Csr="rubbish")
    after = client.detail(order)
    assert after | {"RequestId": ""} == before | {"RequestId": ""}


def test_parallel_submissions_all_succeed_and_one_is_shown_whole(
    desk: RunningDesk, keys: Keys, order: str
) -> None:
    """The members of the one that is shown belong together."""

    def submit(number: int) -> None:
        own = {
            "CertCommonName": f"www{number}.example.com",
            "ContactEmail": f"post{number}@example.com",
        }
        desk.client(keys).submit(order, **own)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(submit, range(24)))
    detail = desk.client(keys).detail(order)
    number = int(detail["Domain"].removeprefix("www").removesuffix(".example.com"))
    assert detail["SubmittedData"]["ContactEmail"] == f"post{number}@example.com"


# --- shown back, and handed in again ------------------------------------------------------------


def test_everything_is_shown_back_but_what_is_secret(client: Client) -> None:
    """The pass phrase and identity numbers; what was not given is empty."""
    order = client.buy(98)
    client.submit(order, **COMPANY, **IDENTITY, VerifyType="DNS", KeyPass="secret word")
    detail = client.detail(order)
    assert detail["SubmittedData"] == {
        "CsrType": "online",
        "CsrContent": "",
        "CertificateDomain": "example.com",
        "DomainList": [],
        "KeyPassword": "",
        "OrganizationName": "Example Trading Ltd",
        "OrganizationDivision": "Operations",
        "OrganizationAddress": "1 Sample Road",
        "OrganizationCountry": "CN",
        "OrganizationCity": "Beijing",
        "OrganizationRegion": "Beijing",
        "PostalCode": "",
        "PhoneAreaCode": "010",
        "PhoneNumber": "62345678",
        "AdminFirstName": "Ning",
        "AdminLastName": "Huang",
        "AdminPhoneNum": "13112341234",
        "AdminEmail": "ning@example.com",
        "AdminPosition": "Head of operations",
        "ContactFirstName": "Ming",
        "ContactLastName": "Li",
        "ContactNumber": "13112345678",
        "ContactEmail": "",
        "ContactPosition": "Engineer",
        "VerifyType": "DNS",
    }
    hidden = ("secret word", "EF1234567", "EF7654321")
    assert not any(value in str(detail) for value in hidden)


def test_a_masked_number_handed_in_again_keeps_the_stored_one(client: Client) -> None:
    """Whoever edits what was shown does not lose what was not."""
    order = client.buy(OV)
    client.submit(order, **COMPANY)
    masked = {
        "OrgPhoneNumber": "62****78",
        "AdminPhone": "13*******34",
        "TechPhone": "13*******78",
    }
    client.submit(order, **COMPANY | masked | {"OrgCity": "Tianjin"})
    client.submit(order, **COMPANY | {"OrgCity": "Tianjin"})
    cities = [
        each["CompanyCity"] for each in client.call("DescribeCompanies", Limit=1000)["Companies"]
    ]
    assert cities.count("Tianjin") == 1, "equal data, so the stored number is the same one"
    shown = client.detail(order)["SubmittedData"]
    assert (shown["PhoneNumber"], shown["AdminPhoneNum"]) == ("62345678", "13112341234")


@pytest.mark.parametrize("name", ["OrgPhoneNumber", "AdminPhone", "TechPhone"])
def test_a_masked_number_that_fits_no_stored_one_is_refused(client: Client, name: str) -> None:
    """On a first submission, and when the digits that show are others."""
    order = client.buy(OV)
    wanted = invalid(f"{name}: {MASKED}.")
    assert refused(client, order, **COMPANY | {name: "13*******34"}) == wanted
    client.submit(order, **COMPANY)
    assert refused(client, order, **COMPANY | {name: "19*******34"}) == wanted
    assert refused(client, order, **COMPANY | {name: "13***34"}) == wanted
