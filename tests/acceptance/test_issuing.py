"""From the purchase to a TLS connection, with the official SDK and nothing of the desk's own.

Name server and web server are real, on loopback; what they publish is what the API says.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.acceptance import connecting
from tests.acceptance.connecting import World, issued, publish, served, unpacked
from tests.actions.submitting import csr_for
from tests.running import Client

MULTI_DOMAIN, WILDCARD, SINGLE, DNSPOD = 11, 12, 104, 48


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Servers on loopback, which the desk is told to ask."""
    with connecting.world(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """An order: its product and names, how they are proved, and where the key is made."""

    product: int
    names: tuple[str, ...]
    proof: str = "DNS"
    kind: str
    online: tuple[str, str] | None = None


CASES = {
    "one name by TXT, P-256": Case(
        product=SINGLE, names=("p256.example.com",), kind="TXT", online=("ECC", "prime256v1")
    ),
    "one name by CNAME, RSA 2048": Case(
        product=DNSPOD, names=("rsa.example.net",), kind="CNAME", online=("RSA", "2048")
    ),
    "one name by FILE, own CSR": Case(
        product=SINGLE, names=("files.example.org",), proof="FILE", kind="FILE"
    ),
    "an apex by FILE, P-256": Case(
        product=SINGLE,
        names=("example.info",),
        proof="FILE",
        kind="FILE",
        online=("ECC", "prime256v1"),
    ),
    "three names by TXT, RSA 4096": Case(
        product=MULTI_DOMAIN,
        names=("many.example.com", "example.org", "xn--bcher-kva.example.net"),
        kind="TXT",
        online=("RSA", "4096"),
    ),
    "a wildcard by TXT, own CSR": Case(product=WILDCARD, names=("*.wild.example.com",), kind="TXT"),
}


def submit(client: Client, case: Case, key: rsa.RSAPrivateKey) -> str:
    """Buy an order, hand its material in, and submit it to the CA."""
    bought = client.buy(case.product, len(case.names))
    material: dict[str, object] = {"CertCommonName": case.names[0]}
    if len(case.names) > 1:
        material["DnsNames"] = list(case.names[1:])
    if case.online:
        material |= dict(zip(("CsrEncryptAlgo", "CsrKeyParameter"), case.online, strict=True))
    else:
        own = {"GenCsrType": "parse", "Csr": csr_for(key, case.names[0])}
        material |= own | {"CsrEncryptAlgo": None, "CsrKeyParameter": None}
    client.submit(bought, **material)
    client.call("CertificateOrderSubmit", CertId=bought, VerifyType=case.proof)
    return bought


@pytest.mark.needs("nginx")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_order_ends_in_a_connection_that_its_root_verifies(
    world: World, case: Case, tmp_path: Path
) -> None:
    """Bought, proved, issued, downloaded, served by nginx."""
    client = world.desk.client()
    own = rsa.generate_private_key(65537, 2048)
    bought = submit(client, case, own)

    detail = client.detail(bought)
    assert (detail["Status"], detail["StatusMsg"]) == (0, "PENDING-DCV")
    assert publish(world, detail) == [case.kind] * len(case.names)
    client.call("CheckCertificateDomainVerification", CertificateId=bought)
    detail = issued(client, bought)
    assert detail["DvAuthDetail"]["DvAuths"] is None

    inside = unpacked(client, bought, tmp_path)
    keys = [tmp_path / name for name in inside if name.startswith("Nginx/2_")]
    if not case.online:
        assert not any(name.endswith((".key", ".pfx", ".jks")) for name in inside)
        keys = [tmp_path / "own.key"]
        pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        keys[0].write_bytes(pem)
    host = case.names[0].replace("*", "any")
    shown = served(tmp_path, keys[0], host, detail["RootCert"]["Standard"])
    leaf = x509.load_der_x509_certificate(shown)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == list(case.names)
    assert detail["CertificatePublicKey"].startswith(
        leaf.public_bytes(Encoding.PEM).decode().strip()
    )


def test_an_order_is_cancelled_opened_again_and_deleted(world: World) -> None:
    """Nothing is issued of it, though what it published stands."""
    client = world.desk.client()
    case = CASES["one name by TXT, P-256"]
    key = rsa.generate_private_key(65537, 2048)
    bought = submit(client, dataclasses.replace(case, names=("gone.example.com",)), key)
    auth = client.detail(bought)["DvAuthDetail"]["DvAuths"][0]
    client.call("CancelAuditCertificate", CertificateId=bought)
    world.names.add(auth["DvAuthKey"], "TXT", auth["DvAuthValue"])
    client.call("ModifyCertificateResubmit", CertificateId=bought)
    assert client.detail(bought)["Status"] == 5

    client.call("CertificateOrderSubmit", CertId=bought)
    (found,) = client.call("CheckCertificateDomainVerification", CertificateId=bought)[
        "VerificationResults"
    ]
    assert (found["LocalCheck"], found["CheckValue"]) == (-2, [auth["DvAuthValue"]])
    client.call("CancelAuditCertificate", CertificateId=bought)
    assert client.call("DeleteCertificate", CertificateId=bought)["DeleteResult"] is True
