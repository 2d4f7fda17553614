"""Certificate signing requests that others made: ordinary, odd and broken ones.

OpenSSL is the outside judge: what it refuses is never accepted here. The desk refuses more.
"""

from __future__ import annotations

import base64
import json
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from certdesk.domain import csr
from tools import servers

# The text of each request in two packages, and below what the desk accepts of them.
PACKAGED = {
    "cryptography_vectors": "x509/requests",
    "acme": "_internal/tests/testdata",
}
ACCEPTED = {
    "acme/csr.der",
    "cryptography_vectors/challenge-unstructured.pem",
    "cryptography_vectors/challenge.pem",
    "cryptography_vectors/ec_sha256.der",
    "cryptography_vectors/ec_sha256.pem",
    "cryptography_vectors/ec_sha256_old_header.pem",
    "cryptography_vectors/rsa_sha256.der",
    "cryptography_vectors/rsa_sha256.pem",
}

# A larger collection, whose index.json says of each request why it is to be refused.
COLLECTION = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "csr"


def pem(der: bytes) -> str:
    """Write as PEM, whatever the bytes are."""
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{text}-----END CERTIFICATE REQUEST-----\n"


def packaged() -> dict[str, str]:
    """Read the requests in the packages: PEM files as they stand, DER files written as PEM."""
    found = {}
    for package, folder in PACKAGED.items():
        for file in resources.files(package).joinpath(folder).iterdir():
            if file.name.endswith(".der") and (package != "acme" or file.name.startswith("csr")):
                found[f"{package}/{file.name}"] = pem(file.read_bytes())
            elif file.name.endswith(".pem") and "REQUEST-----" in file.read_text():
                found[f"{package}/{file.name}"] = file.read_text()
    return found


def collected() -> list[dict[str, Any]]:
    """Read the index of the collection; nothing where the collection is not there."""
    index = COLLECTION / "index.json"
    entries: list[dict[str, Any]] = json.loads(index.read_text()) if index.is_file() else []
    return entries


def read(text: str) -> csr.CertificateRequest | None:
    """Read a request; None where it is refused. Any other exception fails the test."""
    try:
        return csr.parse(text)
    except csr.CsrRefused:
        return None


def openssl_accepts(text: str) -> bool:
    """Ask OpenSSL to read a request and to verify its signature."""
    program = servers.find("openssl")
    assert program is not None
    command = [program, "req", "-verify", "-noout"]
    judged = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return judged.returncode == 0 and "verify OK" in judged.stderr


def test_the_packages_hold_the_requests_that_are_expected() -> None:
    """A release that moves its files away must not leave the tests below without any."""
    assert len(packaged()) == 36


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("name", sorted(packaged()))
def test_a_packaged_request_is_accepted_as_written_down_and_never_against_openssl(
    name: str,
) -> None:
    """Those refused are malformed, of a weak key or hash, or have text around the block."""
    text = packaged()[name]
    accepted = read(text) is not None
    assert accepted == (name in ACCEPTED)
    assert openssl_accepts(text) or not accepted


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("name", sorted(packaged()))
def test_a_packaged_request_freed_of_the_text_around_it_is_not_accepted_against_openssl(
    name: str,
) -> None:
    """The same requests as a user would cut them out of their files."""
    text = packaged()[name]
    block = text[text.index("-----BEGIN") :]
    assert read(block) is None or openssl_accepts(block)


# Where a subject breaks the lengths of X.520 the library warns, and reads it.
@pytest.mark.filterwarnings("ignore:Attribute's length")
@pytest.mark.corpus("csr")
@pytest.mark.parametrize("entry", collected(), ids=lambda entry: entry["id"])
def test_a_collected_request_gets_the_verdict_of_the_index(entry: dict[str, Any]) -> None:
    """Accepted are those with no reason against them, a SHA-2 hash and no IP address."""
    alternative = entry["san"] or []
    accepted = (
        not entry["policy_reject"]
        and entry["hash"] in {"sha256", "sha384", "sha512"}
        and not any(name.startswith("IPAddress:") for name in alternative)
    )
    found = read(pem((COLLECTION / f"{entry['id']}.der").read_bytes()))
    assert (found is not None) == accepted
    if found is not None:
        names = [
            name.removeprefix("DNSName:") for name in alternative if name.startswith("DNSName:")
        ]
        assert found.dns_names == tuple(name.lower() for name in names)
        assert entry["openssl_3_0_19"] == "verify-ok"
