"""Material for orders, as tests hand it in, and the refusal that they look for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.domain.values.keys import PrivateKey
from tests.running import Client, RunningDesk

ORGANISATION = {
    "OrgOrganization": "Example Trading Ltd",
    "OrgDivision": "Operations",
    "OrgAddress": "1 Sample Road",
    "OrgCountry": "CN",
    "OrgCity": "Beijing",
    "OrgRegion": "Beijing",
    "OrgPhoneArea": "010",
    "OrgPhoneNumber": "62345678",
}
ADMIN = {
    "AdminFirstName": "Ning",
    "AdminLastName": "Huang",
    "AdminPhone": "13112341234",
    "AdminEmail": "ning@example.com",
    "AdminTitle": "Head of operations",
}
TECH = {
    "TechFirstName": "Ming",
    "TechLastName": "Li",
    "TechPhone": "13112345678",
    "TechTitle": "Engineer",
}
IDENTITY = {
    "OrgIdType": "OTHERS",
    "OrgIdNumber": "A-1",
    "AdminIdType": "HZ",
    "AdminIdNumber": "EF1234567",
    "TechIdType": "HZ",
    "TechIdNumber": "EF7654321",
}
PERSONAL: dict[str, object] = {
    "GenCsrType": "online",
    "CertCommonName": "example.com",
    "CompanyType": 1,
    "CompanyId": "0",
    "ContactEmail": "webmaster@example.com",
    "CsrEncryptAlgo": "ECC",
    "CsrKeyParameter": "prime256v1",
}
"""Good material of a person."""

COMPANY: dict[str, object] = {
    "CompanyType": 2,
    "ContactEmail": None,
    **ORGANISATION,
    **ADMIN,
    **TECH,
}
"""What makes the good material of a person that of a company, without ids."""

Hash: TypeAlias = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
"""The hashes that a CSR may be signed with."""

INVALID = "FailedOperation.InvalidParam"


def refusal(call: Callable[[], object]) -> tuple[str, str]:
    """Make a call that is to be refused; give the code and the message."""
    with pytest.raises(TencentCloudSDKException) as refused:
        call()
    return refused.value.get_code(), refused.value.get_message()


def refused(client: Client, certificate_id: str, **changes: object) -> tuple[str, str]:
    """Hand in material that is to be refused; give the code and the message."""
    return refusal(lambda: client.submit(certificate_id, **changes))


def withdraw(desk: RunningDesk, client: Client, uin: str, order: str) -> None:
    """Take an account's verification back; return when its key is seen so.

    Keys are remembered for half a second.
    """
    desk.certdesk("account", "verify", uin, "--withdraw")
    while refused(client, order, GenCsrType="rubbish")[0] != "FailedOperation.NoRealNameAuth":
        time.sleep(0.05)


def invalid(detail: str) -> tuple[str, str]:
    """Give the refusal of a parameter: the recorded sentence, then the detail."""
    return INVALID, f"Incorrect parameters. {detail}"


def csr_for(
    key: PrivateKey,
    common_name: str | None = "example.com",
    names: tuple[str, ...] = (),
    hashed: Hash | None = None,
) -> str:
    """Make a CSR as a user's own tools do, with a unit in the subject, which none will issue."""
    subject = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Operations")]
    if common_name is not None:
        subject.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternative, critical=False)
    return builder.sign(key, hashed or hashes.SHA256()).public_bytes(Encoding.PEM).decode()
