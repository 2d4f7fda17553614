"""Certificates that others made: those of cryptography's tests, and NIST's PKITS among them.

OpenSSL is the outside judge: what it cannot read is never accepted here, and neither is a chain
in which it does not find the signature good.
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import pytest
from cryptography import x509

from certdesk.domain.pki import chain
from tests import chains, programs

# The library warns of what it tolerates: lengths of names, odd serial numbers and parameters.
pytestmark = pytest.mark.filterwarnings("ignore")

VECTORS = resources.files("cryptography_vectors") / "x509"
PKITS = VECTORS / "PKITS_data" / "certs"


def files(folder: Traversable) -> Iterator[Traversable]:
    """Give the files below a folder, in order."""
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from files(entry)
        else:
            yield entry


@functools.cache
def collected() -> dict[str, str]:
    """Read every PEM file with a certificate, as it stands, by name."""
    found = {}
    for file in files(VECTORS):
        if file.name.endswith((".pem", ".crt", ".cer")):
            data = file.read_bytes()
            if b"-----BEGIN CERTIFICATE-----" in data:
                found[file.name] = data.decode("latin-1")
    return found


@functools.cache
def pkits() -> dict[str, x509.Certificate]:
    """Read the certificates of PKITS, but for two of DSA that the library does not read."""
    found = {}
    for file in files(PKITS):
        with contextlib.suppress(ValueError), warnings.catch_warnings(action="ignore"):
            found[file.name] = x509.load_der_x509_certificate(file.read_bytes())
    return found


def read(text: str) -> chain.UploadedChain | None:
    """Read a text; None where it is refused. Any other exception fails the test."""
    try:
        return chain.read(text)
    except chain.ChainRefused:
        return None


def test_the_package_holds_the_certificates_that_are_expected() -> None:
    """A release that moves its files away must not leave the tests below without any."""
    assert len(collected()) > 100
    assert len(pkits()) == 403


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("name", sorted(collected()))
def test_a_certificate_is_read_or_refused_and_never_read_against_openssl(name: str) -> None:
    """As it stands, and freed of the text around it."""
    text = collected()[name]
    start, end = text.index("-----BEGIN CERT"), text.rindex("-----END CERTIFICATE-----")
    for one in (text, text[start:end] + "-----END CERTIFICATE-----"):
        found = read(one)
        if found is not None:
            printed = programs.run(
                "openssl", "x509", "-noout", "-fingerprint", "-sha256", "-text", text=one
            )
            assert found.sha256 in printed.replace(":", "").lower()


def test_most_of_them_are_read() -> None:
    """Else the test above would show nothing."""
    text = [one[one.index("-----BEGIN CERT") :] for one in collected().values()]
    assert sum(read(one) is not None for one in text) > 60


def issued_by(issuer: x509.Certificate) -> dict[str, x509.Certificate]:
    """Give the certificates of PKITS that name another as their issuer."""
    return {
        name: one for name, one in pkits().items() if one.issuer == issuer.subject and one != issuer
    }


ISSUERS = sorted(name for name, one in pkits().items() if issued_by(one))
# What OpenSSL minds beside the signature is for whoever trusts the certificate to judge.
LEFT_TO_OTHERS = (
    "permitted subtree violation",
    "excluded subtree violation",
    "unhandled critical extension",
)
# What OpenSSL passes and is refused here: keys of DSA, a CA without basic constraints, a negative
# serial number, and a name that is not byte for byte that of the issuer (Baseline Requirements,
# 7.1.4.1).
REFUSED = {
    "DSACACert.crt",
    "InvalidMissingbasicConstraintsTest1EE.crt",
    "InvalidNegativeSerialNumberTest15EE.crt",
    "ValidDSASignaturesTest4EE.crt",
    "ValidRolloverfromPrintableStringtoUTF8StringTest10EE.crt",
}


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("name", ISSUERS)
def test_openssl_agrees_on_whether_a_certificate_of_pkits_was_issued_by_another(
    name: str, tmp_path: Path
) -> None:
    """All the certificates that name this one as their issuer; their time is left out."""
    issuer = tmp_path / "issuer"
    issuer.write_text(chains.pem(pkits()[name]))
    for subject, certificate in issued_by(pkits()[name]).items():
        file = tmp_path / subject
        file.write_text(chains.pem(certificate))
        words = ("verify", "-partial_chain", "-no_check_time", "-trusted", issuer, file)
        judged = programs.ended("openssl", *words)
        theirs = judged.returncode == 0 or any(one in judged.stderr for one in LEFT_TO_OTHERS)
        ours = read(file.read_text() + issuer.read_text()) is not None
        assert ours == (theirs and subject not in REFUSED), judged.stderr
