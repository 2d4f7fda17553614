"""Many at once: one end, whole records, no key twice, and nobody served who was shut out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509
from tencentcloud.common.exception import TencentCloudSDKException

from tests.acceptance.database import csr_in_force, rows
from tests.issued import issue
from tests.running import COMPANY, MANAGER, Client, Keys, RunningDesk, running

MANY = 50
A_SECOND = 1.0
SETTINGS = """
keys.stock = { rsa_2048 = 0, rsa_4096 = 0, p_256 = 8 }
http.connections_per_address = 200
"""
"""A hundred clients at once are more than one address has by default."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk whose stock of keys is soon empty."""
    with running(tmp_path_factory.mktemp("concurrency") / "data", settings=SETTINGS) as desk:
        yield desk


def at_once(works: list[Callable[[], str]]) -> list[str]:
    """Do all works at the same time; give what each returned, or the code of its refusal."""
    gate = threading.Barrier(len(works))

    def wait_and_do(work: Callable[[], str]) -> str:
        gate.wait()
        try:
            return work()
        except TencentCloudSDKException as refused:
            return str(refused.code)

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(wait_and_do, works))


def tagged(tag: str, **changes: object) -> dict[str, object]:
    """Give material of a company whose every value carries a tag."""
    digits = "".join(str(ord(letter) % 10) for letter in tag)
    return {
        "CertCommonName": f"{tag}.example.com",
        "CompanyType": 2,
        "KeyPass": f"pass {tag}",
        "OrgOrganization": f"Company {tag}",
        "OrgDivision": f"Division {tag}",
        "OrgAddress": f"Address {tag}",
        "OrgCountry": "CN",
        "OrgCity": f"City {tag}",
        "OrgRegion": f"Region {tag}",
        "OrgPhoneArea": "0755",
        "OrgPhoneNumber": f"86{digits}11",
        "AdminFirstName": f"Ada {tag}",
        "AdminLastName": f"Admin {tag}",
        "AdminPhone": f"13{digits}22",
        "AdminEmail": f"admin-{tag}@example.com",
        "AdminTitle": f"Head {tag}",
        "TechFirstName": f"Tom {tag}",
        "TechLastName": f"Tech {tag}",
        "TechPhone": f"13{digits}33",
        "TechEmail": f"tech-{tag}@example.com",
        "TechTitle": f"Hand {tag}",
        "ContactEmail": f"contact-{tag}@example.com",
    } | changes


TAGGED = (
    *("OrganizationName", "OrganizationDivision", "OrganizationAddress", "OrganizationCity"),
    *("OrganizationRegion", "AdminFirstName", "AdminLastName", "AdminPosition", "AdminEmail"),
    *("ContactFirstName", "ContactLastName", "ContactPosition", "ContactEmail"),
)


def shown_tag(desk: RunningDesk, client: Client, certificate_id: str) -> str:
    """Read an order back; all that it shows has to be of one submission, whose tag is given."""
    detail = client.detail(certificate_id)
    submitted = detail["SubmittedData"]
    tag = str(submitted["CertificateDomain"]).partition(".")[0]
    assert [name for name in TAGGED if tag not in submitted[name]] == []
    csr = x509.load_pem_x509_csr(csr_in_force(desk.folder, certificate_id).encode())
    assert f"{tag}.example.com" in csr.subject.rfc4514_string()
    assert f"Company {tag}" in csr.subject.rfc4514_string()
    assert detail["Domain"] == f"{tag}.example.com"
    return tag


def test_parallel_submissions_all_succeed_and_one_is_shown_whole(desk: RunningDesk) -> None:
    """Each replaces the one before it as a whole; the last is in force, the log keeps all."""
    keys = desk.account()
    client = desk.client(keys)
    certificate_id = client.buy(product=28)
    tags = [f"tag{number:02}x" for number in range(MANY)]

    def submitting(tag: str) -> Callable[[], str]:
        own = Client(desk.endpoint, keys)
        return lambda: str(own.submit(certificate_id, **tagged(tag))["RequestId"])

    request_ids = at_once([submitting(tag) for tag in tags])
    kept = rows(
        desk.folder,
        "SELECT number, request_id, facts FROM submissions WHERE certificate_id = ? "
        "ORDER BY number",
        certificate_id,
    )
    assert [number for number, _, _ in kept] == list(range(1, MANY + 1))
    assert sorted(request_id for _, request_id, _ in kept) == sorted(request_ids)
    last = tags[request_ids.index(kept[-1][1])]
    assert shown_tag(desk, client, certificate_id) == last


def test_submitting_and_cancelling_at_once_has_one_end(desk: RunningDesk) -> None:
    """One cancelling wins, and no submission is acknowledged after it."""
    keys = desk.account()
    client = desk.client(keys)
    for _ in range(3):
        certificate_id = client.buy(product=28)
        client.submit(certificate_id, **tagged("first"))
        answers = at_once(
            [submitting_or_cancelling(desk, keys, certificate_id, number) for number in range(16)]
        )
        assert answers.count("cancelled") == 1
        assert set(answers) <= {
            "cancelled",
            "submitted",
            "FailedOperation.CertificateInfoSubmitStatusInvalid",
            "FailedOperation.InvalidCertificateStatusCode",
        }
        submitted = ["CertificateInfoSubmit"] * (1 + answers.count("submitted"))
        history = ["CreateCertificate", *submitted, "CancelCertificateOrder"]
        assert told_of(desk, certificate_id) == history
        detail = client.detail(certificate_id)
        assert (detail["Status"], detail["StatusName"]) == (7, "Cancelled")
        client.call("ModifyCertificateResubmit", CertificateId=certificate_id)
        assert shown_tag(desk, client, certificate_id)


def submitting_or_cancelling(
    desk: RunningDesk, keys: Keys, certificate_id: str, number: int
) -> Callable[[], str]:
    """Give every fourth one a cancelling to do, the others a submission."""
    client = Client(desk.endpoint, keys)

    def cancel() -> str:
        client.call("CancelCertificateOrder", CertificateId=certificate_id)
        return "cancelled"

    def submit() -> str:
        client.submit(certificate_id, **tagged(f"tag{number:02}x"))
        return "submitted"

    return cancel if number % 4 == 3 else submit


@pytest.mark.parametrize(
    ("action", "name", "refusal"),
    [
        (
            "CertificateOrderSubmit",
            "CertId",
            "FailedOperation.CertificateOrderSubmitProcessing",
        ),
        (
            "CommitCertificateInformation",
            "CertificateId",
            "FailedOperation.InvalidCertificateStatusCode",
        ),
    ],
)
def test_an_order_is_submitted_to_the_ca_once(
    desk: RunningDesk, action: str, name: str, refusal: str
) -> None:
    """One of fifty wins, and the order has the proofs that this one drew."""
    keys = desk.account()
    client = desk.client(keys)
    certificate_id = client.buy()
    client.submit(certificate_id)

    answers = at_once([calling(desk, keys, action, **{name: certificate_id}) for _ in range(MANY)])

    assert sorted(answers) == sorted(["ok", *[refusal] * (MANY - 1)])
    assert client.detail(certificate_id)["Status"] == 0
    drawn = "SELECT attempt, count(*) FROM proofs WHERE certificate_id = ? GROUP BY attempt"
    assert rows(desk.folder, drawn, certificate_id) == [(1, 1)]
    assert told_of(desk, certificate_id).count(action) == 1


def test_a_review_is_stopped_once_and_an_order_opened_again_once(desk: RunningDesk) -> None:
    """One of fifty wins, of each; so it is when the order is cancelled, under review or not."""
    keys = desk.account()
    client = desk.client(keys)
    certificate_id = client.buy()
    client.submit(certificate_id)
    client.call("CertificateOrderSubmit", CertId=certificate_id)
    for action, status, refusal in (
        ("CancelAuditCertificate", 7, "FailedOperation.CertificateNotFoundOrCantCancel"),
        ("ModifyCertificateResubmit", 5, "FailedOperation.CertificateStatusNotAllowResubmit"),
        ("CancelCertificateOrder", 7, "FailedOperation.InvalidCertificateStatusCode"),
    ):
        answers = at_once(
            [calling(desk, keys, action, CertificateId=certificate_id) for _ in range(MANY)]
        )
        assert sorted(answers) == sorted(["ok", *[refusal] * (MANY - 1)])
        assert client.detail(certificate_id)["Status"] == status
        assert told_of(desk, certificate_id).count(action) == 1


def test_a_certificate_is_taken_back_once(desk: RunningDesk) -> None:
    """One of fifty wins, and its proofs are the ones that count."""
    keys = desk.account()
    client = desk.client(keys)
    certificate_id = client.buy()
    client.submit(certificate_id)
    issue(desk, keys, certificate_id)
    client = desk.client(keys)

    answers = at_once(
        [
            calling(desk, keys, "RevokeCertificate", CertificateId=certificate_id)
            for _ in range(MANY)
        ]
    )

    refusal = "FailedOperation.InvalidCertificateStatusCode"
    assert sorted(answers) == sorted(["ok", *[refusal] * (MANY - 1)])
    assert client.detail(certificate_id)["Status"] == 9
    drawn = "SELECT attempt, count(*) FROM proofs WHERE certificate_id = ? GROUP BY attempt"
    assert rows(desk.folder, drawn, certificate_id) == [(1, 1), (2, 1)]
    assert told_of(desk, certificate_id).count("RevokeCertificate") == 1


def test_an_order_is_deleted_once(desk: RunningDesk) -> None:
    """One of fifty wins, and to the others it is not there."""
    keys = desk.account()
    client = desk.client(keys)
    certificate_id = client.buy()
    client.call("CancelCertificateOrder", CertificateId=certificate_id)
    answers = at_once(
        [
            calling(desk, keys, "DeleteCertificate", CertificateId=certificate_id)
            for _ in range(MANY)
        ]
    )
    missing = "FailedOperation.CertificateNotFound"
    assert sorted(answers) == sorted(["ok", *[missing] * (MANY - 1)])
    assert told_of(desk, certificate_id).count("DeleteCertificate") == 1


def calling(desk: RunningDesk, keys: Keys, action: str, **parameters: object) -> Callable[[], str]:
    """Give a call to be made by a client of its own; it gives `ok`."""
    client = Client(desk.endpoint, keys)

    def call() -> str:
        client.call(action, **parameters)
        return "ok"

    return call


def told_of(desk: RunningDesk, certificate_id: str) -> list[str]:
    """Give what the audit log tells of an order."""
    query = "SELECT action FROM audit WHERE subject = ? ORDER BY entry_id"
    return [action for (action,) in rows(desk.folder, query, certificate_id)]


def test_a_hundred_parallel_submissions_get_a_hundred_keys(desk: RunningDesk) -> None:
    """Most find the stock empty; every key is given once, and then is in stock no more."""
    keys = desk.account()
    client = desk.client(keys)
    bought = [client.buy() for _ in range(2 * MANY)]

    def submitting(certificate_id: str) -> Callable[[], str]:
        own = Client(desk.endpoint, keys)
        return lambda: str(own.submit(certificate_id)["RequestId"])

    answers = at_once([submitting(each) for each in bought])
    assert len(set(answers)) == 2 * MANY
    assert all(len(answer) == 36 for answer in answers)
    details = [client.detail(each) for each in bought]
    keys_in_csrs = "SELECT count(DISTINCT spki_sha256) FROM submissions WHERE uin = ?"
    assert rows(desk.folder, keys_in_csrs, keys.uin) == [(2 * MANY,)]
    assert len({each["CertificatePrivateKey"] for each in details}) == 2 * MANY
    given_and_kept = (
        "SELECT spki_sha256 FROM submissions INTERSECT SELECT spki_sha256 FROM key_stock"
    )
    assert rows(desk.folder, given_and_kept) == []


def test_equal_data_handed_in_at_once_is_one_company_and_one_manager(desk: RunningDesk) -> None:
    """Found or made, never made twice."""
    keys = desk.account()
    client = desk.client(keys)
    bought = [client.buy(product=28) for _ in range(20)]

    def submitting(certificate_id: str) -> Callable[[], str]:
        own = Client(desk.endpoint, keys)
        return lambda: str(own.submit(certificate_id, **tagged("same"))["RequestId"])

    answers = at_once([submitting(each) for each in bought])
    assert all(len(answer) == 36 for answer in answers)
    (company,) = client.call("DescribeCompanies")["Companies"]
    (manager,) = client.call("DescribeManagers", CompanyId=company["CompanyId"])["Managers"]
    assert manager["CertCount"] == 20


def test_equal_data_entered_at_once_is_one_company_and_one_manager(desk: RunningDesk) -> None:
    """The same holds for the operator's commands."""
    keys = desk.account()
    with ThreadPoolExecutor(4) as threads:
        companies = set(threads.map(lambda _: desk.company(keys, **COMPANY), range(4)))
        (company,) = companies
        managers = set(threads.map(lambda _: desk.manager(keys, company, **MANAGER), range(4)))
    assert len(managers) == 1
    assert desk.company(desk.account()) != company


# --- shut out while at work ---------------------------------------------------------------------


@pytest.fixture
def busy(desk: RunningDesk) -> Iterator[Callable[[Keys], object]]:
    """Keeps a client at work with given keys until the test ends, refused or not."""
    ended = threading.Event()

    def work(keys: Keys) -> None:
        client = Client(desk.endpoint, keys)
        while not ended.is_set():
            code(client)

    with ThreadPoolExecutor(4) as threads:
        yield lambda keys: threads.submit(work, keys)
        ended.set()


def code(client: Client) -> str:
    """Call an action; give the code of its refusal, or nothing."""
    try:
        client.call("DescribeCompanies")
    except TencentCloudSDKException as refused:
        return str(refused.code)
    return ""


NOT_FOUND = "AuthFailure.SecretIdNotFound"


def test_a_key_that_is_disabled_is_refused_within_a_second(
    desk: RunningDesk, busy: Callable[[Keys], object]
) -> None:
    """However busy it is; the account's other key works on."""
    keys = desk.account()
    added = desk.certdesk("key", "add", keys.uin)
    other = Keys(keys.uin, added["SecretId"], added["SecretKey"])
    busy(keys)
    assert code(desk.client(keys)) == ""
    desk.certdesk("key", "disable", keys.secret_id)
    time.sleep(A_SECOND)
    assert code(desk.client(keys)) == NOT_FOUND
    assert code(desk.client(other)) == ""


def test_an_account_that_is_disabled_is_refused_within_a_second(
    desk: RunningDesk, busy: Callable[[Keys], object]
) -> None:
    """All its keys at once; enabled again it works again, with all it had."""
    keys = desk.account()
    certificate_id = desk.client(keys).buy()
    busy(keys)
    desk.certdesk("account", "disable", keys.uin)
    time.sleep(A_SECOND)
    assert code(desk.client(keys)) == NOT_FOUND
    desk.certdesk("account", "enable", keys.uin)
    time.sleep(A_SECOND)
    assert desk.client(keys).detail(certificate_id)["Status"] == 5


def test_a_key_that_is_rotated_gives_way_to_the_new_one(
    desk: RunningDesk, busy: Callable[[Keys], object]
) -> None:
    """The new one works at once, the old one no more within a second; the third is untouched."""
    keys = desk.account()
    added = desk.certdesk("key", "add", keys.uin)
    old = Keys(keys.uin, added["SecretId"], added["SecretKey"])
    busy(old)
    rotated = desk.certdesk("key", "rotate", old.secret_id)
    new = Keys(rotated["Uin"], rotated["SecretId"], rotated["SecretKey"])
    assert new.secret_id != old.secret_id
    assert code(desk.client(new)) == ""
    time.sleep(A_SECOND)
    assert code(desk.client(old)) == NOT_FOUND
    assert [code(desk.client(each)) for each in (new, keys)] == ["", ""]
    listed = {each["Uin"]: each for each in desk.certdesk("account", "list")}
    assert sorted(listed[keys.uin]["SecretIds"]) == sorted([keys.secret_id, new.secret_id])


def test_two_rotations_at_once_leave_one_key(desk: RunningDesk) -> None:
    """The second one finds the key disabled; what works no more is not brought back by it."""
    keys = desk.account()
    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(lambda _: desk.run("key", "rotate", keys.secret_id), range(2)))
    assert sorted(each.returncode for each in done) == [0, 1]
    (listed,) = [each for each in desk.certdesk("account", "list") if each["Uin"] == keys.uin]
    assert len(listed["SecretIds"]) == 1
    assert desk.run("key", "rotate", keys.secret_id).returncode == 1


def test_a_third_key_is_refused_also_where_two_are_asked_for_at_once(desk: RunningDesk) -> None:
    """An account has two keys in use at most."""
    keys = desk.account()
    with ThreadPoolExecutor(3) as threads:
        done = list(threads.map(lambda _: desk.run("key", "add", keys.uin), range(3)))
    assert sorted(each.returncode for each in done) == [0, 1, 1]
