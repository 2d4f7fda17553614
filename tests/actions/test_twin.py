"""SubmitCertificateInformation: the same as CertificateInfoSubmit, in its older names and codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tencentcloud.common import credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.ssl.v20191205 import models, ssl_client

from certdesk.bootstrap import actions
from certdesk.domain.errors import AuthError
from tests.acceptance.database import csr_in_force
from tests.actions.submitting import INVALID, invalid, refusal, withdraw
from tests.running import Client, Keys, RunningDesk

UPLOADED_CSR = Path(__file__).parents[1] / "data" / "uploaded_csr.pem"
WOTRUS_DV, WOTRUS_OV, WOTRUS_OV_MULTI, CFCA_OV = 25, 28, 29, 98

COMPANY: dict[str, object] = {
    "CsrType": "online",
    "CertificateDomain": "example.com",
    "OrganizationName": "Example Trading Ltd",
    "OrganizationDivision": "Operations",
    "OrganizationAddress": "1 Sample Road",
    "OrganizationCountry": "CN",
    "OrganizationCity": "Beijing",
    "OrganizationRegion": "Hebei",
    "PhoneAreaCode": "010",
    "PhoneNumber": "62345678",
    "AdminFirstName": "Ning",
    "AdminLastName": "Huang",
    "AdminPhoneNum": "13112341234",
    "AdminEmail": "ning@example.com",
    "AdminPosition": "Head of operations",
    "ContactFirstName": "Ming",
    "ContactLastName": "Li",
    "ContactEmail": "ming@example.com",
    "ContactNumber": "13112345678",
    "ContactPosition": "Engineer",
}
PERSON: dict[str, object] = {
    "CsrType": "online",
    "CertificateDomain": "example.com",
    "ContactEmail": "webmaster@example.com",
    "IsDV": True,
}


def submit(client: Client, order: str, material: dict[str, object], **changes: object) -> Any:  # noqa: ANN401 -- a reply
    """Hand in material in the older form, with changes; None takes one out."""
    given = {name: value for name, value in (material | changes).items() if value is not None}
    return client.call("SubmitCertificateInformation", CertificateId=order, **given)


def refused(
    client: Client, order: str, material: dict[str, object], **changes: object
) -> tuple[str, str]:
    """Hand in material that is to be refused; give the code and the message."""
    return refusal(lambda: submit(client, order, material, **changes))


# --- what is taken ------------------------------------------------------------------------------


def test_every_parameter_is_shown_back_under_its_own_name(client: Client) -> None:
    """SubmittedData has the names of this action; what is secret is hidden."""
    order = client.buy(WOTRUS_OV_MULTI, 2)
    given = {
        "CsrType": "parse",
        "CsrContent": UPLOADED_CSR.read_text(),
        "CertificateDomain": "tencent.com",
        "DomainList": ["www.tencent.com"],
        "KeyPassword": "secret pass",
        "PostalCode": "100000",
        "VerifyType": "FILE",
        "IsDV": False,
    }
    assert submit(client, order, COMPANY | given)["CertificateId"] == order
    assert client.detail(order)["SubmittedData"] == {
        name: value for name, value in (COMPANY | given).items() if name != "IsDV"
    } | {"KeyPassword": ""}


def test_an_online_key_has_2048_bits_of_rsa(desk: RunningDesk, client: Client) -> None:
    """There is no parameter to choose another."""
    order = client.buy(WOTRUS_OV)
    submit(client, order, COMPANY)
    detail = client.detail(order)
    key = load_pem_private_key(detail["CertificatePrivateKey"].encode(), None)
    csr = x509.load_pem_x509_csr(csr_in_force(desk.folder, order).encode())
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert csr.public_key() == key.public_key()
    assert (detail["EncryptAlgorithm"], detail["CertificateExtra"]["CompanyType"]) == (
        "RSA 2048",
        2,
    )


def test_a_person_needs_no_company(client: Client) -> None:
    """With IsDV only names and an e-mail address have to be given."""
    order = client.buy(WOTRUS_DV)
    submit(client, order, PERSON)
    detail = client.detail(order)
    assert detail["CertificateExtra"]["CompanyType"] == 1
    assert detail["SubmittedData"]["ContactEmail"] == "webmaster@example.com"
    assert detail["SubmittedData"]["OrganizationName"] == ""


def test_both_forms_work_on_the_same_order(client: Client) -> None:
    """Each replaces the other, and what was read back may be handed in again."""
    order = client.buy(WOTRUS_OV)
    submit(client, order, COMPANY, PostalCode="100000")
    newer = {"AutoRenewFlag": 1, "CompanyType": 2, "ManagerId": "0", "ContactEmail": None}
    shown = client.detail(order)["SubmittedData"]
    names = {
        "OrgOrganization": "OrganizationName",
        "OrgDivision": "OrganizationDivision",
        "OrgAddress": "OrganizationAddress",
        "OrgCountry": "OrganizationCountry",
        "OrgCity": "OrganizationCity",
        "OrgRegion": "OrganizationRegion",
        "OrgPhoneArea": "PhoneAreaCode",
        "OrgPhoneNumber": "PhoneNumber",
        "AdminFirstName": "AdminFirstName",
        "AdminLastName": "AdminLastName",
        "AdminPhone": "AdminPhoneNum",
        "AdminEmail": "AdminEmail",
        "AdminTitle": "AdminPosition",
        "TechFirstName": "ContactFirstName",
        "TechLastName": "ContactLastName",
        "TechPhone": "ContactNumber",
        "TechEmail": "ContactEmail",
        "TechTitle": "ContactPosition",
    }
    client.submit(order, **newer, **{newer: shown[older] for newer, older in names.items()})
    again = client.detail(order)["SubmittedData"]
    assert again == shown | {"PostalCode": ""}
    assert (
        client.call("DescribeCertificates", CertIds=[order])["Certificates"][0]["AutoRenewFlag"]
        == 1
    )
    submit(client, order, COMPANY | {name: again[name] for name in COMPANY})
    assert client.detail(order)["SubmittedData"]["PhoneNumber"] == "62345678"


def test_equal_data_is_the_same_company_and_manager(desk: RunningDesk) -> None:
    """In either form, and whatever the postal code is."""
    client = desk.client()
    submit(client, client.buy(WOTRUS_OV), COMPANY, PostalCode="100000")
    submit(client, client.buy(WOTRUS_OV), COMPANY)
    companies = client.call("DescribeCompanies")
    (company,) = companies["Companies"]
    managers = client.call("DescribeManagers", CompanyId=company["CompanyId"])
    assert (companies["TotalCount"], managers["TotalCount"]) == (1, 1)
    assert managers["Managers"][0]["CertCount"] == 2


def test_the_sdks_own_client_gets_the_id_back(desk: RunningDesk, keys: Keys) -> None:
    """Its types take the reply."""
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=desk.endpoint))
    sdk = ssl_client.SslClient(credential.Credential(keys.secret_id, keys.secret_key), "", profile)
    order = desk.client(keys).buy(WOTRUS_OV)
    request = models.SubmitCertificateInformationRequest()
    request._deserialize(COMPANY | {"CertificateId": order})  # noqa: SLF001 - as its command line does
    assert sdk.SubmitCertificateInformation(request).CertificateId == order


# --- what is refused ----------------------------------------------------------------------------


def test_what_is_missing_is_named_in_the_older_words(client: Client) -> None:
    """Hardly anything is marked as needed, and nearly everything is."""
    assert refused(client, client.buy(WOTRUS_OV), {}) == invalid(
        "CsrType, CertificateDomain: needed. "
        "OrganizationName, OrganizationDivision, OrganizationAddress, OrganizationCountry, "
        "OrganizationCity, OrganizationRegion, PhoneAreaCode, PhoneNumber, AdminFirstName, "
        "AdminLastName, AdminPhoneNum, AdminEmail, AdminPosition, ContactFirstName, "
        "ContactLastName, ContactNumber, ContactPosition: needed when IsDV is not true."
    )


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"CsrType": "online "}, 'CsrType: must be online or parse; got "online ".'),
        ({"CsrType": "parse"}, "CsrContent: needed when CsrType is parse."),
        (
            {"VerifyType": "DNS_AUTO"},
            "VerifyType: DNS_AUTO needs a DNS zone of the account that the desk may ",
        ),
        ({"ContactEmail": "nobody"}, "ContactEmail: is not an e-mail address: "),
        ({"PhoneNumber": "62***99"}, "PhoneNumber: is masked, and no earlier number"),
        ({"PostalCode": "1" * 41}, "PostalCode: takes at most 40 characters, not 41; got"),
        ({"PostalCode": "1\x07"}, "PostalCode: must not contain control characters: U+0007"),
        ({"DomainList": ["www.example.com"]}, "DomainList: must be empty for WoTrus OV, which"),
        ({"KeyPassword": "é"}, "KeyPassword: takes 1 to 32 printable ASCII characters."),
        ({"IsDV": True}, "IsDV: true is for DV products, not for WoTrus OV."),
    ],
)
def test_a_fault_is_told_in_the_older_words(
    client: Client, changes: dict[str, object], detail: str
) -> None:
    """The rules are those of the newer form; each fault is told once."""
    code, message = refused(client, client.buy(WOTRUS_OV), COMPANY, **changes)
    assert code == INVALID
    assert message.startswith(f"Incorrect parameters. {detail}")


def test_a_code_of_the_newer_form_is_replaced(client: Client) -> None:
    """The vendor lists neither of these for this action."""
    order = client.buy(WOTRUS_DV)
    assert refused(client, order, PERSON, ContactEmail=None) == invalid(
        "ContactEmail: needed when IsDV is true."
    )
    code, message = refused(client, order, PERSON, CertificateDomain="example")
    assert code == INVALID
    assert message.startswith("Incorrect parameters. CertificateDomain: ")
    code, message = refused(client, order, PERSON, CsrType="parse", CsrContent="rubbish")
    assert code == INVALID
    assert message.startswith("Incorrect parameters. CsrContent: ")


def test_an_order_that_takes_no_material_has_the_wrong_status(client: Client, order: str) -> None:
    """The code is the one that the vendor lists."""
    client.call("CancelCertificateOrder", CertificateId=order)
    assert refused(client, order, PERSON) == (
        "FailedOperation.InvalidCertificateStatusCode",
        "The certificate status is incorrect. The order has status 7 (Cancelled).",
    )


def test_a_product_that_needs_identity_numbers_needs_the_newer_form(client: Client) -> None:
    """This one has no parameters for them."""
    code, message = refused(client, client.buy(CFCA_OV), COMPANY)
    assert (code, message) == invalid(
        "OrgIdType of CertificateInfoSubmit, OrgIdNumber of CertificateInfoSubmit, "
        "AdminIdType of CertificateInfoSubmit, AdminIdNumber of CertificateInfoSubmit, "
        "TechIdType of CertificateInfoSubmit, TechIdNumber of CertificateInfoSubmit: "
        "needed for CFCA OV."
    )


def test_an_account_that_is_not_verified_hands_nothing_in(desk: RunningDesk) -> None:
    """As in the newer form."""
    keys = desk.account()
    client = desk.client(keys)
    order = client.buy()
    withdraw(desk, client, keys.uin, order)
    assert refused(client, order, PERSON)[0] == "FailedOperation.NoRealNameAuth"


def test_only_codes_that_the_vendor_lists_are_declared() -> None:
    """The vendor's list for this action, which is shorter than that of the newer one."""
    action = actions().find("SubmitCertificateInformation")
    assert action is not None
    assert AuthError in action.errors
    assert {error.code for error in action.errors} <= {
        "FailedOperation.AuthError",
        "FailedOperation.CertificateNotFound",
        "FailedOperation.ExceedsFreeLimit",
        "FailedOperation.InvalidCertificateStatusCode",
        "FailedOperation.InvalidParam",
        "FailedOperation.NoProjectPermission",
        "FailedOperation.NoRealNameAuth",
        "InternalError",
    }
