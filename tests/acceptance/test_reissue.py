"""A certificate is had once more, with the official SDK, and takes the old one's place in nginx."""

from __future__ import annotations

import dataclasses
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.verification import PolicyBuilder, Store

from certdesk.world.nameserver import nameserver
from certdesk.world.webserver import webserver
from tests import nginx
from tests.acceptance.connecting import World, issued, publish, unpacked
from tests.acceptance.test_issuing import SINGLE, Case, submit
from tests.actions.submitting import csr_for
from tests.running import Client, running


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Servers on loopback, which the desk is told to ask."""
    with nameserver() as names, webserver() as web:
        settings = f"""
            dns.resolvers = ["{names.endpoint}"]
            dns.dnssec = "off"
            proof.interval = 1
            proof.allow_networks = ["127.0.0.0/8"]
            proof.http_port = {web.port}
            keys.stock.rsa_2048 = 0
            keys.stock.rsa_4096 = 0
        """
        with running(tmp_path_factory.mktemp("desk"), settings=settings) as desk:
            yield World(desk, names, web)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reissue:
    """How a certificate is reissued, and what key the new one then has."""

    host: str
    csr_type: str | None
    proof: str = "DNS"
    choice: tuple[str, str] | None = None
    key: str


REISSUES = {
    "Original": Reissue(host="same", csr_type="Original", key="ECC prime256v1"),
    "without a CsrType": Reissue(host="default", csr_type=None, key="ECC prime256v1"),
    "original, by FILE": Reissue(
        host="small", csr_type="original", proof="FILE", key="ECC prime256v1"
    ),
    "Upload": Reissue(host="sent", csr_type="Upload", key="RSA 3072"),
    "UPLOAD": Reissue(host="loud", csr_type="UPLOAD", key="RSA 3072"),
    "Online, P-384": Reissue(
        host="wide", csr_type="Online", choice=("ECC", "secp384r1"), key="ECC secp384r1"
    ),
    "online, P-384": Reissue(
        host="low", csr_type="online", choice=("ECC", "secp384r1"), key="ECC secp384r1"
    ),
    "ONLINE, RSA 2048": Reissue(
        host="old", csr_type="ONLINE", choice=("RSA", "2048"), key="RSA 2048"
    ),
}


def reissue(client: Client, original: str, wanted: Reissue, csr: str) -> str:
    """Ask for a reissue; give the new id."""
    given: dict[str, object] = {"CertificateId": original, "ValidType": wanted.proof}
    if wanted.csr_type is not None:
        given["CsrType"] = wanted.csr_type
    if wanted.key == "RSA 3072":
        given["CsrContent"] = csr
    if wanted.choice is not None:
        given["CertCSREncryptAlgo"], given["CertCSRKeyParameter"] = wanted.choice
    return str(client.call("ReplaceCertificate", **given)["CertificateId"])


def links(client: Client, certificate_id: str) -> tuple[str | None, str | None]:
    """Give what a certificate replaces and what replaces it, from detail and list alike."""
    detail = client.detail(certificate_id)["CertificateExtra"]
    found = client.call("DescribeCertificates", CertIds=[certificate_id])["Certificates"]
    assert [row["CertificateExtra"] for row in found] == [detail]
    return detail["ReplacedBy"], detail["ReplacedFor"]


def verified(detail: dict[str, Any], host: str) -> x509.Certificate:
    """Build the path of a certificate to its root, by a program that is not the desk's."""
    leaf, *chain = x509.load_pem_x509_certificates(detail["CertificatePublicKey"].encode())
    root = x509.load_pem_x509_certificate(detail["RootCert"]["Standard"].encode())
    verifier = PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName(host))
    assert verifier.verify(leaf, chain)[0] == leaf
    return leaf


@pytest.mark.needs("nginx")
@pytest.mark.parametrize("wanted", REISSUES.values(), ids=REISSUES)
def test_a_reissue_takes_the_old_certificates_place(
    world: World, wanted: Reissue, tmp_path: Path
) -> None:
    """Asked for, proved anew, issued, linked to the old one, served by nginx."""
    client = world.desk.client()
    host = f"{wanted.host}.example.com"
    own = rsa.generate_private_key(65537, 3072)
    case = Case(product=SINGLE, names=(host,), kind="TXT", online=("ECC", "prime256v1"))
    original = submit(client, case, own)
    publish(world, client.detail(original))
    client.call("CheckCertificateDomainVerification", CertificateId=original)
    old = issued(client, original)

    fresh = reissue(client, original, wanted, csr_for(own, host))
    began = client.detail(fresh)
    assert (began["Status"], began["StatusMsg"]) == (0, "PENDING-DCV")
    publish(world, began)
    client.call("CheckCertificateDomainVerification", CertificateId=fresh)
    new = issued(client, fresh)

    assert (links(client, original), links(client, fresh)) == ((None, fresh), (original, None))
    assert (client.detail(original)["Status"], new["EncryptAlgorithm"]) == (1, wanted.key)
    leaves = [verified(detail, host) for detail in (old, new)]
    assert leaves[0].serial_number != leaves[1].serial_number
    same_key = leaves[0].public_key() == leaves[1].public_key()
    assert same_key == ((wanted.csr_type or "Original").lower() == "original")

    unpacked(client, fresh, tmp_path)
    (bundle,) = tmp_path.glob("Nginx/1_*_bundle.crt")
    found = list(tmp_path.glob("Nginx/2_*.key"))
    if wanted.key == "RSA 3072":
        assert found == []
        found = [tmp_path / "own.key"]
        found[0].write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert served(tmp_path, bundle, found[0], new["RootCert"]["Standard"], host) == leaves[1]


def served(folder: Path, bundle: Path, key: Path, root: str, host: str) -> x509.Certificate:
    """Give the certificate that nginx shows to a client that trusts the root."""
    port = nginx.configure(folder, bundle, key)
    trust = ssl.create_default_context(cadata=root)
    with (
        nginx.serving(folder, port) as plain,
        trust.wrap_socket(plain, server_hostname=host) as secure,
    ):
        shown = secure.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown)
