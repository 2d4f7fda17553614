"""ReplaceCertificate: a certificate once more, for the same names, in the time that was bought."""

from __future__ import annotations

import base64
import concurrent.futures
import functools
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.domain.errors import (
    CertificateStatusNotAllowResubmit,
    InvalidCertificateStatusCode,
    InvalidParam,
    OrderAlreadyReplaced,
    OrderReplaceFailed,
    RenewAlgorithmInvalid,
    RenewNotIssued,
)
from certdesk.domain.orders.order import Order
from certdesk.domain.validation.challenge import ProofKind, Verdict
from certdesk.domain.values.keys import KeyKind, private_key_pem
from certdesk.engine import Caller
from certdesk.world.nameserver import NameServer
from tests import chains
from tests.actions.asking import becomes, publish
from tests.actions.submitting import COMPANY, PERSONAL, csr_for, invalid, refusal, withdraw
from tests.deliveries import members
from tests.inside import InsideDesk
from tests.issued import issue
from tests.running import Client, Keys, RunningDesk, running

NAME = "shop.example.com"
SINGLE = 104
WORLD = "reissue.example.com"
FEW = "[keys.stock]\nrsa_2048 = 1\nrsa_4096 = 0\np_256 = 2\n"


# --- through the front door -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk in a process of its own, with certificates on it."""
    with running(tmp_path_factory.mktemp("reissue") / "data", settings=FEW) as desk:
        yield desk


@pytest.fixture(scope="module")
def keys(shop: RunningDesk) -> Keys:
    """The keys of its account."""
    return shop.account()


@pytest.fixture
def client(shop: RunningDesk, keys: Keys) -> Client:
    """The official SDK with them."""
    return shop.client(keys)


@pytest.fixture(scope="module")
def original(shop: RunningDesk, keys: Keys) -> str:
    """An issued certificate with a key that the desk made."""
    client = shop.client(keys)
    bought = client.buy()
    client.submit(bought, KeyPass="12345678")
    issue(shop, keys, bought)
    return bought


def reissue(client: Client, certificate_id: str, **changes: object) -> str:
    """Ask for a reissue; give the new id."""
    reply = client.call(
        "ReplaceCertificate", **{"CertificateId": certificate_id, "ValidType": "DNS"} | changes
    )
    return str(reply["CertificateId"])


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        (
            {"ValidType": "DNS_AUTO"},
            (
                "ValidType: DNS_AUTO needs a DNS zone of the account that the desk may "
                "change, and no such zone contains example.com. Use DNS, or have the "
                "operator add the zone (certdesk zone add)."
            ),
        ),
        ({"ValidType": "dns"}, 'ValidType: must be DNS, DNS_AUTO or FILE; got "dns".'),
        ({"CsrType": "uploaded"}, 'CsrType: must be Original, Upload or Online; got "uploaded".'),
        ({"CsrType": "upload"}, "CsrContent: needed when CsrType is Upload."),
        (
            {"CsrType": "letmein", "ValidType": "FILES"},
            (
                'ValidType: must be DNS, DNS_AUTO or FILE; got "FILES". '
                "CsrType: must be Original, Upload or Online; got a text of 7 characters."
            ),
        ),
        ({"SignAlgo": "SHA1"}, 'SignAlgo: must be SHA256 or SHA384 or SHA512; got "SHA1".'),
        ({"CsrkeyPassword": "é"}, "CsrkeyPassword: takes 1 to 32 printable ASCII characters."),
        (
            {"CsrType": "Upload", "CsrContent": "nothing"},
            "CsrContent: the CSR must be one PEM block, CERTIFICATE REQUEST (RFC 7468, 7).",
        ),
    ],
)
def test_what_will_not_do_is_refused(
    client: Client, original: str, changes: dict[str, object], detail: str
) -> None:
    """With its fault, and nothing replaces the original."""
    assert refusal(lambda: reissue(client, original, **changes)) == invalid(detail)
    assert client.detail(original)["CertificateExtra"]["ReplacedFor"] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"CertCSREncryptAlgo": "SM2"},
        {"CertCSREncryptAlgo": "RSA", "CertCSRKeyParameter": "1024"},
        {"CertCSREncryptAlgo": "ECC", "CertCSRKeyParameter": "secp521r1"},
        {"CertCSREncryptAlgo": "ECC", "CertCSRKeyParameter": "2048"},
    ],
)
def test_no_other_key_is_made(client: Client, original: str, changes: dict[str, object]) -> None:
    """Of SM2 none; a reissue has a wider choice than an order."""
    code, message = refusal(lambda: reissue(client, original, CsrType="Online", **changes))
    assert code == "InvalidParameter.RenewAlgorithmInvalid"
    assert "RSA takes 2048 or 4096, ECC takes prime256v1 or secp384r1; got" in message
    name = "CertCSREncryptAlgo" if changes["CertCSREncryptAlgo"] == "SM2" else "CertCSRKeyParameter"
    assert f"The algorithm is invalid. {name}: " in message


def test_an_order_is_made_no_key_on_p_384(client: Client) -> None:
    """That choice is the reissue's alone."""
    given = {"CsrEncryptAlgo": "ECC", "CsrKeyParameter": "secp384r1"}
    code, message = refusal(lambda: client.submit(client.buy(), **given))
    assert code == "InvalidParameter.RenewAlgorithmInvalid"
    assert message.endswith(
        'CsrKeyParameter: RSA takes 2048 or 4096, ECC takes prime256v1; got "secp384r1".'
    )


def test_a_csr_for_another_name_is_refused(client: Client, original: str) -> None:
    """The reissue is for the names of the original."""
    csr = csr_for(chains.key_of(KeyKind.P_256), "other.example.com")
    code, message = refusal(lambda: reissue(client, original, CsrType="Upload", CsrContent=csr))
    assert code == "FailedOperation.InvalidParam"
    assert message.startswith("Incorrect parameters. CsrContent: ")


def test_what_was_not_issued_here_is_not_reissued(client: Client) -> None:
    """An uploaded certificate has no order; one that is not issued nothing to replace."""
    key = chains.key_of(KeyKind.P_256)
    uploaded = client.call(
        "UploadCertificate",
        CertificatePublicKey=chains.pem(chains.leaf(key, NAME), chains.intermediate().certificate),
        CertificatePrivateKey=private_key_pem(key).decode(),
    )["CertificateId"]
    assert refusal(lambda: reissue(client, uploaded)) == (
        "FailedOperation.InvalidCertificateSource",
        (
            "Certificate source error. The certificate was uploaded. The desk can only reissue "
            "what it issued."
        ),
    )
    assert refusal(lambda: reissue(client, client.buy())) == (
        "FailedOperation.InvalidCertificateStatusCode",
        ("The certificate status is incorrect. The order has status 5 (Pending submission)."),
    )


def test_the_original_has_to_be_allowed(
    shop: RunningDesk, keys: Keys, client: Client, original: str
) -> None:
    """A policy for single certificates does for the original; the new one is none of them."""
    user = shop.user(keys)
    shop.bind(user, "allow", "ssl:*", certificates=[client.buy()])
    theirs = shop.client(user.keys)
    assert refusal(lambda: reissue(theirs, original))[0] == "FailedOperation.AuthError"
    shop.bind(user, "allow", "ssl:ReplaceCertificate", certificates=[original])
    ask = functools.partial(reissue, theirs, original, ValidType="x")
    becomes("FailedOperation.InvalidParam", lambda: refusal(ask)[0])


def test_an_unverified_account_cannot_reissue(shop: RunningDesk) -> None:
    """As it cannot order."""
    keys = shop.account()
    client = shop.client(keys)
    order = client.buy()
    withdraw(shop, client, keys.uin, order)
    assert refusal(lambda: reissue(client, order))[0] == "FailedOperation.NoRealNameAuth"


def test_of_fifty_at_once_just_one_wins(shop: RunningDesk, keys: Keys, original: str) -> None:
    """All others are told so, and one order is there."""
    client = shop.client(keys)
    orders = client.call("DescribeCertificates", Limit=0)["TotalCount"]

    def outcome(_: int) -> str:
        try:
            return f"ok {reissue(shop.client(keys), original)}"
        except TencentCloudSDKException as refused:
            return str(refused.get_code())

    shop.operate("SetRateLimit", Uin=keys.uin, Action="ReplaceCertificate", PerSecond=1000)
    with concurrent.futures.ThreadPoolExecutor(50) as threads:
        outcomes = Counter(threads.map(outcome, range(50)))
    assert outcomes.pop("FailedOperation.OrderAlreadyReplaced") == 49
    ((won, count),) = outcomes.items()
    assert count == 1
    assert won == f"ok {client.detail(original)['CertificateExtra']['ReplacedFor']}"
    assert client.call("DescribeCertificates", Limit=0)["TotalCount"] == orders + 1


@pytest.mark.needs("openssl")
def test_what_is_reissued_is_verified_by_openssl(
    orderer: Client, names: NameServer, tmp_path: Path
) -> None:
    """With a new key, to the same end; both certificates are good and say which is which."""
    bought = orderer.buy()
    orderer.submit(bought, CertCommonName=WORLD)
    orderer.call("CertificateOrderSubmit", CertId=bought)
    old = proved(orderer, names, bought)

    given = {"CsrType": "ONLINE", "CertCSREncryptAlgo": "ECC1", "CertCSRKeyParameter": "secp384r1"}
    fresh = reissue(orderer, bought, **given)
    began = orderer.detail(fresh)
    assert (began["Status"], began["StatusMsg"]) == (0, "PENDING-DCV")
    assert began["CertificateExtra"]["ReplacedBy"] == bought
    new = proved(orderer, names, fresh)

    assert (new["Domain"], new["SubjectAltName"]) == (old["Domain"], old["SubjectAltName"])
    assert (new["EncryptAlgorithm"], new["PackageType"]) == ("ECC secp384r1", old["PackageType"])
    old = orderer.detail(bought)
    assert (old["Status"], old["CertificateExtra"]["ReplacedFor"]) == (1, fresh)

    zipped = orderer.call("DownloadCertificate", CertificateId=fresh)["Content"]
    files = members(base64.b64decode(zipped))
    for name in ("Apache/1_root_bundle.crt", f"Apache/2_{WORLD}.crt"):
        (tmp_path / name.rpartition("/")[2]).write_bytes(files[name])
    (tmp_path / "root.crt").write_text(new["RootCert"]["Standard"])
    verified = openssl(
        tmp_path,
        *("verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", WORLD),
        *("-CAfile", "root.crt", "-untrusted", "1_root_bundle.crt", f"2_{WORLD}.crt"),
    )
    assert verified == f"2_{WORLD}.crt: OK\n"
    (tmp_path / "key").write_bytes(files[f"Apache/3_{WORLD}.key"])
    of_key = openssl(tmp_path, "pkey", "-in", "key", "-pubout")
    assert of_key == openssl(tmp_path, "x509", "-in", f"2_{WORLD}.crt", "-noout", "-pubkey")


def openssl(folder: Path, *words: str) -> str:
    """Run OpenSSL in a folder; give what it printed."""
    done = subprocess.run(
        ["openssl", *words],  # noqa: S607 -- the one of the system
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def proved(client: Client, names: NameServer, certificate_id: str) -> dict[str, Any]:
    """Publish what an order asks for, and wait until it is issued."""
    publish(names, client.detail(certificate_id))
    client.call("CheckCertificateDomainVerification", CertificateId=certificate_id)
    becomes(1, lambda: client.detail(certificate_id)["Status"])
    return client.detail(certificate_id)


# --- what only a desk with a clock of the test's own shows ----------------------------------------


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[InsideDesk]:
    """A desk inside the process; every name is proved there."""
    with InsideDesk(tmp_path) as desk:
        for kind in ProofKind:
            desk.validators[kind].verdicts[NAME] = Verdict.PROVED
        yield desk


OWN_KEY = functools.cache(lambda: ec.generate_private_key(ec.SECP256R1()))
OWN: dict[str, object] = {"GenCsrType": "parse", "CsrEncryptAlgo": None, "CsrKeyParameter": None}


def bought(inside: InsideDesk, caller: Caller, **changes: object) -> str:
    """Buy an order for a name, and have it issued."""
    order = inside.buy(caller, SINGLE)
    material = PERSONAL | {"CertCommonName": NAME} | changes
    given = {name: value for name, value in material.items() if value is not None}
    inside.call(caller, "CertificateInfoSubmit", CertId=order, **given)
    inside.call(caller, "CertificateOrderSubmit", CertId=order)
    inside.take_on(order)
    return order


def freed(inside: InsideDesk, caller: Caller, **changes: object) -> str:
    """Apply for a free certificate, and have it issued."""
    given = {"DvAuthMethod": "DNS", "DomainName": NAME} | changes
    order = str(inside.call(caller, "ApplyCertificate", **given)["CertificateId"])
    inside.take_on(order)
    return order


def replaced(inside: InsideDesk, caller: Caller, original: str, **changes: object) -> Order:
    """Ask for a reissue; give its order."""
    given = {"CertificateId": original, "ValidType": "DNS"} | changes
    reply = inside.call(caller, "ReplaceCertificate", **given)
    return inside.order(reply["CertificateId"])


def private_key(inside: InsideDesk, caller: Caller, certificate_id: str) -> str | None:
    """Read an order's private key."""
    detail = inside.call(caller, "DescribeCertificateDetail", CertificateId=certificate_id)
    key: str | None = detail["CertificatePrivateKey"]
    return key


def test_a_reissue_is_under_review_at_once(inside: InsideDesk) -> None:
    """In one change: the same product and names, one submission, proofs of its own."""
    caller = inside.account()
    old = bought(inside, caller)
    order = replaced(inside, caller, old, ValidType="FILE")
    assert (order.status, order.product_id, order.all_names) == (0, 104, (NAME,))
    assert (order.submission, order.attempt, order.verify_type) == (1, 1, "FILE")
    (row,) = inside.audit(order.certificate_id)
    assert (row.action, row.detail) == ("ReplaceCertificate", f"attempt 1, replaces {old}")
    values = {
        proof.value
        for each in (old, order.certificate_id)
        for proof in inside.store.read(lambda unit, its=each: unit.proofs.where(certificate_id=its))  # type: ignore[misc]  # bound now
    }
    assert len(values) == 2


def test_a_reissue_lies_where_the_original_does(inside: InsideDesk) -> None:
    """With its project, alias, labels and deal."""
    caller = inside.account()
    old = bought(inside, caller)
    inside.call(caller, "ModifyCertificateAlias", CertificateId=old, Alias="web shop")
    before, after = inside.order(old), replaced(inside, caller, old)
    same = ("alias", "tags", "project_id", "deal_id", "domain_num", "time_span", "holder")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert after.alias == "web shop"


def test_a_reissue_lasts_as_long_as_it_may(inside: InsideDesk) -> None:
    """The scripted CA's certificates last 90 days; the year that was bought ends later."""
    caller = inside.account()
    old = bought(inside, caller)
    inside.clock.move(timedelta(days=40))
    fresh = replaced(inside, caller, old).certificate_id
    inside.take_on(fresh)
    before, after = inside.order(old), inside.order(fresh)
    assert (before.status, after.status) == (1, 1)
    assert before.ends_by == before.begins_at.replace(year=2027)  # type: ignore[union-attr]  # issued, so it has one
    assert (before.ends_at, after.ends_at) == tuple(
        order.begins_at + timedelta(days=90)  # type: ignore[operator]  # issued, so it has one
        for order in (before, after)
    )


def test_no_chain_of_reissues_outlasts_what_was_bought(inside: InsideDesk) -> None:
    """The last one is shorter, and is not replaced by one that would be shorter still."""
    caller = inside.account()
    chain = [inside.order(bought(inside, caller))]
    end = chain[0].ends_by
    assert end is not None
    while chain[-1].ends_at != end:
        inside.clock.move(timedelta(days=59))
        fresh = replaced(inside, caller, chain[-1].certificate_id).certificate_id
        inside.take_on(fresh)
        chain.append(inside.order(fresh))
    assert [order.ends_by for order in chain] == [end] * len(chain)
    assert len(chain) == 6
    inside.clock.move(end - timedelta(days=30) - inside.clock.now())
    with pytest.raises(InvalidCertificateStatusCode, match="ends within 30 days"):
        replaced(inside, caller, chain[-1].certificate_id)


def test_the_end_of_a_free_certificate_stays(inside: InsideDesk) -> None:
    """Nothing more was bought than the first one."""
    caller = inside.account()
    old = freed(inside, caller)
    inside.clock.move(timedelta(days=40))
    fresh = replaced(inside, caller, old).certificate_id
    inside.take_on(fresh)
    assert inside.order(fresh).ends_at == inside.order(old).ends_at


@pytest.mark.parametrize("csr_type", [None, "Original", "original", "ORIGINAL", ""])
def test_the_original_lends_csr_and_key(inside: InsideDesk, csr_type: str | None) -> None:
    """Sealed anew, and with the pass phrase for key stores."""
    caller = inside.account()
    old = bought(inside, caller, KeyPass="12345678")
    changes = {} if csr_type is None else {"CsrType": csr_type}
    order = replaced(inside, caller, old, **changes)
    (earlier,), (later,) = map(inside.submissions, (old, order.certificate_id))
    assert (later.csr, later.key) == (earlier.csr, earlier.key)
    assert later.spki_sha256 == earlier.spki_sha256
    assert later.private_key != earlier.private_key
    assert private_key(inside, caller, order.certificate_id) == private_key(inside, caller, old)
    assert order.key_pass
    inside.take_on(order.certificate_id)
    zipped = inside.call(caller, "DownloadCertificate", CertificateId=order.certificate_id)
    assert not any("keystorePass" in name for name in members(base64.b64decode(zipped["Content"])))


def test_the_original_lends_a_csr_that_was_sent(inside: InsideDesk) -> None:
    """Its private key was never here."""
    caller = inside.account()
    old = bought(inside, caller, Csr=csr_for(OWN_KEY(), NAME), **OWN)
    order = replaced(inside, caller, old)
    (earlier,), (later,) = map(inside.submissions, (old, order.certificate_id))
    assert later.csr == earlier.csr
    assert private_key(inside, caller, order.certificate_id) is None


@pytest.mark.parametrize("csr_type", ["Upload", "upload"])
def test_a_csr_may_be_sent_for_it(inside: InsideDesk, csr_type: str) -> None:
    """With another key, on P-384 or of 3072 bits too."""
    caller = inside.account()
    old = bought(inside, caller)
    key = rsa.generate_private_key(65537, 3072)
    order = replaced(inside, caller, old, CsrType=csr_type, CsrContent=csr_for(key, NAME))
    assert order.key == "RSA 3072"
    assert private_key(inside, caller, order.certificate_id) is None


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({}, "RSA 2048"),
        ({"CertCSREncryptAlgo": "RSA"}, "RSA 2048"),
        ({"CertCSRKeyParameter": "4096"}, "RSA 4096"),
        ({"CertCSREncryptAlgo": "ECC"}, "ECC prime256v1"),
        ({"CertCSREncryptAlgo": "ECC1"}, "ECC prime256v1"),
        ({"CertCSREncryptAlgo": "ECC", "CertCSRKeyParameter": "secp384r1"}, "ECC secp384r1"),
    ],
)
def test_a_key_may_be_made_for_it(inside: InsideDesk, changes: dict[str, object], key: str) -> None:
    """Of more kinds than for an order, and without the original's pass phrase."""
    caller = inside.account()
    old = bought(inside, caller, KeyPass="12345678")
    order = replaced(inside, caller, old, CsrType="online", **changes)
    assert (order.key, order.key_pass) == (key, False)
    assert private_key(inside, caller, order.certificate_id) not in (
        None,
        private_key(inside, caller, old),
    )


def test_a_key_on_p_384_is_lent_on(inside: InsideDesk) -> None:
    """A reissue may be reissued, and what was good for it is again."""
    caller = inside.account()
    first = bought(inside, caller)
    wide = {"CsrType": "Online", "CertCSREncryptAlgo": "ECC", "CertCSRKeyParameter": "secp384r1"}
    second = replaced(inside, caller, first, **wide).certificate_id
    inside.take_on(second)
    third = replaced(inside, caller, second)
    assert (third.key, third.replaces) == ("ECC secp384r1", second)
    assert third.ends_by == inside.order(first).ends_by


def test_hash_and_chain_are_the_originals_unless_chosen(inside: InsideDesk) -> None:
    """SignAlgo and UseCrossSignRoot are the mainland edition's."""
    caller = inside.account()
    old = bought(inside, caller, SignAlgo="SHA384", UseCrossSignRoot=True)
    inside.take_on(replaced(inside, caller, old).certificate_id)
    asked = inside.issuer.asked[-1][0]
    assert (asked.hash_name, asked.cross_sign) == ("SHA384", True)
    other = bought(inside, caller, SignAlgo="SHA384", UseCrossSignRoot=True)
    chosen = {"SignAlgo": "SHA512", "UseCrossSignRoot": False}
    inside.take_on(replaced(inside, caller, other, **chosen).certificate_id)
    asked = inside.issuer.asked[-1][0]
    assert (asked.hash_name, asked.cross_sign) == ("SHA512", False)


def test_company_and_manager_are_the_originals(inside: InsideDesk) -> None:
    """No second of either is entered."""
    caller = inside.account()
    old = bought(inside, caller, **COMPANY)
    (earlier,) = inside.submissions(old)
    assert earlier.manager_id is not None
    order = replaced(inside, caller, old)
    (later,) = inside.submissions(order.certificate_id)
    assert (later.company_id, later.manager_id) == (earlier.company_id, earlier.manager_id)
    found = inside.call(caller, "DescribeManagers", CompanyId=earlier.company_id)
    assert found["TotalCount"] == 1


def test_a_certificate_is_reissued_once_at_a_time(inside: InsideDesk) -> None:
    """While a reissue is under way and after it was issued; one that came to nothing is none."""
    caller = inside.account()
    old = bought(inside, caller)
    first = replaced(inside, caller, old).certificate_id
    with pytest.raises(OrderAlreadyReplaced, match=f"{first} already replaces it"):
        replaced(inside, caller, old)
    inside.call(caller, "CancelAuditCertificate", CertificateId=first)
    with pytest.raises(CertificateStatusNotAllowResubmit, match="It is a reissue"):
        inside.call(caller, "ModifyCertificateResubmit", CertificateId=first)
    second = replaced(inside, caller, old).certificate_id
    inside.take_on(second)
    assert inside.order(second).status == 1
    with pytest.raises(OrderAlreadyReplaced, match=f"{second} already replaces it"):
        replaced(inside, caller, old)


def test_a_certificate_is_not_reissued_in_its_last_days(inside: InsideDesk) -> None:
    """To the second: 30 days are too few."""
    caller = inside.account()
    old = bought(inside, caller)
    inside.clock.move(timedelta(days=60))
    with pytest.raises(InvalidCertificateStatusCode, match="ends within 30 days"):
        replaced(inside, caller, old)
    inside.clock.move(timedelta(seconds=-1))
    assert replaced(inside, caller, old).status == 0


def test_an_ended_certificate_is_not_reissued(inside: InsideDesk) -> None:
    """Whether the desk has noticed its end or not."""
    caller = inside.account()
    old = bought(inside, caller)
    inside.clock.move(timedelta(days=91))
    for noticed in (False, True):
        if noticed:
            inside.take_on(old)
        with pytest.raises(InvalidCertificateStatusCode):
            replaced(inside, caller, old)
    assert inside.order(old).status == 3


def test_a_free_certificate_is_reissued_once(inside: InsideDesk) -> None:
    """And its reissue is not."""
    caller = inside.account()
    old = freed(inside, caller)
    first = replaced(inside, caller, old).certificate_id
    inside.take_on(first)
    assert inside.order(first).status == 1
    with pytest.raises(OrderAlreadyReplaced, match="reissued once"):
        replaced(inside, caller, first)
    with pytest.raises(OrderAlreadyReplaced, match=first):
        replaced(inside, caller, old)


def test_a_free_certificate_is_reissued_for_rsa_2048_alone(inside: InsideDesk) -> None:
    """Wherever the key comes from."""
    caller = inside.account()
    old = freed(inside, caller, CsrEncryptAlgo="ECC", CsrKeyParameter="prime256v1")
    choices: list[dict[str, object]] = [
        {},
        {"CsrType": "Online", "CertCSREncryptAlgo": "ECC"},
        {"CsrType": "Online", "CertCSRKeyParameter": "4096"},
        {"CsrType": "Upload", "CsrContent": csr_for(OWN_KEY(), NAME)},
    ]
    for changes in choices:
        with pytest.raises(RenewAlgorithmInvalid, match=r"with a key of RSA 2048\. This one has"):
            replaced(inside, caller, old, **changes)
    assert replaced(inside, caller, old, CsrType="Online").key == "RSA 2048"


def test_a_blocked_key_is_not_lent(inside: InsideDesk) -> None:
    """The same key once more cannot be had; another one can."""
    caller = inside.account()
    old = bought(inside, caller, Csr=csr_for(OWN_KEY(), NAME), **OWN)
    (submission,) = inside.submissions(old)
    inside.operator("BlockKeys", Digests=[submission.spki_sha256.hex()], Reason="lost")
    with pytest.raises(OrderReplaceFailed, match="The key is blocked"):
        replaced(inside, caller, old)
    with pytest.raises(InvalidParam, match="CsrContent: contains a blocked key"):
        replaced(inside, caller, old, CsrType="Upload", CsrContent=csr_for(OWN_KEY(), NAME))
    assert replaced(inside, caller, old, CsrType="Online").status == 0


def test_what_the_original_was_ordered_with_has_to_do_still(inside: InsideDesk) -> None:
    """Its manager is known no more: no fault of the request."""
    caller = inside.account()
    old = bought(inside, caller, **COMPANY)
    (submission,) = inside.submissions(old)
    inside.store.write(lambda unit: unit.managers.remove(submission.manager_id))
    with pytest.raises(OrderReplaceFailed, match="ManagerId of CertificateInfoSubmit"):
        replaced(inside, caller, old)


def test_the_links_are_shown_under_the_vendors_names(inside: InsideDesk) -> None:
    """By both detail and list, and from either end."""
    caller = inside.account()
    old = bought(inside, caller)
    fresh = replaced(inside, caller, old).certificate_id

    def links(certificate_id: str) -> list[str | None]:
        detail = inside.call(caller, "DescribeCertificateDetail", CertificateId=certificate_id)
        (row,) = inside.call(caller, "DescribeCertificates", CertIds=[certificate_id])[
            "Certificates"
        ]
        assert row["CertificateExtra"] == detail["CertificateExtra"]
        names = ("ReplacedBy", "ReplacedFor", "OriginCertificateId", "RenewOrder")
        return [detail["CertificateExtra"][name] for name in names]

    assert links(old) == [None, fresh, None, None]
    assert links(fresh) == [old, None, None, None]


def test_a_renewal_is_shown_too(inside: InsideDesk) -> None:
    """What renews and what is renewed."""
    caller = inside.account()
    old = freed(inside, caller)
    inside.clock.move(timedelta(days=61))
    fresh = freed(inside, caller, OldCertificateId=old)
    assert (inside.order(old).renewed_by, inside.order(fresh).renews) == (fresh, old)


def ended(inside: InsideDesk, certificate_id: str) -> None:
    """Go on until a certificate has ended."""
    inside.clock.move(timedelta(days=30))
    inside.take_on(certificate_id)
    assert inside.order(certificate_id).status == 3


def _renewal(inside: InsideDesk, caller: Caller) -> tuple[str, str]:
    old = freed(inside, caller)
    inside.clock.move(timedelta(days=61))
    for kind in ProofKind:
        inside.validators[kind].verdicts.clear()
    return old, freed(inside, caller, OldCertificateId=old)


def _reissue(inside: InsideDesk, caller: Caller) -> tuple[str, str]:
    old = bought(inside, caller)
    inside.clock.move(timedelta(days=59))
    order = replaced(inside, caller, old)
    # An order of OV would wait for people until then.
    inside.store.write(lambda unit: unit.tasks.remove(order.certificate_id))
    inside.clock.move(timedelta(days=2))
    return old, order.certificate_id


@pytest.mark.parametrize("begin", [_renewal, _reissue])
def test_what_is_being_replaced_is_not_deleted(
    inside: InsideDesk, begin: Callable[[InsideDesk, Caller], tuple[str, str]]
) -> None:
    """As long as the other is under way; when that was given up and deleted, nothing is left."""
    caller = inside.account()
    old, fresh = begin(inside, caller)
    ended(inside, old)
    with pytest.raises(RenewNotIssued, match=f"{fresh} will replace it"):
        inside.call(caller, "DeleteCertificate", CertificateId=old)
    inside.call(caller, "CancelAuditCertificate", CertificateId=fresh)
    inside.call(caller, "DeleteCertificate", CertificateId=fresh)
    assert (inside.order(old).replaced_by, inside.order(old).renewed_by) == (None, None)
    inside.call(caller, "DeleteCertificate", CertificateId=old)


def test_what_was_replaced_may_be_deleted(inside: InsideDesk) -> None:
    """Once the other is issued."""
    caller = inside.account()
    old = bought(inside, caller)
    fresh = replaced(inside, caller, old).certificate_id
    inside.take_on(fresh)
    inside.clock.move(timedelta(days=61))
    ended(inside, old)
    inside.call(caller, "DeleteCertificate", CertificateId=old)
    assert inside.order(fresh).replaces == old
