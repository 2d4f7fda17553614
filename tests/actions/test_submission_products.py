"""CertificateInfoSubmit against what was bought: level, brand, number, root."""

from __future__ import annotations

import pytest

from tests.actions.submitting import ADMIN, COMPANY, IDENTITY, invalid, refused
from tests.running import Client

DV, OV, EV, CFCA, CFCA_EV, DNSPOD = 25, 28, 31, 98, 101, 48
NO_SUCH_ROOT = "The currently selected root certificate is invalid. Please reselect."


# --- CompanyType --------------------------------------------------------------------------------


@pytest.mark.parametrize(("product", "name"), [(OV, "WoTrus OV"), (EV, "WoTrus EV")])
def test_a_person_cannot_have_an_organisation_vetted(
    client: Client, product: int, name: str
) -> None:
    """CompanyType 1 is for DV products only."""
    wanted = invalid(f"CompanyType: 1 (personal) is for DV products, not for {name}; got 1.")
    assert refused(client, client.buy(product), CompanyType=1) == wanted


def test_a_person_needs_a_mailbox_and_nothing_else(client: Client, order: str) -> None:
    """No company, no manager; the refusal has a code of its own."""
    client.submit(order)
    code, message = refused(client, order, ContactEmail=None)
    assert code == "FailedOperation.CertificateInfoSubmitContactEmailEmpty"
    assert message == ("Mailbox cannot be empty. ContactEmail: needed when CompanyType is 1.")
    assert refused(client, order, ContactEmail="")[0] == code


@pytest.mark.parametrize("product", [DV, OV, EV])
def test_a_company_can_order_every_level(client: Client, product: int) -> None:
    """CompanyType 2, and no ContactEmail is needed."""
    order = client.buy(product)
    client.submit(order, **COMPANY)
    assert client.detail(order)["CertificateExtra"]["CompanyType"] == 2


# --- CFCA ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("product", "name"), [(CFCA, "CFCA OV"), (CFCA_EV, "CFCA EV")])
def test_cfca_needs_six_identity_parameters(client: Client, product: int, name: str) -> None:
    """In addition to all the others, and named together."""
    order = client.buy(product)
    wanted = invalid(
        "OrgIdType, OrgIdNumber, AdminIdType, AdminIdNumber, TechIdType, TechIdNumber: "
        f"needed for {name}."
    )
    assert refused(client, order, **COMPANY) == wanted
    client.submit(order, **COMPANY, **IDENTITY)


@pytest.mark.parametrize("name", IDENTITY)
def test_cfca_needs_each_one_of_them(client: Client, name: str) -> None:
    """Five are not enough."""
    wanted = invalid(f"{name}: needed for CFCA OV.")
    assert refused(client, client.buy(CFCA), **COMPANY | IDENTITY | {name: ""}) == wanted


def test_other_products_take_identity_parameters_without_need(client: Client) -> None:
    """They are kept, and no reply shows the numbers."""
    order = client.buy(OV)
    client.submit(order, **COMPANY, **IDENTITY)
    reply = str(client.detail(order))
    assert not any(number in reply for number in ("EF1234567", "EF7654321", "A-1"))


# --- several faults -----------------------------------------------------------------------------


def test_all_conditional_faults_are_named_in_one_message(client: Client) -> None:
    """Names that share a rule share a clause."""
    changes = COMPANY | {
        "OrgCity": "",
        "OrgPhoneArea": None,
        "AdminTitle": "",
        "TechLastName": None,
        "CsrKeyParameter": "",
        "VerifyType": "file",
    }
    assert refused(client, client.buy(OV), **changes) == invalid(
        'VerifyType: must be DNS or DNS_AUTO or FILE; got "file". CsrKeyParameter: needed '
        "when GenCsrType is online. OrgCity, OrgPhoneArea: needed when neither CompanyId "
        "nor ManagerId is set. AdminTitle, TechLastName: needed when ManagerId is not set."
    )


def test_all_faults_against_the_product_are_named_in_one_message(client: Client) -> None:
    """A wildcard, a wrong number, further names and missing identity."""
    changes = COMPANY | {"Type": 25, "CertCommonName": "*.example.com", "DnsNames": ["a.cn"]}
    assert refused(client, client.buy(CFCA), **changes) == invalid(
        "OrgIdType, OrgIdNumber, AdminIdType, AdminIdNumber, TechIdType, TechIdNumber: "
        "needed for CFCA OV. Type: must be 98, the product of the order; got 25. "
        "DnsNames: must be empty for CFCA OV, which covers one name. CertCommonName: must "
        'not contain a wildcard: CFCA OV does not cover wildcards; got "*.example.com".'
    )


# --- Type and CaType ----------------------------------------------------------------------------


def test_a_type_that_agrees_with_the_order_is_taken(client: Client) -> None:
    """Its numbers are those of the products; the page's example is 81, GlobalSign OV."""
    client.submit(client.buy(81), **COMPANY, Type=81)


@pytest.mark.parametrize("number", [81, 0, -1])
def test_a_type_that_contradicts_the_order_is_refused(
    client: Client, order: str, number: int
) -> None:
    """Which of the two was meant cannot be known."""
    wanted = invalid(f"Type: must be 25, the product of the order; got {number}.")
    assert refused(client, order, Type=number) == wanted


@pytest.mark.parametrize("chosen", ["sectigo", "digicert"])
@pytest.mark.parametrize("product", [43, 46, 48])
def test_the_ca_of_a_dnspod_product_can_be_chosen(
    client: Client, product: int, chosen: str
) -> None:
    """The two that the page names."""
    client.submit(client.buy(product), **COMPANY, CaType=chosen)


@pytest.mark.parametrize("chosen", ["DigiCert", "Sectigo", "segtico"])
def test_another_ca_of_a_dnspod_product_is_refused(client: Client, chosen: str) -> None:
    """The code is the vendor's for a root that is not to be had."""
    assert refused(client, client.buy(DNSPOD), CaType=chosen) == (
        "FailedOperation.CertificateOrderSubmitRootCAInvalid",
        f'{NO_SUCH_ROOT} CaType: must be sectigo or digicert; got "{chosen}".',
    )


def test_the_ca_of_other_products_cannot_be_chosen(client: Client, order: str) -> None:
    """Not even one that exists."""
    detail = 'CaType: is for DNSPod products only, not for WoTrus DV; got "sectigo".'
    assert refused(client, order, CaType="sectigo") == (
        "FailedOperation.CertificateOrderSubmitRootCAInvalid",
        f"{NO_SUCH_ROOT} {detail}",
    )


@pytest.mark.parametrize("given", [True, False, None])
def test_the_cross_signed_root_is_kept_as_asked_for(
    client: Client,
    order: str,
    given: bool | None,  # noqa: FBT001 -- a value of the parameter
) -> None:
    """And shown by the detail; false where nothing was asked for."""
    client.submit(order, UseCrossSignRoot=given)
    assert client.detail(order)["UseCrossSignRoot"] is bool(given)


def test_a_person_may_leave_out_or_give_what_only_companies_need(
    client: Client, order: str
) -> None:
    """What is not used is shown back all the same."""
    client.submit(order, **ADMIN)
    shown = client.detail(order)["SubmittedData"]
    assert (shown["AdminFirstName"], shown["AdminPhoneNum"]) == ("Ning", "13112341234")
