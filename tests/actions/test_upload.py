"""UploadCertificate: certificates that were made elsewhere, kept and shown like the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from certdesk.domain.errors import (
    CertificateCaError,
    CertificateChainError,
    CertificateInvalid,
    CertificateMatchError,
    CertificateParseError,
    InvalidParam,
    MissMatchPrivateKey,
    ServiceError,
)
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.values import keys as keypairs
from certdesk.domain.values.keys import KeyKind
from tests import chains, programs
from tests.actions.submitting import refusal, withdraw
from tests.inside import InsideDesk
from tests.running import Client, Keys, RunningDesk

KEY = chains.key_of(KeyKind.P_256)
KEY_PEM = keypairs.private_key_pem(KEY).decode()
INTERMEDIATE = chains.intermediate().certificate
ROOT = chains.root().certificate


def certificate(*names: str) -> x509.Certificate:
    """Make a new certificate, unlike all others."""
    return chains.leaf(KEY, *(names or ("www.example.com",)))


def upload(client: Client, text: str, **changes: object) -> dict[str, Any]:
    """Upload a certificate with its key; None takes a parameter out."""
    given = {"CertificatePublicKey": text, "CertificatePrivateKey": KEY_PEM} | changes
    return client.call(
        "UploadCertificate", **{name: value for name, value in given.items() if value is not None}
    )


def uploaded(client: Client, text: str | None = None, **changes: object) -> str:
    """Upload a certificate that is there for the first time; give its id."""
    reply = upload(client, text or chains.pem(certificate(), INTERMEDIATE), **changes)
    assert reply["RepeatCertId"] == ""
    return str(reply["CertificateId"])


def refused(client: Client, text: str, **changes: object) -> tuple[str, str]:
    """Upload what must be refused; give code and message."""
    return refusal(lambda: upload(client, text, **changes))


def listed(client: Client, **parameters: object) -> list[str]:
    """Give the ids in a list."""
    page = client.call("DescribeCertificates", Limit=1000, **parameters)
    assert page["TotalCount"] == len(page["Certificates"])
    return [str(one["CertificateId"]) for one in page["Certificates"]]


# --- what is kept ------------------------------------------------------------------------------


@pytest.mark.needs("openssl")
def test_an_uploaded_certificate_is_issued_at_once_and_shown_whole(
    desk: RunningDesk, client: Client, keys: Keys
) -> None:
    """With all that Terraform's provider needs to be there, and the certificate as it was."""
    text = chains.pem(certificate("www.example.com", "*.example.com"), INTERMEDIATE, ROOT)
    project = desk.project(keys)
    labels = [{"TagKey": "team", "TagValue": "web"}]
    own = {"Alias": "shop", "ProjectId": project, "CertificateUse": "CLB", "Tags": labels}
    shown = client.detail(uploaded(client, text, CertificateType="SVR", **own))
    fingerprint = programs.run("openssl", "x509", "-fingerprint", "-sha1", "-noout", text=text)
    assert {name: shown[name] for name in EXPECTED} == EXPECTED | {
        "ProjectId": str(project),
        "CertificatePublicKey": text,
        "CertificatePrivateKey": KEY_PEM,
        "CertFingerprint": fingerprint.partition("=")[2].strip().replace(":", ""),
    }
    assert [(one["Subject"], one["Issuer"]) for one in shown["CertChainInfo"]] == [
        ("www.example.com", "Test Intermediate"),
        ("Test Intermediate", "Test Root"),
        ("Test Root", "Test Root"),
    ]
    assert shown["CertChainInfo"][0]["Fingerprint"] == shown["CertFingerprint"].lower()
    assert shown["RootCert"]["Standard"] == chains.pem(ROOT)
    assert shown["InsertTime"] is not None


EXPECTED: dict[str, Any] = {
    "From": "upload",
    "CertificateType": "SVR",
    "PackageType": "0",
    "ProductZhName": "Uploaded certificate",
    "TypeName": "Uploaded certificate",
    "Alias": "shop",
    "Status": 1,
    "StatusName": "Issued",
    "StatusMsg": None,
    "Domain": "www.example.com",
    "SubjectAltName": ["*.example.com"],
    "CertBeginTime": "2026-01-01 08:00:00",
    "CertEndTime": "2046-01-01 08:00:00",
    "ValidityPeriod": "240",
    "IsVip": False,
    "IsDv": False,
    "IsWildcard": True,
    "DomainType": 4,
    "CertType": None,
    "Deployable": True,
    "EncryptAlgorithm": "ECC prime256v1",
    "SubmittedData": None,
    "OrderId": None,
    "Tags": [{"TagKey": "team", "TagValue": "web"}],
    "ProjectId": "",
    "CertificatePublicKey": "",
    "CertificatePrivateKey": "",
    "CertFingerprint": "",
}


@pytest.mark.parametrize("issuers", [(), (INTERMEDIATE,), (INTERMEDIATE, ROOT)])
def test_the_text_comes_back_as_it_was(
    client: Client, issuers: tuple[x509.Certificate, ...]
) -> None:
    """Terraform would make the certificate anew if it did not; it leaves line ends out."""
    text = chains.pem(certificate(), *issuers).rstrip("\n")
    shown = client.detail(uploaded(client, text))
    assert shown["CertificatePublicKey"].rstrip("\n") == text


@pytest.mark.parametrize("kind", KeyKind)
def test_a_key_is_kept_whatever_its_kind_and_form(client: Client, kind: KeyKind) -> None:
    """In the older form, encrypted; it is shown as PKCS#8 without its password."""
    key = chains.key_of(kind)
    protection = BestAvailableEncryption(b'a "b" \\')
    older = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, protection).decode()
    text = chains.pem(chains.leaf(key, "www.example.com"))
    own = {"CertificatePrivateKey": older, "KeyPassword": 'a "b" \\'}
    shown = client.detail(uploaded(client, text, **own))
    assert shown["CertificatePrivateKey"] == keypairs.private_key_pem(key).decode()
    assert shown["EncryptAlgorithm"] == kind.label


def test_a_ca_certificate_needs_no_key_and_may_have_one(client: Client) -> None:
    """For checking clients; an account's own CA."""
    own = {"CertificateType": "CA", "CertificatePrivateKey": None}
    shown = client.detail(uploaded(client, chains.pem(INTERMEDIATE, ROOT), **own))
    assert (shown["CertificateType"], shown["CertificatePrivateKey"]) == ("CA", None)
    key = keypairs.private_key_pem(chains.root().key).decode()
    own = {"CertificateType": "CA", "CertificatePrivateKey": key}
    shown = client.detail(uploaded(client, chains.pem(ROOT), **own))
    assert shown["CertificatePrivateKey"] == key


def test_a_certificate_signed_by_itself_may_be_a_servers(client: Client) -> None:
    """As `openssl req -x509` makes it, which is a CA's too."""
    key = keypairs.private_key_pem(chains.root().key).decode()
    shown = client.detail(uploaded(client, chains.pem(ROOT), CertificatePrivateKey=key))
    assert (shown["CertificateType"], shown["Domain"]) == ("SVR", "Test Root")


def test_what_was_uploaded_is_listed_renamed_moved_and_told_of(
    desk: RunningDesk, client: Client, keys: Keys
) -> None:
    """As an order is."""
    one = uploaded(client, Alias="before")
    project = desk.project(keys)
    client.call("ModifyCertificateAlias", CertificateId=one, Alias="after")
    client.call("ModifyCertificateProject", CertificateIdList=[one], ProjectId=project)
    assert listed(client, ProjectId=project, SearchKey="after") == [one]
    summary = client.call("DescribeCertificate", CertificateId=one)
    assert (summary["PackageTypeName"], summary["From"]) == ("Uploaded certificate", "upload")
    logs = client.call("DescribeCertificateOperateLogs", Limit=1000)["OperateLogs"]
    kinds = [entry["Type"] for entry in logs if entry["CertId"] == one]
    assert kinds == ["changeProject", "updateAlias", "upload"]


def test_lists_ask_for_what_was_uploaded_or_bought_or_is_a_cas(desk: RunningDesk) -> None:
    """Each filter, and two that contradict each other."""
    client = desk.client()
    server = uploaded(client)
    own = {"CertificateType": "CA", "CertificatePrivateKey": None}
    ca = uploaded(client, chains.pem(INTERMEDIATE), **own)
    bought = client.buy()
    assert listed(client) == [bought, ca, server]
    assert listed(client, FilterSource="upload") == listed(client, Upload=1) == [ca, server]
    assert listed(client, FilterSource="buy") == [bought]
    assert listed(client, CertificateType="CA") == [ca]
    assert listed(client, CertificateType="SVR") == [bought, server]
    assert listed(client, CertificateType="SVR", FilterSource="upload", Upload=0) == [server]
    assert listed(client, FilterSource="buy", Upload=1) == []


AFTERWARDS: dict[str, dict[str, object]] = {
    "CancelAuditCertificate": {},
    "CancelCertificateOrder": {},
    "CheckCertificateDomainVerification": {},
    "CommitCertificateInformation": {},
    "ModifyCertificateResubmit": {},
    "SubmitCertificateInformation": {
        "CsrType": "online",
        "CertificateDomain": "example.com",
        "IsDV": True,
        "ContactEmail": "webmaster@example.com",
    },
}


@pytest.mark.parametrize("action", AFTERWARDS)
def test_what_is_done_to_orders_on_their_way_is_not_done_to_it(client: Client, action: str) -> None:
    """Each refuses by the status, in its own code."""
    one = {"CertificateId": uploaded(client)} | AFTERWARDS[action]
    code, _ = refusal(lambda: client.call(action, **one))
    assert code.startswith("FailedOperation.")
    assert "Stat" in code or "Cancel" in code


def test_material_and_a_submission_are_refused_too(client: Client) -> None:
    """They name the certificate otherwise."""
    one = uploaded(client)
    expected = "FailedOperation.CertificateInfoSubmitStatusInvalid"
    assert refusal(lambda: client.submit(one))[0] == expected
    code, _ = refusal(lambda: client.call("CertificateOrderSubmit", CertId=one))
    assert code == "FailedOperation.InvalidCertificateStatusCode"


def test_the_operator_sees_it_among_the_orders(desk: RunningDesk, client: Client) -> None:
    """By the name that it has in lists."""
    one = uploaded(client)
    assert desk.operate("ShowOrder", CertificateId=one)["Order"]["Product"] == (
        "Uploaded certificate"
    )


# --- the same again ----------------------------------------------------------------------------


def test_the_same_certificate_is_kept_again_unless_it_must_not_be(client: Client) -> None:
    """With `Repeatable` false the first one is named, twice; a new one is named once."""
    text = chains.pem(certificate())
    first, second = uploaded(client, text, Repeatable=False), uploaded(client, text)
    assert first != second
    again = upload(client, text, Repeatable=False)
    assert (again["CertificateId"], again["RepeatCertId"]) == (first, first)
    assert uploaded(client, text, Repeatable=True) not in (first, second)


def test_another_certificate_for_the_same_key_and_names_is_another(client: Client) -> None:
    """The fingerprint decides; so does what the certificate is for."""
    assert uploaded(client, Repeatable=False) != uploaded(client, Repeatable=False)
    text = chains.pem(chains.root().certificate)
    key = keypairs.private_key_pem(chains.root().key).decode()
    server = upload(client, text, CertificatePrivateKey=key, Repeatable=False)["CertificateId"]
    own = {"CertificateType": "CA", "CertificatePrivateKey": None, "Repeatable": False}
    assert upload(client, text, **own)["CertificateId"] != server


def test_another_accounts_certificate_is_not_told_of(desk: RunningDesk, client: Client) -> None:
    """Nor is one that the user may not use."""
    text = chains.pem(certificate())
    uploaded(client, text)
    keys = desk.account()
    first = uploaded(desk.client(keys), text, Repeatable=False)
    user = desk.user(keys, "ssl:UploadCertificate")
    desk.bind(user, "deny", "ssl:UploadCertificate", certificates=[first])
    assert uploaded(desk.client(user.keys), text, Repeatable=False) != first


# --- what is refused ---------------------------------------------------------------------------

WRONG_KEY = keypairs.private_key_pem(keypairs.generate(KeyKind.P_256)).decode()
LEAF = certificate()
REFUSED: dict[str, tuple[str, dict[str, object], type[ServiceError], str]] = {
    "no certificate": (
        "certificate",
        {},
        CertificateParseError,
        "CertificatePublicKey: contains no complete PEM block CERTIFICATE (RFC 7468, 5).",
    ),
    "a broken chain": (
        chains.pem(LEAF, ROOT),
        {},
        CertificateChainError,
        "CertificatePublicKey: certificate 2 did not issue certificate 1 (RFC 5280, 6.1.3).",
    ),
    "another key": (
        chains.pem(LEAF),
        {"CertificatePrivateKey": WRONG_KEY},
        CertificateMatchError,
        "CertificatePrivateKey: the private key does not belong to the first certificate.",
    ),
    "no key": (
        chains.pem(LEAF),
        {"CertificatePrivateKey": None},
        MissMatchPrivateKey,
        "CertificatePrivateKey: a server certificate needs its private key.",
    ),
    "an unreadable key": (
        chains.pem(LEAF),
        {"CertificatePrivateKey": keypairs.private_key_pem(KEY).decode().replace("M", "N")},
        MissMatchPrivateKey,
        "CertificatePrivateKey: the private key cannot be read or is damaged.",
    ),
    "no CA": (
        chains.pem(LEAF),
        {"CertificateType": "CA"},
        CertificateCaError,
        "CertificateType: the first certificate is not a CA certificate.",
    ),
    "another type": (
        chains.pem(LEAF),
        {"CertificateType": "svr"},
        InvalidParam,
        "CertificateType: must be SVR or CA.",
    ),
    "a long alias": (
        chains.pem(LEAF),
        {"Alias": "a" * 201},
        InvalidParam,
        "Alias: takes at most 200 characters, not 201.",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_has_the_vendors_code_and_says_why(client: Client, what: str) -> None:
    """The recorded sentence, then parameter and rule."""
    text, changes, error, detail = REFUSED[what]
    assert refused(client, text, **changes) == (error.code, f"{error.text} {detail}")


@pytest.mark.needs("openssl")
def test_an_sm2_certificate_is_refused(client: Client, tmp_path: Path) -> None:
    """It belongs into parameters that there are not."""
    key = tmp_path / "key"
    programs.run("openssl", "ecparam", "-name", "SM2", "-genkey", "-noout", "-out", key)
    words = ("req", "-x509", "-key", key, "-sm3", "-subj", "/CN=www.example.com", "-days", "9")
    code, _ = refused(client, programs.run("openssl", *words))
    assert code == "FailedOperation.CertificateEncryptInvalid"


def test_a_project_that_is_not_the_accounts_is_refused(client: Client) -> None:
    """Nobody's or another's, they answer alike."""
    code, message = refused(client, chains.pem(LEAF), ProjectId=999_999)
    assert code == "FailedOperation.NoProjectPermission"
    assert message.endswith("There is no project 999999.")


def test_a_user_uploads_where_policies_allow_it(desk: RunningDesk, keys: Keys) -> None:
    """In a project as a whole, since the certificate has no id yet."""
    project = desk.project(keys)
    user = desk.user(keys)
    desk.bind(user, "allow", "ssl:UploadCertificate", projects=[project])
    theirs = desk.client(user.keys)
    uploaded(theirs, ProjectId=project)
    assert refused(theirs, chains.pem(LEAF))[0] == "FailedOperation.NoProjectPermission"
    single = desk.user(keys)
    one = uploaded(desk.client(keys))
    desk.bind(single, "allow", "ssl:UploadCertificate", certificates=[one])
    assert refused(desk.client(single.keys), chains.pem(LEAF))[0] == "FailedOperation.AuthError"


def test_an_account_without_a_verified_identity_uploads_nothing(desk: RunningDesk) -> None:
    """As it submits nothing."""
    keys = desk.account()
    client = desk.client(keys)
    withdraw(desk, client, keys.uin, client.buy())
    assert refused(client, chains.pem(LEAF))[0] == "FailedOperation.NoRealNameAuth"


# --- its end, and what lies in the store -------------------------------------------------------


def ending(at: datetime) -> str:
    """Make a certificate that ends at a time."""
    signer = chains.intermediate()
    return chains.pem(
        chains.certify(
            KEY.public_key(),
            chains.named("www.example.com"),
            issuer=signer.certificate.subject,
            signing_key=signer.key,
            ends=at,
        )
    )


@pytest.fixture
def inside(tmp_path: Path) -> InsideDesk:
    """A desk whose clock can be moved."""
    return InsideDesk(tmp_path)


def test_a_certificate_that_has_ended_is_refused_and_one_that_ends_expires(
    inside: InsideDesk,
) -> None:
    """By the desk's clock."""
    now, caller = inside.clock.now(), inside.account()
    own = {"CertificatePrivateKey": KEY_PEM}
    ended = ending(now - timedelta(seconds=1))
    with pytest.raises(CertificateInvalid, match="the certificate ended at 2026-03-01 11:59:59"):
        inside.call(caller, "UploadCertificate", CertificatePublicKey=ended, **own)
    text = ending(now + timedelta(days=1))
    reply = inside.call(caller, "UploadCertificate", CertificatePublicKey=text, **own)
    one = reply["CertificateId"]
    inside.clock.move(timedelta(days=1))
    inside.take_on(one)
    assert inside.order(one).status is Status.ISSUED
    inside.clock.move(timedelta(seconds=1))
    inside.take_on(one)
    assert inside.order(one).status is Status.EXPIRED


def test_the_private_key_is_sealed_for_its_place(inside: InsideDesk) -> None:
    """The work on its end is kept beside it, and the pass word of its key stores."""
    caller = inside.account()
    text = ending(datetime(2026, 6, 1, tzinfo=UTC))
    reply = inside.call(
        caller, "UploadCertificate", CertificatePublicKey=text, CertificatePrivateKey=KEY_PEM
    )
    (kept,) = inside.store.read(lambda unit: unit.certificates.where(uin=caller.uin))
    assert kept.certificate_id == reply["CertificateId"]
    assert kept.private_key is not None
    assert kept.archive_pass is not None
    assert KEY_PEM.encode()[40:80] not in kept.private_key
    detail = inside.call(caller, "DescribeCertificateDetail", CertificateId=reply["CertificateId"])
    assert detail["CertificatePrivateKey"] == KEY_PEM
