"""Certificate signing requests that others made: ordinary, odd and broken ones."""

from __future__ import annotations

import base64
import json
from importlib import resources
from pathlib import Path
from typing import Any

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

# A larger collection, whose index.json says of each request why it is to be refused. Its folder is
# not part of the repository: tests of it are marked with `corpus`.
COLLECTION = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "csr"


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


def collected_pem(entry: dict[str, Any]) -> str:
    """Read one request of the collection."""
    return pem((COLLECTION / f"{entry['id']}.der").read_bytes())


def acceptable(entry: dict[str, Any]) -> bool:
    """Tell from the index alone: no reason against it, a SHA-2 hash and no IP address."""
    return (
        not entry["policy_reject"]
        and entry["hash"] in {"sha256", "sha384", "sha512"}
        and not any(name.startswith("IPAddress:") for name in entry["san"] or [])
    )


def dns_names(entry: dict[str, Any]) -> list[str]:
    """List the DNS names that a request of the collection asks for."""
    every = entry["san"] or []
    return [name.removeprefix("DNSName:") for name in every if name.startswith("DNSName:")]
