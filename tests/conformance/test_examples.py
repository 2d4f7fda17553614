"""The three worked examples of the source page, through the official SDK and `tccli`.

Ids are those of an order that was bought and of records that the operator entered. What is read
back is written out here from the examples.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from tencentcloud.common import credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.ssl.v20191205 import models, ssl_client

from tests.acceptance.database import csr_in_force
from tests.conformance.scene import (
    CFCA_OV,
    ONLINE_COMPANY_TYPE_TEXT,
    ONLINE_WITH_IDS,
    PARSE_UPLOADED_CSR,
    WOTRUS_DV,
    WOTRUS_EV,
    WOTRUS_OV,
    Scene,
)
from tests.running import COMPANY

TCCLI = str(Path(sys.executable).with_name("tccli"))

SHOWN: dict[str, dict[str, Any]] = {
    ONLINE_WITH_IDS: {
        "CsrType": "online",
        "CertificateDomain": "tencent.com",
        "DomainList": [],
        "KeyPassword": "",
        "OrganizationName": "Tencent Cloud SSL Certificate",
        "OrganizationDivision": "R&D Department",
        "OrganizationAddress": "No. 101, xxxxxx, xx District, Guangzhou, Guangdong Province",
        "OrganizationCountry": "CN",
        "OrganizationCity": "Guangzhou",
        "OrganizationRegion": "Guangdong Province",
        "PostalCode": "",
        "PhoneAreaCode": "010",
        "PhoneNumber": "234123123",
        "AdminFirstName": "Ning",
        "AdminLastName": "Huang",
        "AdminPhoneNum": "13112341234",
        "AdminEmail": "ssl@tencent.com",
        "AdminPosition": "R&D",
        "ContactFirstName": "Ning",
        "ContactLastName": "Huang",
        "ContactNumber": "13112341234",
        "ContactEmail": "ssl@tencent.com",
        "ContactPosition": "R&D",
        "VerifyType": "FILE",
    },
    ONLINE_COMPANY_TYPE_TEXT: {
        "CsrType": "online",
        "CertificateDomain": "tencent.com",
        "DomainList": [],
        "KeyPassword": "",
        "OrganizationName": "Tencent Cloud SSL Certificate Trial",
        "OrganizationDivision": "R&D Department",
        "OrganizationAddress": "Tencent Cloud SSL Certificate test URL",
        "OrganizationCountry": "CN",
        "OrganizationCity": "Beijing",
        "OrganizationRegion": "Beijing",
        "PostalCode": "",
        "PhoneAreaCode": "010",
        "PhoneNumber": "123456789010",
        "AdminFirstName": "Ning",
        "AdminLastName": "Huang",
        "AdminPhoneNum": "18169239105",
        "AdminEmail": "ssl@tencent.com",
        "AdminPosition": "R&D",
        "ContactFirstName": "Test",
        "ContactLastName": "Test",
        "ContactNumber": "18169239105",
        "ContactEmail": "ssl@tencent.com",
        "ContactPosition": "R&D",
        "VerifyType": "",
    },
    PARSE_UPLOADED_CSR: {
        "CsrType": "parse",
        "CertificateDomain": "tencent.com",
        "DomainList": [],
        "KeyPassword": "",
        "OrganizationName": "Tencent Cloud SSL Certificate Trial",
        "OrganizationDivision": "R&D Department",
        "OrganizationAddress": "Tencent Cloud SSL Certificate test URL",
        "OrganizationCountry": "CN",
        "OrganizationCity": "Beijing",
        "OrganizationRegion": "Beijing",
        "PostalCode": "",
        "PhoneAreaCode": "010",
        "PhoneNumber": "123456789010",
        "AdminFirstName": "Ning",
        "AdminLastName": "Huang",
        "AdminPhoneNum": "18162039301",
        "AdminEmail": "ssl@tencent.com",
        "AdminPosition": "R&D",
        "ContactFirstName": "Ning",
        "ContactLastName": "Huang",
        "ContactNumber": "18162039301",
        "ContactEmail": "ssl@tencent.com",
        "ContactPosition": "R&D",
        "VerifyType": "",
    },
}
"""`SubmittedData` of each example, its CSR aside."""

NEVER_SHOWN = (
    "110000000000000001",  # AdminIdNumber and TechIdNumber
    "111111111111110000",  # OrgIdNumber
    "12345678",  # KeyPass
)
IN_FULL_NOWHERE_ELSE = ("13112341234", "18169239105", "18162039301", "234123123")

ON_PRODUCTS = [
    (ONLINE_WITH_IDS, CFCA_OV),
    *(
        (example, product)
        for example in (ONLINE_WITH_IDS, ONLINE_COMPANY_TYPE_TEXT, PARSE_UPLOADED_CSR)
        for product in (WOTRUS_DV, WOTRUS_OV, WOTRUS_EV)
    ),
]

each_example = pytest.mark.parametrize("example", SHOWN)


@pytest.mark.parametrize(("example", "product"), ON_PRODUCTS)
def test_an_example_goes_through_the_sdks_typed_client(
    example: str, product: int, scene: Scene
) -> None:
    """It is accepted on each product that fits it, and shown back as it was handed in."""
    order = scene.client.buy(product)
    request = models.CertificateInfoSubmitRequest()
    request.from_json_string(json.dumps(scene.example(example, order)))
    reply = typed_client(scene).CertificateInfoSubmit(request)
    assert len(reply.RequestId) == 36
    check_shown_back(scene, example, order)


@each_example
def test_an_example_goes_through_tccli_as_a_json_file(
    example: str, scene: Scene, tmp_path: Path
) -> None:
    """`--cli-input-json` sends the whole example."""
    order = scene.client.buy(WOTRUS_OV)
    file = tmp_path / "example.json"
    file.write_text(json.dumps(scene.example(example, order)))
    printed = tccli(scene, tmp_path, "--cli-input-json", file.as_uri())
    assert len(json.loads(printed)["RequestId"]) == 36
    check_shown_back(scene, example, order)


@each_example
def test_an_example_goes_through_tccli_as_arguments(
    example: str, scene: Scene, tmp_path: Path
) -> None:
    """One argument a parameter; those that the example leaves empty are left out."""
    order = scene.client.buy(WOTRUS_OV)
    arguments = [
        word
        for name, value in scene.example(example, order).items()
        if value != ""
        for word in (f"--{name}", str(value))
    ]
    printed = tccli(scene, tmp_path, "--cli-unfold-argument", *arguments)
    assert len(json.loads(printed)["RequestId"]) == 36
    check_shown_back(scene, example, order)


def test_tccli_tells_a_refusal_with_its_code(scene: Scene, tmp_path: Path) -> None:
    """The error reaches the command line's own message and exit code."""
    file = tmp_path / "example.json"
    file.write_text(json.dumps(scene.example(ONLINE_WITH_IDS, "nowhere1")))
    done = run_tccli(scene, tmp_path, "--cli-input-json", file.as_uri())
    assert done.returncode != 0
    assert "code:FailedOperation.CertificateNotFound" in done.stderr
    assert "message:The certificate does not exist." in done.stderr


def test_a_csr_made_for_an_example_names_the_company_that_the_id_names(scene: Scene) -> None:
    """Ids win over fields: an OV subject has the record's company, not the example's."""
    order = scene.client.buy(WOTRUS_OV)
    scene.client.call("CertificateInfoSubmit", **scene.example(ONLINE_COMPANY_TYPE_TEXT, order))
    csr = csr_of(scene, order)
    assert {attribute.oid: attribute.value for attribute in csr.subject} == {
        NameOID.COUNTRY_NAME: COMPANY["CompanyCountry"],
        NameOID.STATE_OR_PROVINCE_NAME: COMPANY["CompanyProvince"],
        NameOID.LOCALITY_NAME: COMPANY["CompanyCity"],
        NameOID.ORGANIZATION_NAME: COMPANY["CompanyName"],
        NameOID.COMMON_NAME: "tencent.com",
    }


def test_identity_numbers_are_in_no_reply_about_company_and_manager(scene: Scene) -> None:
    """They can be entered and never read."""
    companies = scene.client.call("DescribeCompanies")
    managers = scene.client.call("DescribeManagers", CompanyId=scene.company)
    assert companies["TotalCount"] >= 1
    assert managers["TotalCount"] >= 1
    check_never_shown(companies, *IN_FULL_NOWHERE_ELSE)
    check_never_shown(managers, *IN_FULL_NOWHERE_ELSE)


def check_shown_back(scene: Scene, example: str, order: str) -> None:
    """Read an order back and hold it against what its example says."""
    detail = scene.client.detail(order)
    submitted = dict(detail["SubmittedData"])
    csr = submitted.pop("CsrContent")
    assert submitted == SHOWN[example]
    check_never_shown(detail)
    assert detail["Status"] == 5
    assert detail["Domain"] == "tencent.com"
    assert detail["CertificateExtra"]["CompanyType"] == 2
    if example == PARSE_UPLOADED_CSR:
        assert csr == scene.example(example, order)["Csr"]
        assert detail["CertificatePrivateKey"] is None
    else:
        assert csr == ""
        check_made_here(scene, detail)


def check_made_here(scene: Scene, detail: dict[str, Any]) -> None:
    """The key is RSA 2048 as all online examples ask, and belongs to the CSR."""
    key = load_pem_private_key(detail["CertificatePrivateKey"].encode(), None)
    csr = csr_of(scene, detail["CertificateId"])
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert csr.public_key() == key.public_key()
    assert csr.is_signature_valid
    common_names = csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert [name.value for name in common_names] == ["tencent.com"]
    names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["tencent.com"]


def check_never_shown(reply: dict[str, Any], *others: str) -> None:
    """Neither identity numbers nor the pass phrase, nor any of the others.

    A telephone number of the examples begins with the digits of the pass phrase.
    """
    told = set(re.findall(r"\d+", json.dumps(reply)))
    assert told & {*NEVER_SHOWN, *others} == set()


def csr_of(scene: Scene, order: str) -> x509.CertificateSigningRequest:
    """Read the CSR of an order."""
    return x509.load_pem_x509_csr(csr_in_force(scene.desk.folder, order).encode())


def typed_client(scene: Scene) -> Any:  # noqa: ANN401 - the SDK is not typed
    """Give the SDK's client of the service, as a user of the real one would make it."""
    http = HttpProfile(protocol="http", endpoint=scene.desk.endpoint)
    keys = credential.Credential(scene.keys.secret_id, scene.keys.secret_key)
    return ssl_client.SslClient(keys, "", ClientProfile(httpProfile=http))


def tccli(scene: Scene, home: Path, *arguments: str) -> str:
    """Submit material with the vendor's command line; give what it printed."""
    done = run_tccli(scene, home, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_tccli(scene: Scene, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the vendor's command line in a home of its own."""
    return subprocess.run(
        [TCCLI, "ssl", "CertificateInfoSubmit", "--endpoint", scene.desk.url, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "TENCENTCLOUD_SECRET_ID": scene.keys.secret_id,
            "TENCENTCLOUD_SECRET_KEY": scene.keys.secret_key,
            "TENCENTCLOUD_REGION": "ap-guangzhou",
        },
    )
