"""The Online Certificate Status Protocol: what is asked, who answers, and what is answered.

Sources: RFC 6960, RFC 9654 (nonces), CA/Browser Forum Baseline Requirements 4.9.10 and 7.1.2.8.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certdesk.domain import profile
from certdesk.domain.crl import Revoked
from certdesk.domain.keys import PublicKey
from certdesk.domain.validity import BACKDATED

LASTS = timedelta(hours=12)
"""How long an answer is good; it has to be for 8 hours at least (4.9.10)."""

RESPONDER_LASTS = timedelta(days=14)
"""How long a responder may answer for an authority before it is certified anew."""

NONCE_LIMIT = 128
"""Longest nonce that is taken, in bytes (RFC 9654 2.1)."""

_SAID = {
    "good": ocsp.OCSPCertStatus.GOOD,
    "revoked": ocsp.OCSPCertStatus.REVOKED,
    "unknown": ocsp.OCSPCertStatus.UNKNOWN,
}

Status: TypeAlias = Revoked | Literal["good", "unknown"]
"""What is answered of a certificate."""


class Malformed(ValueError):
    """Bytes are no request that can be answered."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request for the status of one certificate; its issuer is named by two hashes."""

    serial: int
    name_hash: bytes
    key_hash: bytes
    algorithm: hashes.HashAlgorithm
    nonce: x509.OCSPNonce | None

    def names(self, issuer: x509.Certificate) -> bool:
        """Whether that is the issuer, whose key is RSA or ECC."""
        hashed = (self._hash(issuer.subject.public_bytes()), self._hash(_key_bits(issuer)))
        return hashed == (self.name_hash, self.key_hash)

    def _hash(self, data: bytes) -> bytes:
        digest = hashes.Hash(self.algorithm)
        digest.update(data)
        return digest.finalize()


def _key_bits(certificate: x509.Certificate) -> bytes:
    """Give the bits of a key, which is what issuers' keys are hashed of (RFC 6960 4.1.1)."""
    public_key = certificate.public_key()
    if isinstance(public_key, rsa.RSAPublicKey):
        return public_key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def read(data: bytes) -> Asked:
    """Read a request; that somebody signed it counts for nothing.

    Raises:
        Malformed: it is none, asks for several certificates, or for what is not understood.
    """
    try:
        request = ocsp.load_der_ocsp_request(data)
        asked = Asked(
            serial=request.serial_number,
            name_hash=request.issuer_name_hash,
            key_hash=request.issuer_key_hash,
            algorithm=request.hash_algorithm,
            nonce=_nonce(request.extensions),
        )
    except (
        ValueError,
        NotImplementedError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
    ) as error:
        raise Malformed(str(error)) from error
    if asked.serial <= 0:
        raise Malformed("no certificate has such a serial number")
    return asked


def _nonce(extensions: x509.Extensions) -> x509.OCSPNonce | None:
    nonce = None
    for each in extensions:
        if isinstance(each.value, x509.OCSPNonce):
            nonce = each.value
        elif each.critical:
            raise Malformed(f"it has a critical extension {each.oid.dotted_string}")
    if nonce is not None and not 1 <= len(nonce.nonce) <= NONCE_LIMIT:
        raise Malformed(f"a nonce has 1 to {NONCE_LIMIT} bytes")
    return nonce


def answer(
    asked: Asked, status: Status, responder: x509.Certificate, now: datetime
) -> ocsp.OCSPResponseBuilder:
    """Write the answer, ready to be signed by the responder."""
    at = now.replace(microsecond=0)
    revoked = status if isinstance(status, Revoked) else None
    written = (
        ocsp.OCSPResponseBuilder()
        .add_response_by_hash(
            issuer_name_hash=asked.name_hash,
            issuer_key_hash=asked.key_hash,
            serial_number=asked.serial,
            algorithm=asked.algorithm,
            cert_status=_SAID["revoked" if isinstance(status, Revoked) else status],
            this_update=at,
            next_update=at + LASTS,
            revocation_time=revoked.revoked_at if revoked else None,
            revocation_reason=revoked.reason if revoked else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, responder)
        .certificates([responder])
    )
    return written if asked.nonce is None else written.add_extension(asked.nonce, critical=False)


def malformed() -> ocsp.OCSPResponse:
    """Give the answer to what is no request."""
    return ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)


def unauthorised() -> ocsp.OCSPResponse:
    """Give the answer where another CA's certificate is asked for (RFC 6960 2.3)."""
    return ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)


def responder_builder(
    issuer: x509.Certificate, public_key: PublicKey, serial: int, now: datetime
) -> x509.CertificateBuilder:
    """Write the certificate of a responder, which answers for the issuer alone."""
    begins = now.replace(microsecond=0) - BACKDATED
    ends = begins + RESPONDER_LASTS - timedelta(seconds=1)
    written = (
        x509.CertificateBuilder()
        .serial_number(serial)
        .issuer_name(issuer.subject)
        .subject_name(_responder_name(issuer, public_key))
        .public_key(public_key)
        .not_valid_before(begins)
        .not_valid_after(min(ends, issuer.not_valid_after_utc))
    )
    for value, critical in _responder_extensions(issuer, public_key):
        written = written.add_extension(value, critical=critical)
    return written


def _responder_name(issuer: x509.Certificate, public_key: PublicKey) -> x509.Name:
    kept = [each for each in issuer.subject if each.oid != NameOID.COMMON_NAME]
    words = f"OCSP Responder {profile.tag_of(public_key)}"
    return x509.Name([*kept, x509.NameAttribute(NameOID.COMMON_NAME, words)])


def _responder_extensions(
    issuer: x509.Certificate, public_key: PublicKey
) -> Iterator[tuple[x509.ExtensionType, bool]]:
    yield x509.BasicConstraints(ca=False, path_length=None), True
    yield profile.key_usage(digital_signature=True), True
    yield x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False
    yield x509.SubjectKeyIdentifier.from_public_key(public_key), False
    yield profile.key_identifier(issuer), False
    # It is too short-lived for its own status to be asked for.
    yield x509.OCSPNoCheck(), False
