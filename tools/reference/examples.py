"""An example of an action's parameters, where there is one; the tests send each to a real desk.

`LrmeMvQr`, and the company and the manager with the number 1, stand for those of the reader.
"""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, dict[str, Any]] = {
    "ApplyCertificate": {
        "DvAuthMethod": "DNS",
        "DomainName": "www.example.com",
        "CsrEncryptAlgo": "ECC",
        "CsrKeyParameter": "prime256v1",
        "ContactEmail": "webmaster@example.com",
    },
    "CancelAuditCertificate": {"CertificateId": "LrmeMvQr"},
    "CancelCertificateOrder": {"CertificateId": "LrmeMvQr"},
    "CertificateInfoSubmit": {
        "CertId": "LrmeMvQr",
        "GenCsrType": "online",
        "CsrEncryptAlgo": "ECC",
        "CsrKeyParameter": "prime256v1",
        "CertCommonName": "www.example.com",
        "CompanyType": 2,
        "CompanyId": "1",
        "ManagerId": "1",
        "VerifyType": "DNS",
    },
    "CertificateOrderSubmit": {"CertId": "LrmeMvQr", "VerifyType": "DNS"},
    "CheckCertificateDomainVerification": {"CertificateId": "LrmeMvQr"},
    "CommitCertificateInformation": {"CertificateId": "LrmeMvQr", "VerifyType": "DNS"},
    "CompleteCertificate": {"CertificateId": "LrmeMvQr"},
    "CreateCertificate": {"ProductId": 18, "DomainNum": 1, "TimeSpan": 1},
    "DeleteCertificate": {"CertificateId": "LrmeMvQr"},
    "DescribeCertificate": {"CertificateId": "LrmeMvQr"},
    "DescribeCertificateDetail": {"CertificateId": "LrmeMvQr"},
    "DescribeDownloadCertificateUrl": {"CertificateId": "LrmeMvQr", "ServiceType": "nginx"},
    "DownloadCertificate": {"CertificateId": "LrmeMvQr"},
    "DescribeCertificateOperateLogs": {"StartTime": "2026-03-01 00:00:00", "Limit": 50},
    "DescribeCertificates": {"SearchKey": "example", "CertificateStatus": [1, 5], "Limit": 20},
    "DescribeCompanies": {"Offset": 0, "Limit": 20},
    "DescribeManagers": {"CompanyId": 1, "Status": "ok", "Limit": 20},
    "ModifyCertificateAlias": {"CertificateId": "LrmeMvQr", "Alias": "web shop"},
    "ModifyCertificateProject": {"CertificateIdList": ["LrmeMvQr"], "ProjectId": 0},
    "ModifyCertificatesExpiringNotificationSwitch": {
        "CertificateIds": ["LrmeMvQr"],
        "SwitchStatus": 1,
    },
    "ModifyCertificateResubmit": {"CertificateId": "LrmeMvQr"},
    "ReplaceCertificate": {
        "CertificateId": "LrmeMvQr",
        "ValidType": "DNS",
        "CsrType": "Online",
        "CertCSREncryptAlgo": "ECC",
        "CertCSRKeyParameter": "secp384r1",
    },
    "RevokeCertificate": {"CertificateId": "LrmeMvQr", "Reason": "superseded"},
    "SubmitCertificateInformation": {
        "CertificateId": "LrmeMvQr",
        "CsrType": "online",
        "CertificateDomain": "www.example.com",
        "OrganizationName": "Example Trading Ltd",
        "OrganizationDivision": "Operations",
        "OrganizationAddress": "1 Sample Road",
        "OrganizationCountry": "CN",
        "OrganizationCity": "Beijing",
        "OrganizationRegion": "Beijing",
        "PostalCode": "100000",
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
    },
}
