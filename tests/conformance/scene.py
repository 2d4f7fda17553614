"""An account with everything that good requests need, and a good request for each action."""

from __future__ import annotations

import base64
import dataclasses
import itertools
import json
import uuid
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from certdesk.domain.values.keys import KeyKind
from tests import chains
from tests.issued import issue
from tests.papers import PDF
from tests.running import Client, Keys, RunningDesk, User

EXAMPLES = Path(__file__).parents[2] / "src" / "certdesk" / "demo" / "examples"
ONLINE_WITH_IDS = "online_with_ids"
ONLINE_COMPANY_TYPE_TEXT = "online_company_type_text"
PARSE_UPLOADED_CSR = "parse_uploaded_csr"

GEOTRUST_OV = 9
CFCA_OV, WOTRUS_DV, WOTRUS_OV, WOTRUS_EV, DNSPOD_OV = 98, 25, 28, 31, 43
"""Product numbers, each for a single domain name."""
WOTRUS_DV_MULTI, WOTRUS_OV_MULTI = 26, 29
"""Numbers of products for several domain names."""

UPLOADED_CSR = Path(__file__).parents[1] / "data" / "uploaded_csr.pem"
"""The CSR of the source page's third example, for `tencent.com`."""

LETTER = base64.b64encode(PDF).decode()
REVOCABLE = 24
"""How many certificates of each kind there are to be revoked."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A desk, an account with a user who may look, a company with a manager, a certificate.

    `revocable` are certificates to be used up, by product.
    """

    desk: RunningDesk
    keys: Keys
    looker: User
    company: int
    manager: int
    issued: str
    revocable: dict[int, list[str]]

    @property
    def client(self) -> Client:
        """The SDK with the account's key."""
        return self.desk.client(self.keys)

    @property
    def reader(self) -> Client:
        """The SDK with the key of the user who may look."""
        return self.desk.client(self.looker.keys)

    def good(self, action: str) -> dict[str, object]:
        """Give parameters with which the action succeeds; buys and enters what they name."""
        recipe = RECIPES.get(action)
        return recipe(self) if recipe else {}

    def example(self, name: str, certificate_id: str) -> dict[str, object]:
        """Give a worked example of the source page, with ids that exist here."""
        parameters: dict[str, object] = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
        return parameters | {
            "CertId": certificate_id,
            "CompanyId": str(self.company),
            "ManagerId": str(self.manager),
        }


def set_up(desk: RunningDesk) -> Scene:
    """Open an account, enter its company and manager, and have a certificate issued.

    Managers 1 and 2 are a stranger's: requests with just any number change nothing here.
    """
    stranger = desk.account()
    foreign = desk.company(stranger)
    for name in ("Ann", "Ben"):
        desk.manager(stranger, foreign, ManagerFirstName=name)
    keys = desk.account()
    labels = [{"TagKey": "team", "TagValue": "web"}]
    company = desk.company(keys, IdType="TYDMZ", IdNumber="111111111111110000", Tags=labels)
    scene = Scene(
        desk=desk,
        keys=keys,
        looker=desk.user(keys, "ssl:Describe*"),
        company=company,
        manager=desk.manager(
            keys,
            company,
            status="ok",
            ManagerIdType="SFZ",
            ManagerIdNumber="110000000000000001",
            Tags=labels,
        ),
        issued=_ready(desk.client(keys)),
        revocable={WOTRUS_DV: [], WOTRUS_OV: []},
    )
    for product, orders in scene.revocable.items():
        orders.extend(_ready_of(scene, product) for _ in range(REVOCABLE))
    issue(desk, keys, scene.issued, *itertools.chain(*scene.revocable.values()))
    return scene


def _ready_of(scene: Scene, product: int) -> str:
    """Buy an order of a product, and hand in material of the scene's company."""
    order = scene.client.buy(product)
    key = {"CsrEncryptAlgo": "ECC", "CsrKeyParameter": "prime256v1"}
    scene.client.call(
        "CertificateInfoSubmit", **scene.example(ONLINE_COMPANY_TYPE_TEXT, order) | key
    )
    return order


def _purchase(_: Scene) -> dict[str, object]:
    labels = [{"TagKey": "team", "TagValue": "web"}]
    return {
        "ProductId": DNSPOD_OV,
        "DomainNum": 1,
        "TimeSpan": 1,
        "AutoVoucher": 0,
        "Tags": labels,
    }


def _material(scene: Scene) -> dict[str, object]:
    """Every parameter that can be given beside the others, on a product that takes them all."""
    order = scene.client.buy(DNSPOD_OV)
    return scene.example(ONLINE_WITH_IDS, order) | {
        "CsrEncryptAlgo": "ECC",
        "CsrKeyParameter": "prime256v1",
        "KeyPass": "12345678",
        "ContactEmail": "webmaster@tencent.com",
        "AutoRenewFlag": 1,
        "Type": DNSPOD_OV,
        "CaType": "sectigo",
        "SignAlgo": "SHA256",
        "UseCrossSignRoot": True,
    }


def _submitted_order(scene: Scene) -> dict[str, object]:
    bought = scene.client.call("CreateCertificate", **_purchase(scene))
    order = bought["CertificateIds"][0]
    scene.client.call("CertificateInfoSubmit", **_material(scene) | {"CertId": order})
    return {"CertificateId": order}


def _older_material(scene: Scene) -> dict[str, object]:
    """Every parameter of SubmitCertificateInformation, on a product for several names."""
    return {
        "CertificateId": scene.client.buy(WOTRUS_OV_MULTI, 2),
        "CsrType": "parse",
        "CsrContent": UPLOADED_CSR.read_text(),
        "CertificateDomain": "tencent.com",
        "DomainList": ["www.tencent.com"],
        "KeyPassword": "12345678",
        "OrganizationName": "Tencent",
        "OrganizationDivision": "Qcloud",
        "OrganizationAddress": "No. 1000, Tencent Building, Nanshan District",
        "OrganizationCountry": "CN",
        "OrganizationCity": "Shenzhen",
        "OrganizationRegion": "Guangdong Province",
        "PostalCode": "518057",
        "PhoneAreaCode": "0755",
        "PhoneNumber": "86013388",
        "VerifyType": "DNS",
        "AdminFirstName": "luke",
        "AdminLastName": "sky",
        "AdminPhoneNum": "12345678901",
        "AdminEmail": "test@tencent.com",
        "AdminPosition": "developer",
        "ContactFirstName": "luke",
        "ContactLastName": "sky",
        "ContactEmail": "test@tencent.com",
        "ContactNumber": "12345678901",
        "ContactPosition": "developer",
        "IsDV": False,
    }


def _list(scene: Scene) -> dict[str, object]:
    """Parameters with which a list is not empty."""
    order = _submitted_order(scene)["CertificateId"]
    labels = [{"TagKey": "team", "TagValue": "web"}]
    return {"SearchKey": "tencent", "CertIds": [order], "Tags": labels, "ProjectId": 0}


def _ready(client: Client) -> str:
    """Buy an order and hand its material in."""
    order = client.buy()
    client.submit(order)
    return order


def _under_review(scene: Scene) -> str:
    """Submit an order to the CA."""
    order = _ready(scene.client)
    scene.client.call("CertificateOrderSubmit", CertId=order)
    return order


def _looked_for(scene: Scene) -> str:
    """Look for an order's proofs, so that the next check shows the same again."""
    order = _under_review(scene)
    scene.client.call("CheckCertificateDomainVerification", CertificateId=order)
    return order


def _cancelled(scene: Scene) -> str:
    """Stop an order's review."""
    order = _under_review(scene)
    scene.client.call("CancelAuditCertificate", CertificateId=order)
    return order


def _order_submission(scene: Scene) -> dict[str, object]:
    return {"CertId": _ready(scene.client), "VerifyType": "DNS", "DeleteDnsAutoRecord": 0}


def _project(scene: Scene) -> dict[str, object]:
    order = scene.client.buy()
    return {"CertificateIdList": [order], "ProjectId": scene.desk.project(scene.keys)}


def _upload(scene: Scene) -> dict[str, object]:
    """A certificate with every parameter; its key is encrypted."""
    key = chains.key_of(KeyKind.P_256)
    protection = BestAvailableEncryption(b"12345678")
    return {
        "CertificatePublicKey": chains.pem(
            chains.leaf(key, "www.tencent.com"), chains.intermediate().certificate
        ),
        "CertificatePrivateKey": key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, protection
        ).decode(),
        "CertificateType": "SVR",
        "Alias": "uploaded",
        "ProjectId": scene.desk.project(scene.keys),
        "CertificateUse": "CLB",
        "Tags": [{"TagKey": "team", "TagValue": "web"}],
        "Repeatable": False,
        "KeyPassword": "12345678",
    }


def _free(_: Scene) -> dict[str, object]:
    """Every parameter of ApplyCertificate that can be given beside the others."""
    return {
        "DvAuthMethod": "DNS",
        "DomainName": "tencent.com",
        "ProjectId": 0,
        "PackageType": "83",
        "ContactEmail": "webmaster@tencent.com",
        "ContactPhone": "13112345678",
        "ValidityPeriod": "3",
        "CsrEncryptAlgo": "ECC",
        "CsrKeyParameter": "prime256v1",
        "CsrKeyPassword": "12345678",
        "Alias": "free",
        "DeleteDnsAutoRecord": False,
    }


def _new_manager(scene: Scene, status: str) -> dict[str, object]:
    """Enter a manager that no order names."""
    name = uuid.uuid4().hex
    number = scene.desk.manager(scene.keys, scene.company, status=status, ManagerFirstName=name)
    return {"ManagerId": number}


def _letter(scene: Scene) -> dict[str, object]:
    """A letter for an order of a product that takes one."""
    order = scene.client.buy(GEOTRUST_OV)
    scene.client.call("CertificateInfoSubmit", **scene.example(ONLINE_COMPANY_TYPE_TEXT, order))
    scene.client.call("CertificateOrderSubmit", CertId=order)
    return {"CertificateId": order, "ConfirmLetter": LETTER}


def _reissue(scene: Scene) -> dict[str, object]:
    """Every parameter of ReplaceCertificate, of a certificate that nothing replaces."""
    _give_up_reissue(scene)
    return {
        "CertificateId": scene.issued,
        "ValidType": "DNS",
        "CsrType": "Online",
        "CsrContent": "",
        "CsrkeyPassword": "12345678",
        "Reason": "another key",
        "CertCSREncryptAlgo": "ECC",
        "CertCSRKeyParameter": "secp384r1",
        "SignAlgo": "SHA384",
        "UseCrossSignRoot": False,
    }


def _give_up_reissue(scene: Scene) -> None:
    """Have nothing under way that is to replace the issued certificate."""
    begun = scene.client.detail(scene.issued)["CertificateExtra"]["ReplacedFor"]
    if begun and scene.client.detail(begun)["Status"] == 0:
        scene.client.call("CancelAuditCertificate", CertificateId=begun)


def _revocation_letter(scene: Scene) -> dict[str, object]:
    """A letter for a certificate that is to be revoked."""
    order = scene.revocable[WOTRUS_OV].pop()
    scene.client.call("RevokeCertificate", CertificateId=order)
    return {"CertificateId": order, "RevokeLetter": LETTER}


RECIPES: dict[str, Callable[[Scene], dict[str, object]]] = {
    "ApplyCertificate": _free,
    "CancelAuditCertificate": lambda scene: {"CertificateId": _under_review(scene)},
    "CancelCertificateOrder": lambda scene: {"CertificateId": scene.client.buy()},
    "CertificateInfoSubmit": _material,
    "CertificateOrderSubmit": _order_submission,
    "CheckCertificateDomainVerification": lambda scene: {"CertificateId": _looked_for(scene)},
    "CommitCertificateInformation": lambda scene: {
        "CertificateId": _ready(scene.client),
        "VerifyType": "DNS",
    },
    "CompleteCertificate": lambda scene: {"CertificateId": _under_review(scene)},
    "CreateCertificate": _purchase,
    "DeleteCertificate": lambda scene: {
        "CertificateId": _cancelled(scene),
        "IsCheckResource": True,
    },
    "DescribeCertificate": _submitted_order,
    "DescribeCertificateDetail": _submitted_order,
    "DescribeCertificates": _list,
    "DescribeDownloadCertificateUrl": lambda scene: {
        "CertificateId": scene.issued,
        "ServiceType": "root",
    },
    "DeleteManager": lambda scene: _new_manager(scene, "audit"),
    "DescribeManagerDetail": lambda scene: {"ManagerId": scene.manager},
    "DescribeManagers": lambda scene: {"CompanyId": scene.company},
    "DownloadCertificate": lambda scene: {"CertificateId": scene.issued},
    "ModifyCertificateAlias": lambda scene: {"CertificateId": scene.client.buy(), "Alias": "new"},
    "ModifyCertificateProject": _project,
    "ModifyCertificatesExpiringNotificationSwitch": lambda scene: {
        "CertificateIds": [scene.client.buy()],
        "SwitchStatus": 1,
    },
    "ModifyCertificateResubmit": lambda scene: {"CertificateId": _cancelled(scene)},
    "ReplaceCertificate": _reissue,
    "RevokeCertificate": lambda scene: {
        "CertificateId": scene.revocable[WOTRUS_DV].pop(),
        "Reason": "superseded",
    },
    "SubmitAuditManager": lambda scene: _new_manager(scene, "none"),
    "SubmitCertificateInformation": _older_material,
    "UploadCertificate": _upload,
    "UploadConfirmLetter": _letter,
    "UploadRevokeLetter": _revocation_letter,
    "VerifyManager": lambda scene: _new_manager(scene, "ok"),
}
"""Good parameters of each action that changes something or needs a parameter."""
