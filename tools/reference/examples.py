"""An example of an action's parameters, where there is one; the tests send each to a real desk.

`LrmeMvQr`, and the company and the manager with the number 1, stand for those of the reader.
"""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, dict[str, Any]] = {
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
    "CreateCertificate": {"ProductId": 18, "DomainNum": 1, "TimeSpan": 1},
    "DescribeCertificateDetail": {"CertificateId": "LrmeMvQr"},
    "DescribeCompanies": {"Offset": 0, "Limit": 20},
    "DescribeManagers": {"CompanyId": 1, "Status": "ok", "Limit": 20},
}
