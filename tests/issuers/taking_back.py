"""Certificates of a private CA that are in hand, to be revoked."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certdesk.domain.orders.certificate import certificate_of
from certdesk.domain.pki import der
from certdesk.domain.pki.records import Certificate
from tests.issuing import asked, issue
from tests.privateca import InsideCa

Hash = hashes.SHA1 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512


def in_hand(ca: InsideCa, certificate_id: str = "aB3dE5fG", **others: Any) -> Certificate:  # noqa: ANN401 -- fields
    """Have a certificate issued, and keep it as the work on an order does."""
    request = asked(ca.clock.now(), certificate_id=certificate_id, **others)
    certificate = certificate_of(
        request, issue(ca.issuer, request).issued, issuer=ca.issuer.name, now=ca.clock.now()
    )
    return ca.store.write(lambda unit: unit.certificates.add(certificate))


def request_for(
    leaf: x509.Certificate,
    issuer: x509.Certificate,
    algorithm: Hash | None = None,
    nonce: bytes = b"",
) -> bytes:
    """Ask for the status of a certificate, as OCSP clients do."""
    asking = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, algorithm or hashes.SHA1())  # noqa: S303 -- as clients do
    if nonce:
        asking = asking.add_extension(x509.OCSPNonce(nonce), critical=False)
    return asking.build().public_bytes(Encoding.DER)


def request_of(serial: int, issuer: x509.Certificate, nonce: bytes = b"") -> bytes:
    """Ask an issuer for the status of a serial number."""
    digest = hashes.Hash(hashes.SHA1())  # noqa: S303 -- as clients do
    digest.update(issuer.subject.public_bytes())
    key_hash = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key()).digest
    asking = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        digest.finalize(),
        key_hash,
        serial,
        hashes.SHA1(),  # noqa: S303 -- as above
    )
    if nonce:
        asking = asking.add_extension(x509.OCSPNonce(nonce), critical=False)
    return asking.build().public_bytes(Encoding.DER)


def several(*requests: bytes, extensions: bytes = b"") -> bytes:
    """Ask in one request for what others ask for; the library writes those for one alone."""
    each = b"".join(_within(_within(_within(request))) for request in requests)
    return der.encode(0x30, der.encode(0x30, der.encode(0x30, each) + extensions))


def _within(data: bytes) -> bytes:
    """Return the content of the first element."""
    return next(der.elements(data)).content
