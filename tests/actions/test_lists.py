"""DescribeCertificates: what is listed of an order, and which orders are."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tencentcloud.common import credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.ssl.v20191205 import models, ssl_client

from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.ports import Unit
from tests.actions.submitting import COMPANY, invalid, refusal
from tests.inside import NOON, InsideDesk
from tests.running import Client, Keys, RunningDesk

WOTRUS_DV, WOTRUS_DV_WILDCARD, WOTRUS_OV_MULTI = 25, 27, 29
WEB = {"TagKey": "team", "TagValue": "web"}
PRODUCTION = {"TagKey": "stage", "TagValue": "production"}


@dataclasses.dataclass(frozen=True)
class Shop:
    """An account with three orders, bought in this order."""

    desk: RunningDesk
    keys: Keys
    client: Client
    project: int
    plain: str
    wild: str
    multi: str

    def listed(self, **parameters: object) -> list[str]:
        """List orders by their names here, as many as the total says."""
        return self.seen_by(self.client, **parameters)

    def seen_by(self, client: Client, **parameters: object) -> list[str]:
        """List orders with another's key."""
        reply = client.call("DescribeCertificates", **parameters)
        names = {self.plain: "plain", self.wild: "wild", self.multi: "multi"}
        found = [names[each["CertificateId"]] for each in reply["Certificates"]]
        assert reply["TotalCount"] == len(found)
        return found


@pytest.fixture(scope="module")
def shop(desk: RunningDesk) -> Shop:
    """One order without material, one that is cancelled, and one in a project with everything."""
    keys = desk.account()
    client = desk.client(keys)
    project = desk.project(keys)
    bought = [
        client.call(
            "CreateCertificate", ProductId=product, DomainNum=names, TimeSpan=years, Tags=tags
        )["CertificateIds"][0]
        for product, names, years, tags in (
            (WOTRUS_DV, 1, 1, []),
            (WOTRUS_DV_WILDCARD, 1, 1, [WEB]),
            (WOTRUS_OV_MULTI, 2, 3, [WEB, PRODUCTION]),
        )
    ]
    plain, wild, multi = bought
    client.submit(wild, CertCommonName="*.Mail.example.com")
    client.call("CancelCertificateOrder", CertificateId=wild)
    own = {"CertCommonName": "shop.example.com", "DnsNames": ["bücher.example.com"]}
    kept = {"VerifyType": "DNS", "AutoRenewFlag": 1, "KeyPass": "secret"}
    client.submit(multi, **COMPANY | own | kept)
    client.call("ModifyCertificateAlias", CertificateId=multi, Alias="Web Shop 100%")
    client.call("ModifyCertificateProject", CertificateIdList=[multi], ProjectId=project)
    return Shop(desk, keys, client, project, plain, wild, multi)


# --- what is shown of an order ------------------------------------------------------------------


def test_an_order_without_material_is_listed_as_it_was_bought(shop: Shop) -> None:
    """What nobody has said or made yet is as empty as in the vendor's examples."""
    (listed,) = shop.client.call("DescribeCertificates", CertIds=[shop.plain])["Certificates"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", listed["InsertTime"])
    assert listed | {"InsertTime": ""} == {
        "OwnerUin": shop.keys.uin,
        "ProjectId": "0",
        "From": "wosign",
        "PackageType": "25",
        "CertificateType": "SVR",
        "ProductZhName": "WoTrus DV",
        "Domain": "",
        "Alias": "",
        "Status": 5,
        "CertificateExtra": {
            "DomainNumber": "1",
            "OriginCertificateId": None,
            "ReplacedBy": None,
            "ReplacedFor": None,
            "RenewOrder": None,
            "SMCert": 0,
            "CompanyType": None,
        },
        "VulnerabilityStatus": "INACTIVE",
        "StatusMsg": None,
        "VerifyType": None,
        "CertBeginTime": None,
        "CertEndTime": None,
        "ValidityPeriod": "12",
        "InsertTime": "",
        "CertificateId": shop.plain,
        "SubjectAltName": [],
        "PackageTypeName": "WoTrus DV",
        "StatusName": "Pending submission",
        "IsVip": True,
        "IsDv": True,
        "IsWildcard": False,
        "IsVulnerability": False,
        "RenewAble": False,
        "ProjectInfo": {
            "ProjectName": "Default Project",
            "ProjectCreatorUin": 0,
            "ProjectCreateTime": "0000-00-00 00:00:00",
            "ProjectResume": "Default Project",
            "OwnerUin": 0,
            "ProjectId": "0",
        },
        "BoundResource": None,
        "Deployable": False,
        "Tags": [],
        "IsIgnore": False,
        "IsSM": False,
        "EncryptAlgorithm": None,
        "CAEncryptAlgorithms": [],
        "CAEndTimes": [],
        "CACommonNames": [],
        "PreAuditInfo": {"TotalPeriod": 1, "NowPeriod": 1, "ManagerId": ""},
        "AutoRenewFlag": 0,
        "HostingStatus": -1,
        "HostingCompleteTime": "",
        "HostingRenewCertId": "",
        "HasRenewOrder": "",
        "ReplaceOriCertIsDelete": False,
        "IsExpiring": False,
        "DVAuthDeadline": None,
        "ValidationPassedTime": "--",
        "CertSANs": [],
        "AwaitingValidationMsg": "",
        "AllowDownload": None,
        "IsDNSPODResolve": False,
        "IsPackage": False,
        "KeyPasswordCustomFlag": False,
        "SupportDownloadType": dict.fromkeys(
            ("NGINX", "APACHE", "TOMCAT", "IIS", "JKS", "OTHER", "ROOT"), False
        ),
        "CertRevokedTime": None,
        "HostingResourceTypes": [],
        "HostingConfig": None,
    }


def test_an_order_with_material_is_listed_with_it(shop: Shop) -> None:
    """The list of names has the main one, which DescribeCertificateDetail leaves out."""
    (listed,) = shop.client.call("DescribeCertificates", CertIds=[shop.multi])["Certificates"]
    names = ["shop.example.com", "bücher.example.com"]
    assert (listed["Domain"], listed["SubjectAltName"], listed["CertSANs"]) == (
        "shop.example.com",
        names,
        names,
    )
    company = shop.client.call("DescribeCompanies")["Companies"][0]["CompanyId"]
    manager = shop.client.call("DescribeManagers", CompanyId=company)["Managers"][0]["ManagerId"]
    shown = {
        "Alias": "Web Shop 100%",
        "VerifyType": "DNS",
        "ValidityPeriod": "36",
        "EncryptAlgorithm": "ECC prime256v1",
        "AutoRenewFlag": 1,
        "KeyPasswordCustomFlag": True,
        "PreAuditInfo": {"TotalPeriod": 3, "NowPeriod": 1, "ManagerId": str(manager)},
        "Tags": [WEB, PRODUCTION],
        "ProjectId": str(shop.project),
    }
    assert listed | shown == listed
    assert listed["CertificateExtra"]["CompanyType"] == 2
    project = listed["ProjectInfo"]
    assert project["ProjectId"] == str(shop.project)
    assert re.fullmatch(r"[0-9a-f]{32}", project["ProjectName"])
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", project["ProjectCreateTime"])


def test_all_replies_say_the_same_of_an_order(shop: Shop) -> None:
    """What they have in common, SubjectAltName of the detailed one aside."""
    (listed,) = shop.client.call("DescribeCertificates", CertIds=[shop.multi])["Certificates"]
    certificate = shop.client.call("DescribeCertificate", CertificateId=shop.multi)
    detail = shop.client.detail(shop.multi)
    assert {name for name in listed if listed[name] != certificate.get(name, listed[name])} == set()
    differing = {name for name in listed if listed[name] != detail.get(name, listed[name])}
    assert differing == {"SubjectAltName"}
    assert certificate["SubmittedData"] == detail["SubmittedData"]
    assert certificate["PackageTypeName"] == "WoTrus OV (multi-domain)"
    assert "CertificatePrivateKey" not in certificate


def test_the_sdks_own_client_reads_a_list(shop: Shop) -> None:
    """Its models take every member."""
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=shop.desk.endpoint))
    sdk = ssl_client.SslClient(
        credential.Credential(shop.keys.secret_id, shop.keys.secret_key), "", profile
    )
    request = models.DescribeCertificatesRequest()
    request.SearchKey = "web shop"
    reply = sdk.DescribeCertificates(request)
    assert [each.CertificateId for each in reply.Certificates] == [shop.multi]
    assert reply.Certificates[0].ProjectInfo.ProjectId == str(shop.project)


# --- pages --------------------------------------------------------------------------------------


def test_a_list_is_newest_first(shop: Shop) -> None:
    """By when the orders were bought, whatever became of them."""
    assert shop.listed() == ["multi", "wild", "plain"]


def test_a_page_is_a_part_of_the_list(shop: Shop) -> None:
    """And says how long the list is."""
    reply = shop.client.call("DescribeCertificates", Offset=1, Limit=1)
    assert reply["TotalCount"] == 3
    assert [each["CertificateId"] for each in reply["Certificates"]] == [shop.wild]
    for parameters in ({"Limit": 0}, {"Offset": 3}, {"Offset": 2**53}):
        reply = shop.client.call("DescribeCertificates", **parameters)
        assert (reply["TotalCount"], reply["Certificates"]) == (3, [])


def test_a_page_has_10_orders_unless_asked_and_1000_at_most(tmp_path: Path) -> None:
    """More than that is cut and not refused."""
    inside = InsideDesk(tmp_path)
    caller = inside.account()
    for _ in range(1002):
        inside.buy(caller)

    def length(**parameters: object) -> int:
        return len(inside.call(caller, "DescribeCertificates", **parameters)["Certificates"])

    assert (length(), length(Limit=1001), length(Limit=999)) == (10, 1000, 999)


# --- filters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"CertificateStatus": [5]}, ["multi", "plain"]),
        ({"CertificateStatus": [7, 1]}, ["wild"]),
        ({"CertificateStatus": [5, 7]}, ["multi", "wild", "plain"]),
        ({"CertificateStatus": [1]}, []),
        ({"CertificateStatus": []}, ["multi", "wild", "plain"]),
        ({"ProjectId": 0}, ["wild", "plain"]),
        ({"ProjectId": 0, "CertificateStatus": [5]}, ["plain"]),
        ({"ProjectId": 2**40}, []),
        ({"Tags": [WEB]}, ["multi", "wild"]),
        ({"Tags": [WEB, PRODUCTION]}, ["multi"]),
        ({"Tags": [{"TagKey": "team", "TagValue": "Web"}]}, []),
        ({"CertificateType": "SVR"}, ["multi", "wild", "plain"]),
        ({"CertificateType": "CA"}, []),
        ({"FilterSource": "buy"}, ["multi", "wild", "plain"]),
        ({"FilterSource": "upload"}, []),
        ({"Deployable": 1}, []),
        ({"Deployable": 0}, ["multi", "wild", "plain"]),
        ({"Upload": 1}, []),
        ({"Upload": 0}, ["multi", "wild", "plain"]),
        ({"Renew": 1}, []),
        ({"Renew": 0}, ["multi", "wild", "plain"]),
        ({"IsSM": 1}, []),
        ({"IsSM": 0}, ["multi", "wild", "plain"]),
        ({"Hostable": 1}, []),
        ({"Hostable": 0}, ["multi", "wild", "plain"]),
        ({"IsPendingIssue": 1}, []),
        ({"IsPendingIssue": 0}, ["multi", "wild", "plain"]),
        ({"FilterExpiring": 1}, []),
        ({"FilterExpiring": 0}, ["multi", "wild", "plain"]),
        ({"ServiceId": "sub-1"}, []),
        ({"ExpirationSort": "ASC"}, ["plain", "wild", "multi"]),
        ({"ExpirationSort": "DESC"}, ["multi", "wild", "plain"]),
        ({"SearchKey": "example", "CertificateStatus": [7]}, ["wild"]),
        ({"SearchKey": "example", "Tags": [PRODUCTION]}, ["multi"]),
    ],
)
def test_a_list_is_narrowed(shop: Shop, parameters: dict[str, Any], names: list[str]) -> None:
    """All that is given has to hold; where nothing can have it, nothing is listed."""
    assert shop.listed(**parameters) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("example", ["multi", "wild"]),
        ("EXAMPLE.COM", ["multi", "wild"]),
        ("*.mail", ["wild"]),
        ("b\u00fccher", ["multi"]),
        ("B\u00dcCHER.e", ["multi"]),
        ("web shop", ["multi"]),
        ("0%", ["multi"]),
        ("%", ["multi"]),
        ("_", []),
        ("p", ["multi", "wild"]),
        ("shop.example.com b", []),
        ("'; DROP TABLE orders; --", []),
        ('" OR words : *', []),
    ],
)
def test_a_search_finds_parts_of_names_and_aliases(shop: Shop, text: str, names: list[str]) -> None:
    """In any case; every character is only itself. Ids are left to the next test."""
    assert shop.listed(SearchKey=text, Tags=[WEB]) == names


def test_a_search_finds_parts_of_ids(shop: Shop) -> None:
    """From its beginning, its middle or its end, in any case."""
    for part in (shop.plain, shop.plain[:6], shop.plain[1:7], shop.plain[2:].swapcase()):
        assert "plain" in shop.listed(SearchKey=part)


def test_a_search_follows_what_an_order_becomes(client: Client) -> None:
    """New material and a new alias take the place of the old."""
    order = client.buy()

    def found(text: str) -> int:
        return int(client.call("DescribeCertificates", SearchKey=text)["TotalCount"])

    client.submit(order, CertCommonName="first-name.example.com")
    client.call("ModifyCertificateAlias", CertificateId=order, Alias="first alias")
    assert [found(text) for text in ("first-name.e", "first alias")] == [1, 1]
    client.submit(order, CertCommonName="second-name.example.com")
    client.call("ModifyCertificateAlias", CertificateId=order)
    assert [found(text) for text in ("first-name.e", "second-name.e", "first alias")] == [0, 1, 0]


def test_unknown_and_foreign_ids_are_passed_over(shop: Shop, order: str) -> None:
    """`order` is another account's."""
    assert shop.listed(CertIds=[shop.plain, order, "aaaaaaaa", shop.wild]) == ["wild", "plain"]
    assert shop.listed(CertIds=[order]) == []
    assert shop.listed(CertIds=[shop.plain.swapcase()]) == []
    assert shop.listed(CertIds=[shop.plain, shop.plain]) == ["plain"]
    assert shop.listed(SearchKey=order) == []


@pytest.mark.parametrize(
    ("parameters", "detail"),
    [
        ({"Deployable": 2}, "Deployable: must be 0 or 1, not 2."),
        (
            {"Upload": -1, "ExpirationSort": "asc"},
            'Upload: must be 0 or 1, not -1. ExpirationSort: must be ASC or DESC; got "asc".',
        ),
        ({"IsSM": 3}, "IsSM: must be 0 or 1, not 3."),
        ({"CertificateType": "svr"}, 'CertificateType: must be SVR or CA; got "svr".'),
        ({"FilterSource": "*"}, "FilterSource: must be upload or buy; got a text of 1 character."),
        ({"CertificateStatus": [5, 16]}, "CertificateStatus: takes numbers from 0 to 15; got 16."),
        ({"SearchKey": "x" * 65}, "SearchKey: must have at most 64 characters."),
        ({"SearchKey": "\u00df" * 33}, "SearchKey: must have at most 64 characters."),
        (
            {"CertIds": ["x"] * 1001},
            "CertIds: length should be at most 1000 members, but it has 1001.",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(
    shop: Shop, parameters: dict[str, Any], detail: str
) -> None:
    """With what can; the length of a search is that of its letters in lower case."""
    asked = refusal(lambda: shop.client.call("DescribeCertificates", **parameters))
    assert asked == invalid(detail)


# --- users --------------------------------------------------------------------------------------


def test_a_user_sees_the_certificates_that_are_allowed(shop: Shop) -> None:
    """And the total counts no others, however they are asked for."""
    user = shop.desk.user(shop.keys)
    shop.desk.bind(user, "allow", "ssl:Describe*", certificates=[shop.wild])
    theirs = shop.desk.client(user.keys)
    assert shop.seen_by(theirs) == ["wild"]
    assert shop.seen_by(theirs, SearchKey="example") == ["wild"]
    assert shop.seen_by(theirs, CertIds=[shop.wild, shop.multi]) == ["wild"]
    assert shop.seen_by(theirs, CertificateStatus=[5]) == []
    assert shop.seen_by(theirs, ExpirationSort="ASC") == ["wild"]


def test_a_user_sees_the_projects_that_are_allowed(shop: Shop) -> None:
    """And what lies in others only if its id is."""
    user = shop.desk.user(shop.keys)
    shop.desk.bind(user, "allow", "ssl:*", projects=[shop.project])
    theirs = shop.desk.client(user.keys)
    assert shop.seen_by(theirs) == ["multi"]
    assert shop.seen_by(theirs, ProjectId=0) == []
    assert shop.seen_by(theirs, Tags=[WEB]) == ["multi"]


def test_a_denied_certificate_is_not_listed(shop: Shop) -> None:
    """A denial of another action hides nothing."""
    user = shop.desk.user(shop.keys, "ssl:*")
    shop.desk.bind(user, "deny", "ssl:Describe*", certificates=[shop.wild])
    shop.desk.bind(user, "deny", "ssl:CancelCertificateOrder", certificates=[shop.plain])
    theirs = shop.desk.client(user.keys)
    assert shop.seen_by(theirs) == ["multi", "plain"]
    assert shop.seen_by(theirs, CertificateStatus=[5, 7]) == ["multi", "plain"]
    assert shop.seen_by(theirs, CertIds=[shop.wild]) == []


# --- inside, for what no order reaches yet ------------------------------------------------------


@pytest.fixture
def inside(tmp_path: Path) -> InsideDesk:
    """A desk in memory, at noon in UTC."""
    return InsideDesk(tmp_path)


def put(desk: InsideDesk, caller: Caller, status: Status, *, days: int | None = None) -> str:
    """Buy an order and put it into a status, with a certificate that ends in so many days."""
    certificate_id = desk.buy(caller)
    end = None if days is None else NOON + timedelta(days=days)

    def change(unit: Unit) -> None:
        order = unit.orders.get(certificate_id)
        assert order is not None
        begin = end and end - timedelta(days=199)
        unit.orders.replace(replace(order, status=status, begins_at=begin, ends_at=end))

    desk.store.write(change)
    return certificate_id


def ids(desk: InsideDesk, caller: Caller, **parameters: object) -> list[str]:
    """List orders by their ids."""
    listed = desk.call(caller, "DescribeCertificates", **parameters)["Certificates"]
    return [each["CertificateId"] for each in listed]


def test_what_ends_within_30_days_is_expiring(inside: InsideDesk) -> None:
    """If it is issued and has not ended."""
    caller = inside.account()
    ended, today, soon, later = (
        put(inside, caller, Status.ISSUED, days=days) for days in (-1, 0, 30, 31)
    )
    put(inside, caller, Status.REVOKED, days=10)
    put(inside, caller, Status.AWAITING_MATERIAL)
    assert ids(inside, caller, FilterExpiring=1) == [soon, today]
    expiring = [
        each["CertificateId"]
        for each in inside.call(caller, "DescribeCertificates")["Certificates"]
        if each["IsExpiring"]
    ]
    assert expiring == [soon, today]
    assert ids(inside, caller, ExpirationSort="ASC")[0] == ended
    assert ids(inside, caller, ExpirationSort="DESC")[0] == later


def test_a_certificate_shows_when_it_begins_and_ends(inside: InsideDesk) -> None:
    """In Beijing's time, in lists and alone."""
    caller = inside.account()
    order = put(inside, caller, Status.ISSUED, days=10)
    times = {"CertBeginTime": "2025-08-24 20:00:00", "CertEndTime": "2026-03-11 20:00:00"}
    (listed,) = inside.call(caller, "DescribeCertificates")["Certificates"]
    for shown in (
        listed,
        inside.call(caller, "DescribeCertificate", CertificateId=order),
        inside.call(caller, "DescribeCertificateDetail", CertificateId=order),
    ):
        assert shown | times == shown
        assert shown["Deployable"] is True


def test_what_is_with_the_ca_is_pending(inside: InsideDesk) -> None:
    """Under review, with its record added, waiting for a letter, or being reissued."""
    caller = inside.account()
    orders = {status: put(inside, caller, status) for status in Status}
    pending = [orders[Status(number)] for number in (11, 8, 4, 0)]
    assert ids(inside, caller, IsPendingIssue=1) == pending
    assert ids(inside, caller, IsPendingIssue=1, CertificateStatus=[4, 5]) == [pending[2]]
    assert ids(inside, caller, Deployable=1) == [orders[Status.ISSUED]]
    assert len(ids(inside, caller, Deployable=0, Limit=100)) == 15
    assert ids(inside, caller, Deployable=0, FilterExpiring=1) == []
