"""ApplyCertificate: an order of a free certificate, its material and its submission in one."""

from __future__ import annotations

import base64
import concurrent.futures
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.domain.errors import (
    CertificateNotFound,
    InvalidCertificateStatusCode,
    InvalidParam,
)
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order
from certdesk.domain.validation.challenge import ProofKind, Verdict
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.ports import Unit
from tests.actions.submitting import invalid, refusal, withdraw
from tests.deliveries import members
from tests.inside import InsideDesk
from tests.running import Client, Keys, RunningDesk, running

ECC: dict[str, object] = {
    "DvAuthMethod": "DNS",
    "DomainName": "www.example.com",
    "CsrEncryptAlgo": "ECC",
    "CsrKeyParameter": "prime256v1",
}
FEW = "[keys.stock]\nrsa_2048 = 0\nrsa_4096 = 0\np_256 = 8\n[free]\nlimit = 5\nper_domain = 3\n"
EXCEEDED = (
    "FailedOperation.ExceedsFreeLimit",
    ("The number of free certificates exceeds the maximum value. An account may have 5 at a time."),
)


def domain_exceeded(domain: str) -> tuple[str, str]:
    """Give the refusal of one more certificate for a domain."""
    return (
        "FailedOperation.MainDomainCertificateCountLimit",
        (
            f"The number of free certificates applied for under the primary domain name ({domain}) "
            "has reached the upper limit of 3. Please purchase a paid certificate."
        ),
    )


def apply(client: Client, **changes: object) -> str:
    """Apply for a certificate, with changes; give its id. None takes a parameter out."""
    given = {name: value for name, value in (ECC | changes).items() if value is not None}
    return str(client.call("ApplyCertificate", **given)["CertificateId"])


def total(client: Client) -> int:
    """Count an account's orders."""
    return int(client.call("DescribeCertificates", Limit=0)["TotalCount"])


def test_a_free_certificate_is_under_review_at_once(client: Client) -> None:
    """Ordered, with its material, and submitted to the CA."""
    detail = client.detail(
        apply(
            client,
            Alias="shop",
            ContactEmail="webmaster@example.com",
            ContactPhone="13112345678",
            PackageType="83",
            ValidityPeriod="3",
        )
    )
    shown = ("Status", "StatusMsg", "PackageType", "ValidityPeriod", "Domain", "Alias", "IsVip")
    assert [detail[name] for name in shown] == [
        *(0, "PENDING-DCV", "83", "3", "www.example.com", "shop", False),
    ]
    assert detail["OrderId"]
    assert (detail["VerifyType"], detail["SubmittedData"]) == ("DNS", None)
    assert detail["DvAuthDetail"]["DvAuths"][0]["DvAuthVerifyType"] == "TXT"
    assert detail["EncryptAlgorithm"] == "ECC prime256v1"
    assert detail["CertificatePrivateKey"].startswith("-----BEGIN PRIVATE KEY-----")


def test_nobody_has_to_say_whom_to_write_to(client: Client) -> None:
    """Where CertificateInfoSubmit asks for an address."""
    assert client.detail(apply(client))["Status"] == 0


def test_the_key_is_rsa_2048_where_nothing_is_said(client: Client) -> None:
    """As the vendor has it."""
    order = apply(client, CsrEncryptAlgo=None, CsrKeyParameter=None)
    assert client.detail(order)["EncryptAlgorithm"] == "RSA 2048"


def test_a_name_is_proved_by_a_file_where_that_is_chosen(client: Client) -> None:
    """Its path is shown."""
    detail = client.detail(apply(client, DvAuthMethod="FILE"))
    assert detail["DvAuthDetail"]["DvAuthPath"] == "/.well-known/pki-validation/"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        (
            {"DvAuthMethod": "DNS_AUTO"},
            (
                "DvAuthMethod: DNS_AUTO needs a DNS zone of the account that the desk may "
                "change, and no such zone contains www.example.com. Use DNS, or have the "
                "operator add the zone (certdesk zone add)."
            ),
        ),
        ({"DvAuthMethod": "dns"}, 'DvAuthMethod: must be DNS, DNS_AUTO or FILE; got "dns".'),
        ({"PackageType": "2"}, 'PackageType: must be 83; got "2".'),
        ({"ValidityPeriod": "12"}, 'ValidityPeriod: must be 3; got "12".'),
        (
            {"DnsNames": ["example.org"]},
            "DnsNames: not supported. A free certificate has one name.",
        ),
        ({"Alias": "a" * 201}, "Alias: takes at most 200 characters, not 201."),
        ({"CsrEncryptAlgo": "SM2"}, 'CsrEncryptAlgo: must be RSA or ECC; got "SM2".'),
        ({"CsrKeyParameter": None}, "CsrKeyParameter: needed for ECC. It must be prime256v1."),
        (
            {"CsrKeyParameter": "secp384r1"},
            'CsrKeyParameter: must be prime256v1 for ECC; got "secp384r1".',
        ),
        (
            {"CsrEncryptAlgo": "RSA", "CsrKeyParameter": "4096"},
            'CsrKeyParameter: must be 2048 for RSA; got "4096".',
        ),
        (
            {"CsrKeyPassword": "é"},
            "CsrKeyPassword: takes 1 to 32 printable ASCII characters.",
        ),
        (
            {"DomainName": "192.0.2.1"},
            'DomainName: an IP address is not a domain name; got "192.0.2.1".',
        ),
        (
            {"DomainName": "*.example.com"},
            (
                "DomainName: must not contain a wildcard: TrustAsia DV free does not cover "
                'wildcards; got "*.example.com".'
            ),
        ),
        (
            {"PackageType": "2", "ValidityPeriod": "12"},
            'PackageType: must be 83; got "2". ValidityPeriod: must be 3; got "12".',
        ),
    ],
)
def test_what_will_not_do_is_refused(
    client: Client, changes: dict[str, object], detail: str
) -> None:
    """With every fault, and nothing is ordered."""
    before = total(client)
    assert refusal(lambda: apply(client, **changes)) == invalid(detail)
    assert total(client) == before


def test_some_refusals_have_codes_of_their_own(client: Client) -> None:
    """A long name, what is no e-mail address, and a benefit package."""
    long = "a" * 53 + ".example.com"
    refused = [
        refusal(lambda change=change: apply(client, **change))[0]  # type: ignore[misc]  # bound now
        for change in (
            {"DomainName": long},
            {"DomainName": "ü" * 60 + ".example.com"},
            {"ContactEmail": "nobody"},
            {"PackageId": "p-1"},
        )
    ]
    assert refused == [
        "InvalidParameterValue.CertificateDomainMaxLengthInvalid",
        "InvalidParameterValue.CertificateDomainMaxLengthInvalid",
        "InvalidParameterValue.CertificateEmailParseInvalid",
        "FailedOperation.PackageNotFound",
    ]


def test_who_may_apply_is_what_policies_say(desk: RunningDesk, keys: Keys, client: Client) -> None:
    """In the project that the certificate is to be in."""
    project = desk.project(keys)
    user = desk.user(keys)
    desk.bind(user, "allow", "ssl:ApplyCertificate", projects=[project])
    theirs = desk.client(user.keys)
    assert client.detail(apply(theirs, ProjectId=project))["ProjectId"] == str(project)
    assert refusal(lambda: apply(theirs))[0] == "FailedOperation.NoProjectPermission"
    assert refusal(lambda: apply(client, ProjectId=2**40))[0] == (
        "FailedOperation.NoProjectPermission"
    )


def test_an_unverified_account_cannot_apply(desk: RunningDesk) -> None:
    """The vendor's code for it is the one of a submission."""
    keys = desk.account()
    client = desk.client(keys)
    withdraw(desk, client, keys.uin, client.buy())
    assert refusal(lambda: apply(client))[0] == "FailedOperation.NoRealNameAuth"


def test_a_free_order_is_not_opened_again(client: Client) -> None:
    """Its review may be stopped, and another one be applied for."""
    order = apply(client)
    client.call("CancelAuditCertificate", CertificateId=order)
    assert refusal(lambda: client.call("ModifyCertificateResubmit", CertificateId=order)) == (
        "FailedOperation.CertificateStatusNotAllowResubmit",
        (
            "You cannot re-submit a review application for a certificate in this status. "
            "The order has status 7 (Cancelled). It is a free order, so apply for a new one."
        ),
    )


# --- how many an account may have ---------------------------------------------------------------


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk where accounts may have five, and three of one domain."""
    with running(tmp_path_factory.mktemp("free") / "data", settings=FEW) as desk:
        yield desk


def test_so_many_of_a_domain_and_so_many_in_all(strict: RunningDesk) -> None:
    """Names of one registrable domain count together, whatever they are."""
    client = strict.client()
    for name in ("example.co.uk", "www.example.co.uk", "EXAMPLE.co.uk"):
        apply(client, DomainName=name)
    assert refusal(lambda: apply(client, DomainName="a.b.example.co.uk")) == (
        domain_exceeded("example.co.uk")
    )
    for name in ("other.co.uk", "example.org"):
        apply(client, DomainName=name)
    assert refusal(lambda: apply(client, DomainName="example.net")) == EXCEEDED
    assert total(client) == 5


def test_what_was_given_up_counts_no_more(strict: RunningDesk) -> None:
    """Nor do paid orders, or those of another account."""
    client = strict.client()
    client.submit(client.buy(), CertCommonName="www.example.com")
    orders = [apply(client) for _ in range(3)]
    assert refusal(lambda: apply(client)) == domain_exceeded("example.com")
    apply(strict.client())
    client.call("CancelAuditCertificate", CertificateId=orders[0])
    apply(client)
    assert refusal(lambda: apply(client)) == domain_exceeded("example.com")


def test_of_many_at_once_just_so_many_get_one(strict: RunningDesk) -> None:
    """The count is taken in the transaction that adds to it."""
    keys = strict.account()

    def outcome(number: int) -> str:
        client = strict.client(keys)
        try:
            apply(client, DomainName=f"shop{number}.example.com")
        except TencentCloudSDKException as refused:
            return str(refused.get_code())
        return "ok"

    with concurrent.futures.ThreadPoolExecutor(12) as threads:
        outcomes = Counter(threads.map(outcome, range(12)))
    assert outcomes == {"ok": 3, "FailedOperation.MainDomainCertificateCountLimit": 9}
    assert total(strict.client(keys)) == 3


# --- what only a desk with a clock of the test's own shows --------------------------------------


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[InsideDesk]:
    """A desk inside the process."""
    with InsideDesk(tmp_path) as desk:
        yield desk


def applied(inside: InsideDesk, caller: Caller, **changes: object) -> str:
    """Apply for a certificate; give its id."""
    return str(inside.call(caller, "ApplyCertificate", **ECC | changes)["CertificateId"])


def issued(inside: InsideDesk, caller: Caller, **changes: object) -> str:
    """Apply for a certificate and have it issued."""
    order = applied(inside, caller, **changes)
    for kind in ProofKind:
        inside.validators[kind].verdicts["www.example.com"] = Verdict.PROVED
    inside.take_on(order)
    return order


def test_a_free_certificate_is_issued_for_three_months_at_most(inside: InsideDesk) -> None:
    """And its key stores open with the pass phrase that was given."""
    caller = inside.account()
    order = issued(inside, caller, CsrKeyPassword="12345678")
    assert inside.order(order).status == 1
    assert {asked.most_days for asked, _ in inside.issuer.asked} == {90}
    zipped = inside.call(caller, "DownloadCertificate", CertificateId=order)
    files = members(base64.b64decode(zipped["Content"]))
    assert "IIS/www.example.com.pfx" in files
    assert not any("keystorePass" in name for name in files)


def test_all_is_done_in_one_change_of_its_own(inside: InsideDesk) -> None:
    """One row in the audit log for order, material and submission."""
    order = applied(inside, inside.account())
    (row,) = inside.audit(order)
    assert row.action == "ApplyCertificate"
    assert (inside.order(order).submission, inside.order(order).attempt) == (1, 1)


def test_a_certificate_is_renewed_in_its_last_days(inside: InsideDesk) -> None:
    """The scripted CA's last 90 days, so that is from the 60th on."""
    caller = inside.account()
    old = issued(inside, caller)
    renewal: dict[str, Any] = {"OldCertificateId": old}
    assert not renewable(inside, caller, old)
    with pytest.raises(InvalidCertificateStatusCode, match="ends within 30 days"):
        applied(inside, caller, **renewal)
    inside.clock.move(timedelta(days=61))
    with pytest.raises(InvalidParam, match=r"is not for example\.com"):
        applied(inside, caller, DomainName="example.com", **renewal)
    with pytest.raises(CertificateNotFound):
        applied(inside, inside.account(), **renewal)
    assert renewable(inside, caller, old)
    assert inside.order(applied(inside, caller, **renewal)).renews == old
    inside.clock.move(timedelta(days=30))
    assert not renewable(inside, caller, old)
    with pytest.raises(InvalidCertificateStatusCode):
        applied(inside, caller, **renewal)


def renewable(inside: InsideDesk, caller: Caller, order: str) -> bool:
    """Read `RenewAble`, which is the same everywhere, and what `Renew` 1 finds."""
    found_by_it = inside.call(caller, "DescribeCertificates", Renew=1)["Certificates"]
    (listed,) = inside.call(caller, "DescribeCertificates", CertIds=[order])["Certificates"]
    shown = [
        inside.call(caller, action, CertificateId=order)
        for action in ("DescribeCertificate", "DescribeCertificateDetail")
    ]
    is_found = order in {each["CertificateId"] for each in found_by_it}
    (found,) = {is_found, *(each["RenewAble"] for each in (listed, *shown))}
    return bool(found)


def put(inside: InsideDesk, order: Order) -> None:
    """Store an order as it is, whatever is stored of it."""

    def write(unit: Unit) -> None:
        stored = unit.orders.get(order.certificate_id)
        assert stored is not None
        unit.orders.replace(replace(order, version=stored.version))

    inside.store.write(write)


def test_what_can_be_renewed_is_a_good_certificate_of_a_server_for_more_than_a_wildcard(
    inside: InsideDesk,
) -> None:
    """Paid ones too; nothing that is revoked, and no authority's."""
    caller = inside.account()
    order = inside.order(issued(inside, caller))
    assert order.ends_at is not None
    now = order.ends_at - timedelta(days=30)
    inside.clock.move(now - inside.clock.now())
    cases: tuple[tuple[dict[str, Any], bool], ...] = (
        ({}, True),
        ({"product_id": 25}, True),
        ({"domain": "*.example.com"}, False),
        ({"domain": "*.example.com", "names": ("example.com",)}, True),
        ({"status": Status.REVOKED}, False),
        ({"status": Status.REVOKING}, False),
        ({"certificate_type": "CA"}, False),
    )
    for changes, wanted in cases:
        changed = replace(order, **changes)
        assert changed.renewable(now) is wanted, changes
        put(inside, changed)
        assert renewable(inside, caller, order.certificate_id) is wanted, changes
        assert not changed.renewable(now - timedelta(seconds=1))
