"""What the vendor's recorded replies have where there is nothing: `null`, `""`, `[]` or another.

The replies of the international edition are read from its command line's examples. Of what no
package of the tests has, the emptiness is written out: the mainland edition's own members, and a
page of status 5 that its command line had once.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
import json
import re
from collections.abc import Iterator
from typing import Any

from certdesk.wire.model import NO_TIME

Emptiness = dict[str, str]
"""By path, the JSON that stands where there is nothing; `SOMETHING` where there is something."""

SOMETHING = "something"
EMPTY: tuple[object, ...] = (None, "", "--", [], NO_TIME)

_LOST_COMMA = re.compile(r'"(\s*\n\s*)"')
NOT_JSON = {("DescribeCertificateOperateLogs", 0)}
"""Examples that cannot be read even with their commas back."""


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """One recorded reply, where it is from, and what it has by path."""

    action: str
    source: str
    members: Emptiness

    @property
    def name(self) -> str:
        """What a test calls it."""
        return f"{self.action}, {self.source}"


def of_value(value: object) -> str:
    """Return the emptiness of one value."""
    return json.dumps(value) if value in EMPTY else SOMETHING


def emptiness_of(reply: dict[str, Any]) -> Emptiness:
    """Return what a reply has by path; of a list, what its members have, the last one's."""
    return dict(_walk(reply, ""))


def _walk(value: object, path: str) -> Iterator[tuple[str, str]]:
    if path:
        yield path, of_value(value)
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _walk(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for member in value:
            if isinstance(member, dict):
                yield from _walk(member, f"{path}[]")


@functools.cache
def international() -> list[Page]:
    """Read the examples of the international edition's command line."""
    text = importlib.resources.files("tccli").joinpath("services/ssl/v20191205/examples.json")
    pages = []
    for action, examples in json.loads(text.read_text("utf-8"))["actions"].items():
        for index, example in enumerate(examples):
            if (action, index) in NOT_JSON:
                continue
            # The translation lost the commas between two lines of texts.
            reply = json.loads(_LOST_COMMA.sub(r'",\1"', example["output"]))["Response"]
            reply.pop("RequestId", None)
            pages.append(Page(action, f"international {index + 1}", emptiness_of(reply)))
    return pages


def _page(nothing: str, blank: str, none: str, something: str) -> Emptiness:
    """Put a page together of the paths that are `null`, `""`, `[]`, and something."""
    told = (("null", nothing), ('""', blank), ("[]", none), (SOMETHING, something))
    return {path: value for value, paths in told for path in paths.split()}


AWAITING_MATERIAL = Page(
    "DescribeCertificateDetail",
    "mainland, tccli 3.0.501.1, example 1: status 5",
    _page(
        nothing="StatusMsg VerifyType CertBeginTime CertEndTime OrderId CertificatePublicKey "
        "VulnerabilityReport DvAuthDetail CertificateExtra.OriginCertificateId "
        "CertificateExtra.ReplacedBy CertificateExtra.ReplacedFor CertificateExtra.RenewOrder",
        blank="Domain Alias SubmittedData.CsrContent SubmittedData.VerifyType "
        "SubmittedData.PostalCode SubmittedData.KeyPassword",
        none="SubjectAltName",
        something="CertificatePrivateKey InsertTime SubmittedData SubmittedData.CsrType "
        "SubmittedData.CertificateDomain SubmittedData.DomainList SubmittedData.OrganizationName "
        "SubmittedData.OrganizationDivision SubmittedData.OrganizationAddress "
        "SubmittedData.OrganizationCountry SubmittedData.OrganizationCity "
        "SubmittedData.OrganizationRegion SubmittedData.PhoneAreaCode SubmittedData.PhoneNumber "
        "SubmittedData.AdminFirstName SubmittedData.AdminLastName SubmittedData.AdminPhoneNum "
        "SubmittedData.AdminEmail SubmittedData.AdminPosition SubmittedData.ContactFirstName "
        "SubmittedData.ContactLastName SubmittedData.ContactNumber SubmittedData.ContactEmail "
        "SubmittedData.ContactPosition",
    ),
)
ISSUED = Page(
    "DescribeCertificateDetail",
    "mainland, tccli 3.1.189.1, example 1: status 1",
    _page(
        nothing="StatusMsg RootCert.Sign RootCert.Encrypt EncryptCert EncryptPrivateKey "
        "VulnerabilityReport CertificateExtra.OriginCertificateId CertificateExtra.ReplacedBy "
        "CertificateExtra.ReplacedFor CertificateExtra.RenewOrder DvAuthDetail.DvAuths "
        "DvAuthDetail.DvAuthKey DvAuthDetail.DvAuthValue DvAuthDetail.DvAuthDomain "
        "DvAuthDetail.DvAuthPath SubmittedData EncryptCertFingerprint",
        blank="Alias DvAuthDetail.DvAuthKeySubDomain",
        none="DvRevokeAuthDetail Tags",
        something="OrderId Domain RootCert.Standard CertificatePrivateKey CertificatePublicKey "
        "CertBeginTime CertEndTime InsertTime CertificateExtra.CompanyType VerifyType "
        "SubjectAltName CertFingerprint EncryptAlgorithm CertChainInfo CertChainInfo[].Issuer "
        "CertChainInfo[].Subject CertChainInfo[].Fingerprint CertChainInfo[].ValidFrom "
        "CertChainInfo[].ValidTo DomainType CertType UseCrossSignRoot",
    ),
)
LOGGED = Page(
    "DescribeCertificateOperateLogs",
    "mainland, tccli 3.1.189.1, example 1: what the service did by itself",
    {"OperateLogs[].SubAccountUin": '"--"', "OperateLogs[].Uin": SOMETHING},
)


def pages() -> list[Page]:
    """All recorded pages."""
    return [*international(), AWAITING_MATERIAL, ISSUED, LOGGED]
