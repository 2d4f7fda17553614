"""Certificates are taken back, and the programs of clients refuse them.

The official SDK asks, DNS records prove, the operator's commands vet; OpenSSL reads the list of
revoked certificates and asks the OCSP responder, each at the address in the certificate itself.
"""

from __future__ import annotations

import base64
import dataclasses
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID

from tests.acceptance import connecting
from tests.acceptance.connecting import World, issued, publish, waited
from tests.acceptance.office import Office
from tests.acceptance.test_vetted_orders import OV
from tests.actions.shown_keys import show_key
from tests.actions.submitting import csr_for, refusal
from tests.papers import PDF
from tests.programs import ended, run
from tests.running import Client

pytestmark = pytest.mark.needs("openssl")

SINGLE_DV, MULTI_DV, WILDCARD_DV = 104, 11, 12
SECONDS = 30
P_256, RSA = ("ECC", "prime256v1"), ("RSA", "2048")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A desk with a CA, and the servers that it asks."""
    with connecting.world(tmp_path_factory.mktemp("revocation") / "desk") as opened:
        yield opened


class Relying:
    """A client that has a certificate's chain in files and trusts its root."""

    def __init__(self, detail: dict[str, Any], folder: Path) -> None:
        """Write the files."""
        folder.mkdir(exist_ok=True)
        self.leaf, self.chain, self.root = (folder / f"{n}.pem" for n in ("leaf", "chain", "root"))
        first, *rest = re.findall(
            r"-----BEGIN.*?-----END CERTIFICATE-----\n", detail["CertificatePublicKey"], re.DOTALL
        )
        self.leaf.write_text(first)
        self.chain.write_text("".join(rest))
        self.root.write_text(detail["RootCert"]["Standard"])
        self.certificate = x509.load_pem_x509_certificate(first.encode())

    def verify(self) -> tuple[int, str]:
        """Have OpenSSL verify the certificate, with the list from the address in it."""
        files: list[str | Path] = ["-CAfile", self.root, "-untrusted", self.chain, self.leaf]
        done = ended("openssl", "verify", "-crl_check", "-crl_download", *files)
        return done.returncode, done.stdout + done.stderr

    def ask(self) -> str:
        """Have OpenSSL ask the responder at the address in the certificate."""
        url = run("openssl", "x509", "-in", self.leaf, "-noout", "-ocsp_uri").strip()
        files: list[str | Path] = ["-CAfile", self.root, "-issuer", self.chain]
        return run("openssl", "ocsp", *files, "-cert", self.leaf, "-url", url)

    def trusts(self) -> bool:
        """Whether both take the certificate; they have to agree."""
        code, verified = self.verify()
        asked = self.ask()
        assert "Response verify OK" in asked
        good = f"{self.leaf}: good" in asked
        assert good == (code == 0), (verified, asked)
        assert good == (f"{self.leaf}: OK" in verified)
        assert good == ("certificate revoked" not in verified)
        return good

    def told(self) -> tuple[str, datetime]:
        """Give reason and time of the revocation, on which list and responder have to agree."""
        points = self.certificate.extensions.get_extension_for_oid(
            ExtensionOID.CRL_DISTRIBUTION_POINTS
        ).value
        assert isinstance(points, x509.CRLDistributionPoints)
        names = points[0].full_name
        assert names is not None
        crl = x509.load_der_x509_crl(requests.get(names[0].value, timeout=SECONDS).content)
        entry = crl.get_revoked_certificate_by_serial_number(self.certificate.serial_number)
        assert entry is not None
        reasons = [part.value.reason.value for part in entry.extensions if _gives_reason(part)]
        asked = self.ask()
        assert f"{self.leaf}: revoked" in asked
        assert re.findall(r"Reason: (\w+)", asked) == reasons
        (at,) = re.findall(r"Revocation Time: (.*) GMT", asked)
        assert datetime.strptime(at, "%b %d %H:%M:%S %Y").replace(tzinfo=UTC) == (
            entry.revocation_date_utc
        )
        return "".join(reasons), entry.revocation_date_utc


def _gives_reason(extension: x509.Extension[x509.ExtensionType]) -> bool:
    return isinstance(extension.value, x509.CRLReason)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A DV certificate to be taken back, how its names are proved, and why."""

    product: int = SINGLE_DV
    names: tuple[str, ...]
    key: tuple[str, str] = P_256
    by: str = "DNS"
    reason: str | None
    listed: str


CASES = {
    "one name, superseded": Case(
        names=("one.example.com",), reason="superseded", listed="superseded"
    ),
    "RSA, without a reason": Case(names=("two.example.com",), key=RSA, reason=None, listed=""),
    "three names, in own words": Case(
        product=MULTI_DV,
        names=("a.example.net", "b.example.net", "example.org"),
        reason="we are moving",
        listed="",
    ),
    "a wildcard, out of use": Case(
        product=WILDCARD_DV,
        names=("*.example.info",),
        reason="cessation of operation",
        listed="cessationOfOperation",
    ),
    "by a file": Case(
        names=("file.example.com",),
        by="FILE",
        reason="affiliationChanged",
        listed="affiliationChanged",
    ),
}


def ordered(client: Client, case: Case, csr: str | None = None) -> str:
    """Buy, hand in and submit an order; give its certificate id."""
    first, *others = case.names
    order = client.buy(case.product, len(case.names))
    algorithm, parameter = (None, None) if csr else case.key
    material: dict[str, object] = {
        "CertCommonName": first,
        "DnsNames": others or None,
        "CsrEncryptAlgo": algorithm,
        "CsrKeyParameter": parameter,
    }
    own = {"GenCsrType": "parse", "Csr": csr} if csr else {}
    client.submit(order, **material | own)
    client.call("CertificateOrderSubmit", CertId=order, VerifyType=case.by)
    return order


def prove_revocation(world: World, client: Client, order: str, auths: list[dict[str, Any]]) -> None:
    """Publish what the reply of RevokeCertificate says, which the detail shows as well."""
    detail = client.detail(order)
    shown = detail["DvRevokeAuthDetail"]
    names = ("Path", "Key", "Value", "Domain")
    assert [[auth[f"DomainValidateAuth{name}"] for name in names] for auth in auths] == [
        [part[f"DvAuth{name}"] for name in names] for part in shown
    ]
    publish(world, detail | {"DvAuthDetail": {"DvAuths": shown}})


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_dv_certificate_is_refused_by_all_once_it_is_taken_back(
    world: World, case: Case, tmp_path: Path
) -> None:
    """Good before, and good until its names are proved anew; list and responder agree."""
    client = world.desk.client()
    order = ordered(client, case)
    publish(world, client.detail(order))
    relying = Relying(issued(client, order), tmp_path)
    assert relying.trusts()

    given = {} if case.reason is None else {"Reason": case.reason}
    reply = client.call("RevokeCertificate", CertificateId=order, **given)
    assert client.detail(order)["Status"] == 9
    assert relying.trusts()
    prove_revocation(world, client, order, reply["RevokeDomainValidateAuths"])
    waited(client, order, Status=10)

    assert not relying.trusts()
    reason, at = relying.told()
    assert reason == case.listed
    assert abs((datetime.now(UTC) - at).total_seconds()) < SECONDS
    code, message = refusal(lambda: client.call("DownloadCertificate", CertificateId=order))
    assert code == "FailedOperation.InvalidCertificateStatusCode"
    assert message.endswith("The order has status 10 (Revoked).")


def test_an_ov_certificate_is_taken_back_by_a_letter_that_people_have_seen(
    world: World, tmp_path: Path
) -> None:
    """Uploaded with the SDK, listed, read and approved by the operator's commands."""
    office = Office(world)
    client = office.client
    order = office.order(OV, "letter.example.net", **office.known())
    office.approve_all()
    publish(world, client.detail(order))
    relying = Relying(issued(client, order), tmp_path / "files")
    assert relying.trusts()

    asked = client.call("RevokeCertificate", CertificateId=order, Reason="superseded")
    assert asked["RevokeDomainValidateAuths"] == []
    assert (office.stands(order), office.waiting()) == ((12, None), [])
    text = base64.b64encode(PDF).decode()
    sent = client.call("UploadRevokeLetter", CertificateId=order, RevokeLetter=text)
    assert (sent["CertificateId"], sent["IsSuccess"]) == (order, True)
    assert office.stands(order) == (9, "LEGAL-REVIEWING")
    assert office.waiting() == [f"revocation:{order}"]
    assert relying.trusts()

    shown = office.desk.certdesk("review", "show", f"revocation:{order}")["Order"]
    assert (shown["Names"], shown["RevocationReason"]) == (["letter.example.net"], "superseded")
    file = tmp_path / "letter.pdf"
    office.review("letter", f"revocation:{order}", "--output", str(file))
    assert file.read_bytes() == PDF
    office.review("reject", f"revocation:{order}", "--reason", "nobody signed it")
    assert office.stands(order) == (1, "nobody signed it")
    assert relying.trusts()

    client.call("RevokeCertificate", CertificateId=order, Reason="superseded")
    client.call("UploadRevokeLetter", CertificateId=order, RevokeLetter=text)
    assert office.review("approve", f"revocation:{order}")["Verdict"] == "approved"
    waited(client, order, Status=10)
    assert not relying.trusts()
    assert relying.told()[0] == "superseded"
    assert office.waiting() == []


def test_a_key_that_others_know_is_refused_to_another_account(world: World, tmp_path: Path) -> None:
    """With the words of any blocked key; the certificate is on the list for that reason."""
    client = world.desk.client()
    key = ec.generate_private_key(ec.SECP256R1())
    case = Case(names=("leaked.example.com",), reason="keyCompromise", listed="keyCompromise")
    order = ordered(client, case, csr_for(key, case.names[0]))
    publish(world, client.detail(order))
    relying = Relying(issued(client, order), tmp_path)
    show_key(client.call, key)
    reply = client.call("RevokeCertificate", CertificateId=order, Reason=case.reason)
    prove_revocation(world, client, order, reply["RevokeDomainValidateAuths"])
    waited(client, order, Status=10)
    assert relying.told()[0] == "keyCompromise"

    stranger = world.desk.client()
    bought = stranger.buy(SINGLE_DV)
    name = "stranger.example.com"
    own = {"GenCsrType": "parse", "CsrEncryptAlgo": None, "CsrKeyParameter": None}
    code, message = refusal(
        lambda: stranger.submit(bought, CertCommonName=name, Csr=csr_for(key, name), **own)
    )
    assert code == "FailedOperation.InvalidParam"
    assert message.endswith("Csr: contains a blocked key. Make a new key and a new CSR.")
    for secret in (order, case.names[0], "revoke", "compromise", "leaked"):
        assert secret not in message


def test_the_operator_takes_a_certificate_back_at_once(world: World, tmp_path: Path) -> None:
    """Without a proof; and a request that its owner had begun is over with it."""
    client = world.desk.client()
    case = Case(names=("seized.example.com",), reason=None, listed="cessationOfOperation")
    order = ordered(client, case)
    publish(world, client.detail(order))
    relying = Relying(issued(client, order), tmp_path)
    client.call("RevokeCertificate", CertificateId=order)

    asked = world.desk.certdesk("order", "revoke", order, "--reason", "cessationOfOperation")
    assert asked == {"CertificateId": order, "Status": 9, "CertificateIds": []}
    waited(client, order, Status=10)
    assert not relying.trusts()
    assert relying.told()[0] == case.listed
    refused = world.desk.run("order", "revoke", order, "--reason", "cessationOfOperation")
    assert refused.returncode == 1
    assert "FailedOperation.InvalidCertificateStatusCode" in refused.stderr
    assert world.desk.run("order", "revoke", order, "--reason", "bored").returncode == 2


def test_a_revoked_certificate_stays_so_when_its_order_is_deleted(
    world: World, tmp_path: Path
) -> None:
    """Clients go on asking for it."""
    client = world.desk.client()
    case = Case(names=("gone.example.com",), reason=None, listed="superseded")
    order = ordered(client, case)
    publish(world, client.detail(order))
    relying = Relying(issued(client, order), tmp_path)
    world.desk.certdesk("order", "revoke", order, "--reason", "superseded")
    waited(client, order, Status=10)
    before = relying.told()
    assert client.call("DeleteCertificate", CertificateId=order)["DeleteResult"] is True
    assert relying.told() == before
