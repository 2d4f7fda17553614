"""Certificates with an intermediate CA and a root behind them, made for tests."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certdesk.domain.values import keys
from certdesk.domain.values.keys import KeyKind, PrivateKey

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
ENDS = datetime(2046, 1, 1, tzinfo=UTC)
"""Tests must not begin to fail one day, and other programs look at the real clock."""


@dataclasses.dataclass(frozen=True)
class Signer:
    """A CA: its certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey


@functools.cache
def key_of(kind: KeyKind) -> PrivateKey:
    """Give one key of a kind, the same for the whole run."""
    return keys.generate(kind)


@functools.cache
def root() -> Signer:
    """Give the root, the same for the whole run."""
    return ca("Test Root", None)


@functools.cache
def intermediate() -> Signer:
    """Give the CA below the root, the same for the whole run."""
    return ca("Test Intermediate", root())


def ca(name: str, signer: Signer | None) -> Signer:
    """Make a CA, signed by itself where there is no other."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = named(name)
    certificate = certify(
        key.public_key(),
        subject,
        issuer=signer.certificate.subject if signer else subject,
        signing_key=signer.key if signer else key,
        extensions=(x509.BasicConstraints(ca=True, path_length=None),),
    )
    return Signer(certificate, key)


def leaf(
    key: PrivateKey, *names: str, signer: Signer | None = None, common_name: str | None = None
) -> x509.Certificate:
    """Certify a server's key for names, the first of them as the common name too."""
    signer = signer or intermediate()
    return certify(
        key.public_key(),
        named(common_name or names[0]),
        issuer=signer.certificate.subject,
        signing_key=signer.key,
        extensions=(
            x509.BasicConstraints(ca=False, path_length=None),
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]),
        ),
    )


def named(common_name: str) -> x509.Name:
    """Give a name that is a common name alone."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def certify(
    public_key: CertificatePublicKeyTypes,
    subject: x509.Name,
    *,
    issuer: x509.Name,
    signing_key: PrivateKey,
    extensions: Iterable[x509.ExtensionType] = (),
    begins: datetime = BEGINS,
    ends: datetime = ENDS,
) -> x509.Certificate:
    """Sign a certificate with SHA-256."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    for extension in extensions:
        critical = isinstance(extension, x509.BasicConstraints)
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signing_key, hashes.SHA256())


def pem(*certificates: x509.Certificate) -> str:
    """Write certificates as PEM, one after the other."""
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)


def der(certificate: x509.Certificate) -> bytes:
    """Write a certificate as DER."""
    return certificate.public_bytes(Encoding.DER)
