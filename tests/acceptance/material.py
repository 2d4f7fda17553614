"""Material of made-up people and companies, no two of them alike, and how it is shown back."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID


def personal(number: int) -> dict[str, Any]:
    """Give material of a person who has the desk make the key, with a pass phrase."""
    return {
        "GenCsrType": "online",
        "CertCommonName": f"n{number}.example.com",
        "CompanyType": 1,
        "CompanyId": "0",
        "ContactEmail": f"contact{number}@example.com",
        "CsrEncryptAlgo": "ECC",
        "CsrKeyParameter": "prime256v1",
        "KeyPass": f"pass {number}",
        "VerifyType": "DNS",
    }


def uploaded(number: int) -> dict[str, Any]:
    """Give material of a person who brings a CSR."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"n{number}.example.com")])
    csr = x509.CertificateSigningRequestBuilder(name).sign(key, hashes.SHA256())
    given = {"GenCsrType": "parse", "Csr": csr.public_bytes(Encoding.PEM).decode()}
    left_out = ("CsrEncryptAlgo", "CsrKeyParameter")
    return {
        name: value for name, value in (personal(number) | given).items() if name not in left_out
    }


def company(number: int) -> dict[str, Any]:
    """Give material of a company that the desk does not know yet, nor its people."""
    return personal(number) | {
        "CompanyType": 2,
        "OrgOrganization": f"Company {number}",
        "OrgDivision": f"Division {number}",
        "OrgAddress": f"{number} High Street",
        "OrgCountry": "CN",
        "OrgCity": f"City {number}",
        "OrgRegion": f"Region {number}",
        "OrgPhoneArea": "0755",
        "OrgPhoneNumber": f"86{number:06}11",
        "AdminFirstName": f"Ada{number}",
        "AdminLastName": "Admin",
        "AdminPhone": f"13{number:07}22",
        "AdminEmail": f"admin{number}@example.com",
        "AdminTitle": "Head",
        "TechFirstName": f"Tom{number}",
        "TechLastName": "Tech",
        "TechPhone": f"13{number:07}33",
        "TechEmail": f"tech{number}@example.com",
        "TechTitle": "Hand",
    }


SHOWN_AS = {
    "CsrType": "GenCsrType",
    "CertificateDomain": "CertCommonName",
    "OrganizationName": "OrgOrganization",
    "OrganizationDivision": "OrgDivision",
    "OrganizationAddress": "OrgAddress",
    "OrganizationCountry": "OrgCountry",
    "OrganizationCity": "OrgCity",
    "OrganizationRegion": "OrgRegion",
    "PhoneAreaCode": "OrgPhoneArea",
    "AdminFirstName": "AdminFirstName",
    "AdminLastName": "AdminLastName",
    "AdminEmail": "AdminEmail",
    "AdminPosition": "AdminTitle",
    "ContactFirstName": "TechFirstName",
    "ContactLastName": "TechLastName",
    "ContactPosition": "TechTitle",
    "VerifyType": "VerifyType",
}
PHONES_AS = {
    "PhoneNumber": "OrgPhoneNumber",
    "AdminPhoneNum": "AdminPhone",
    "ContactNumber": "TechPhone",
}


def expected(material: dict[str, Any]) -> dict[str, Any]:
    """Say how material is shown back, the CSR aside (SubmittedData, design part 7)."""
    return {
        **{shown: material.get(given, "") for shown, given in (SHOWN_AS | PHONES_AS).items()},
        "ContactEmail": material.get("TechEmail", material["ContactEmail"]),
        "DomainList": [],
        "PostalCode": "",
        "KeyPassword": "",
    }
