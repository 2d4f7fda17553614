"""DescribeCertificateDetail: what is shown of an order, status by status."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from certdesk.domain.orders.lifecycle import Status, StatusMessage
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.ports import Unit
from tests.actions.submitting import COMPANY, refusal
from tests.inside import InsideDesk
from tests.running import Client, Keys, RunningDesk

NAMES = {
    0: "Under review",
    1: "Issued",
    2: "Review failed",
    3: "Expired",
    4: "To be validated",
    5: "Pending submission",
    6: "Cancelling order",
    7: "Cancelled",
    8: "Pending upload of confirmation letter",
    9: "Revoking",
    10: "Revoked",
    11: "Reissuing",
    12: "Pending upload of revocation letter",
    13: "Pending submission",
    14: "Refunded",
    15: "Migrating",
}

NOTHING_TO_PUBLISH = {
    "DvAuthKey": None,
    "DvAuthValue": None,
    "DvAuthDomain": None,
    "DvAuthPath": None,
    "DvAuthKeySubDomain": "",
    "DvAuths": None,
}


def test_an_order_without_material_shows_what_was_bought(client: Client, keys: Keys) -> None:
    """And nothing of what nobody has said or made yet, as the vendor's recorded page has it."""
    order = client.buy(26, 3, 2)
    detail = client.detail(order)
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", detail["InsertTime"])
    assert detail | {"InsertTime": "", "RequestId": ""} == {
        "OwnerUin": keys.uin,
        "ProjectId": "0",
        "From": "wosign",
        "CertificateType": "SVR",
        "PackageType": "26",
        "ProductZhName": "WoTrus DV (multi-domain)",
        "Domain": "",
        "Alias": "",
        "Status": 5,
        "StatusMsg": None,
        "VerifyType": None,
        "VulnerabilityStatus": "INACTIVE",
        "CertBeginTime": None,
        "CertEndTime": None,
        "ValidityPeriod": "24",
        "InsertTime": "",
        "OrderId": None,
        "CertificateExtra": {
            "DomainNumber": "3",
            "OriginCertificateId": None,
            "ReplacedBy": None,
            "ReplacedFor": None,
            "RenewOrder": None,
            "SMCert": 0,
            "CompanyType": None,
        },
        "CertificatePrivateKey": None,
        "CertificatePublicKey": None,
        "DvAuthDetail": None,
        "VulnerabilityReport": None,
        "CertificateId": order,
        "TypeName": "WoTrus DV (multi-domain)",
        "StatusName": "Pending submission",
        "SubjectAltName": [],
        "IsVip": True,
        "IsWildcard": False,
        "IsDv": True,
        "IsVulnerability": False,
        "SubmittedData": None,
        "RenewAble": False,
        "Deployable": False,
        "Tags": [],
        "RootCert": {"Sign": None, "Encrypt": None, "Standard": None},
        "EncryptCert": None,
        "EncryptPrivateKey": None,
        "CertFingerprint": None,
        "EncryptCertFingerprint": None,
        "EncryptAlgorithm": None,
        "DvRevokeAuthDetail": [],
        "CertChainInfo": None,
        "CertType": "DV",
        "DomainType": 2,
        "UseCrossSignRoot": False,
        "HostingStatus": -1,
        "RequestId": "",
    }


@pytest.mark.parametrize(
    ("product", "names", "shown"),
    [
        (25, 1, ("DV", 1, False, "wosign")),
        (26, 2, ("DV", 2, False, "wosign")),
        (27, 1, ("DV", 3, True, "wosign")),
        (42, 2, ("DV", 4, True, "trustasia")),
        (28, 1, ("OV", 1, False, "wosign")),
        (20, 1, ("EV", 1, False, "trustasia")),
        (48, 1, ("DV", 1, False, "trustasia")),
    ],
)
def test_a_product_shows_its_level_and_what_it_covers(
    client: Client, product: int, names: int, shown: tuple[str, int, bool, str]
) -> None:
    """DomainType 1 single, 2 multi-domain, 3 wildcard, 4 multi-domain wildcard."""
    detail = client.detail(client.buy(product, names))
    members = ("CertType", "DomainType", "IsWildcard", "From")
    assert tuple(detail[name] for name in members) == shown
    assert (detail["PackageType"], detail["IsDv"]) == (str(product), shown[0] == "DV")
    assert detail["CertificateExtra"]["DomainNumber"] == str(names)


def test_an_order_with_material_shows_it(client: Client) -> None:
    """Its own members, besides SubmittedData."""
    order = client.buy(29, 2)
    own = {"DnsNames": ["www.example.com"], "VerifyType": "FILE", "UseCrossSignRoot": False}
    client.submit(order, **COMPANY | own)
    detail = client.detail(order)
    assert (detail["Domain"], detail["SubjectAltName"]) == ("example.com", ["www.example.com"])
    assert (detail["VerifyType"], detail["UseCrossSignRoot"]) == ("FILE", False)
    assert (detail["EncryptAlgorithm"], detail["CertificateExtra"]["CompanyType"]) == (
        "ECC prime256v1",
        2,
    )
    assert detail["CertificatePrivateKey"].startswith("-----BEGIN PRIVATE KEY-----\n")
    assert (detail["Status"], detail["OrderId"]) == (5, None)
    assert detail["DvAuthDetail"] is None


def test_who_may_not_read_private_keys_sees_none(
    desk: RunningDesk, keys: Keys, client: Client
) -> None:
    """Everything else is the same; it may be allowed for one certificate alone."""
    orders = [client.buy(), client.buy()]
    for order in orders:
        client.submit(order)
    user = desk.user(keys, "ssl:Describe*")
    desk.bind(user, "allow", "ssl:ReadPrivateKey", certificates=orders[1:])
    reader = desk.client(user.keys)
    for order, hidden in zip(orders, ({"CertificatePrivateKey"}, set()), strict=True):
        seen, whole = reader.detail(order), client.detail(order)
        assert whole["CertificatePrivateKey"] is not None
        differing = {name for name, value in seen.items() if value != whole[name]}
        assert differing == hidden | {"RequestId"}
        assert all(seen[name] is None for name in hidden)


def test_anothers_order_answers_like_an_unknown_one(desk: RunningDesk, order: str) -> None:
    """Word for word."""
    other = desk.client()
    wanted = ("FailedOperation.CertificateNotFound", "The certificate does not exist.")
    for certificate_id in (order, "aaaaaaaa", order.swapcase(), "0"):
        assert refusal(lambda each=certificate_id: other.detail(each)) == wanted  # type: ignore[misc]  # bound now


def test_an_account_that_is_not_verified_may_look(desk: RunningDesk) -> None:
    """There is nothing of its own to see."""
    client = desk.client(desk.account(verified=False))
    assert refusal(lambda: client.detail("aaaaaaaa"))[0] == "FailedOperation.CertificateNotFound"


# --- inside, for what no order reaches yet ------------------------------------------------------


@pytest.fixture
def inside(tmp_path: Path) -> InsideDesk:
    """A desk in memory."""
    return InsideDesk(tmp_path)


def put(desk: InsideDesk, caller: Caller, status: Status) -> str:
    """Buy an order and put it into a status, as what is not built yet will."""
    certificate_id = desk.buy(caller)

    def change(unit: Unit) -> None:
        order = unit.orders.get(certificate_id)
        assert order is not None
        unit.orders.replace(replace(order, status=status, waits_for=StatusMessage.PENDING_DCV))

    desk.store.write(change)
    return certificate_id


@pytest.mark.parametrize("number", range(16))
def test_a_status_shows_its_number_and_its_name(inside: InsideDesk, number: int) -> None:
    """The numbers are the vendor's; only what is issued can be deployed."""
    caller = inside.account()
    order = put(inside, caller, Status(number))
    detail = inside.call(caller, "DescribeCertificateDetail", CertificateId=order)
    assert (detail["Status"], detail["StatusName"]) == (number, NAMES[number])
    assert detail["StatusMsg"] == "PENDING-DCV"
    assert detail["Deployable"] is (number == 1)


def test_times_are_shown_in_beijings_time(inside: InsideDesk) -> None:
    """Noon in UTC is eight in the evening; the zone is not written."""
    caller = inside.account()
    order = inside.buy(caller)
    detail = inside.call(caller, "DescribeCertificateDetail", CertificateId=order)
    assert detail["InsertTime"] == "2026-03-01 20:00:00"
