"""The Online Certificate Status Protocol: responders and their responses.

Requests are read in `ocsp_request.py`. Responses are written here because the library only writes
those for one certificate.

Sources: RFC 6960, CA/Browser Forum Baseline Requirements 4.9.10 and 7.1.2.8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certdesk.domain.pki import der, profile
from certdesk.domain.pki.crl import Revoked
from certdesk.domain.pki.ocsp_request import NONCE, Asked, CertificateId, key_bits
from certdesk.domain.values.keys import PublicKey
from certdesk.domain.values.validity import BACKDATED

LASTS = timedelta(hours=12)
"""How long a response is valid; at least 8 hours are required (4.9.10)."""

RESPONDER_LASTS = timedelta(days=14)
"""How long a responder may answer for an authority before it gets a new certificate."""

# Context tags: of what is explicitly tagged, and of a status.
_FIRST, _SECOND, _THIRD = 0xA0, 0xA1, 0xA2
_SAID = {"good": b"\x80\x00", "unknown": b"\x82\x00"}
_REVOKED = 0xA1
_SUCCESSFUL = b"\x00"
_BASIC = der.identifier("1.3.6.1.5.5.7.48.1.1")
_ECDSA_WITH_SHA_256 = der.identifier("1.2.840.10045.4.3.2")
_REASONS = {
    x509.ReasonFlags.key_compromise: 1,
    x509.ReasonFlags.affiliation_changed: 3,
    x509.ReasonFlags.superseded: 4,
    x509.ReasonFlags.cessation_of_operation: 5,
    x509.ReasonFlags.privilege_withdrawn: 9,
}
"""The numbers of RFC 5280 5.3.1 for the reasons that `revocation_reason.Reason` has."""

Status: TypeAlias = Revoked | Literal["good", "unknown"]
"""The status of a certificate in a response."""


def content(
    asked: Asked, statuses: Sequence[Status], responder: x509.Certificate, now: datetime
) -> bytes:
    """Return the data to be signed by the responder: a status for each certificate asked for."""
    at = now.replace(microsecond=0)
    each = (_single(one, status, at) for one, status in zip(asked.ids, statuses, strict=True))
    digest = hashlib.sha1(key_bits(responder), usedforsecurity=False).digest()
    parts = [
        der.encode(_THIRD, der.encode(der.OCTET_STRING, digest)),
        _time(at),
        der.encode(der.SEQUENCE, b"".join(each)),
    ]
    if asked.nonce is not None:
        nonce = der.encode(der.IDENTIFIER, NONCE) + der.encode(der.OCTET_STRING, asked.nonce)
        listed = der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, nonce))
        parts.append(der.encode(_SECOND, listed))
    return der.encode(der.SEQUENCE, b"".join(parts))


def response(content: bytes, signature: bytes, responder: x509.Certificate) -> bytes:
    """Return the response with what the responder has signed with ECDSA and SHA-256."""
    algorithm = der.encode(der.SEQUENCE, der.encode(der.IDENTIFIER, _ECDSA_WITH_SHA_256))
    bits = der.encode(der.BIT_STRING, b"\0" + signature)
    certificates = der.encode(der.SEQUENCE, responder.public_bytes(Encoding.DER))
    basic = der.encode(der.SEQUENCE, content + algorithm + bits + der.encode(_FIRST, certificates))
    told = der.encode(der.IDENTIFIER, _BASIC) + der.encode(der.OCTET_STRING, basic)
    status = der.encode(der.ENUMERATED, _SUCCESSFUL)
    return der.encode(der.SEQUENCE, status + der.encode(_FIRST, der.encode(der.SEQUENCE, told)))


def _single(one: CertificateId, status: Status, at: datetime) -> bytes:
    """Return the status of one certificate, identified as in the request (4.2.1)."""
    said = _revoked(status) if isinstance(status, Revoked) else _SAID[status]
    until = der.encode(_FIRST, _time(at + LASTS))
    return der.encode(der.SEQUENCE, one.whole + said + _time(at) + until)


def _revoked(status: Revoked) -> bytes:
    reason = b""
    if status.reason is not None:
        reason = der.encode(_FIRST, der.encode(der.ENUMERATED, bytes((_REASONS[status.reason],))))
    return der.encode(_REVOKED, _time(status.revoked_at) + reason)


def _time(at: datetime) -> bytes:
    return der.encode(
        der.GENERALIZED_TIME, at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode("ascii")
    )


def malformed() -> ocsp.OCSPResponse:
    """Return the response to bytes that are not a request."""
    return ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)


def unauthorised() -> ocsp.OCSPResponse:
    """Return the response to a question about another CA's certificate (RFC 6960 2.3)."""
    return ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)


def responder_builder(
    issuer: x509.Certificate, public_key: PublicKey, serial: int, now: datetime
) -> x509.CertificateBuilder:
    """Return the certificate of a responder that answers for the issuer alone."""
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
    # It is too short-lived for anybody to ask for its own status (RFC 6960, 4.2.2.2.1).
    yield x509.OCSPNoCheck(), False
