"""Requests for the status of certificates (RFC 6960 4.1, RFC 9654 for nonces).

They are read here because the library only reads those for one certificate. The nonce and the
identifiers of certificates are returned as they came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certdesk.domain.pki import der
from certdesk.domain.values.record import Record

NONCE_LIMIT = 128
"""The longest nonce that is accepted, in bytes (RFC 9654 2.1)."""

NONCE = der.identifier("1.3.6.1.5.5.7.48.1.2")

_VERSION, _REQUESTOR, _EXTENSIONS = 0xA0, 0xA1, 0xA2
_OF_ONE = 0xA0
_SIGNATURE = 0xA0
_HASHES: dict[bytes, type[hashes.HashAlgorithm]] = {
    der.identifier("1.3.14.3.2.26"): hashes.SHA1,
    der.identifier("2.16.840.1.101.3.4.2.1"): hashes.SHA256,
    der.identifier("2.16.840.1.101.3.4.2.2"): hashes.SHA384,
    der.identifier("2.16.840.1.101.3.4.2.3"): hashes.SHA512,
}


class Malformed(ValueError):
    """Bytes are not a request that can be answered."""


class CertificateId(Record, kw_only=True):
    """The identifier of a certificate: its serial number, and two hashes that name its issuer."""

    whole: bytes
    serial: int
    algorithm: type[hashes.HashAlgorithm]
    name_hash: bytes
    key_hash: bytes

    def names(self, issuer: x509.Certificate) -> bool:
        """Whether it names this issuer, whose key is RSA or ECC."""
        hashed = (self._hash(issuer.subject.public_bytes()), self._hash(key_bits(issuer)))
        return hashed == (self.name_hash, self.key_hash)

    def _hash(self, data: bytes) -> bytes:
        digest = hashes.Hash(self.algorithm())
        digest.update(data)
        return digest.finalize()


class Asked(Record, kw_only=True):
    """A request for the status of one or more certificates, in order; `nonce` is its value."""

    ids: tuple[CertificateId, ...]
    nonce: bytes | None


def key_bits(certificate: x509.Certificate) -> bytes:
    """Return the bits of a key, from which an issuer's key hash is made (RFC 6960 4.1.1)."""
    public_key = certificate.public_key()
    if isinstance(public_key, rsa.RSAPublicKey):
        return public_key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def read(data: bytes) -> Asked:
    """Return a request; its own signature, if any, is not checked.

    Raises:
        Malformed: it is not a request, or asks for something unknown.
    """
    try:
        der.check(data)
        (whole,) = der.elements(data)
        return _asked(_tbs(whole))
    except Malformed:
        raise
    except ValueError as error:
        raise Malformed(str(error)) from error


def _tbs(whole: der.Element) -> list[der.Element]:
    """Return the parts of a TBSRequest."""
    parts = _parts(whole, der.SEQUENCE)
    if [part.tag for part in parts] not in ([der.SEQUENCE], [der.SEQUENCE, _SIGNATURE]):
        raise Malformed("it is not a request and a signature (RFC 6960 4.1.1)")
    return list(der.elements(parts[0].content))


def _asked(parts: Sequence[der.Element]) -> Asked:
    """Return the request in a TBSRequest, in which only the list of certificates is required."""
    by_tag = {part.tag: part for part in parts}
    tags = [part.tag for part in parts]
    known = [_VERSION, _REQUESTOR, der.SEQUENCE, _EXTENSIONS]
    if tags != [tag for tag in known if tag in by_tag] or der.SEQUENCE not in by_tag:
        raise Malformed("its parts are not those of a request (RFC 6960 4.1.1)")
    if _VERSION in by_tag and by_tag[_VERSION].content != der.encode(der.INTEGER, b"\0"):
        raise Malformed("its version is not 0 (RFC 6960 4.1.1)")
    listed = [_id(each) for each in der.elements(by_tag[der.SEQUENCE].content)]
    if not listed:
        raise Malformed("it asks for no certificate")
    nonce = _nonce(by_tag[_EXTENSIONS]) if _EXTENSIONS in by_tag else None
    return Asked(ids=tuple(listed), nonce=nonce)


def _id(request: der.Element) -> CertificateId:
    certificate, *more = _parts(request, der.SEQUENCE)
    for extensions in more:
        if extensions.tag != _OF_ONE:
            raise Malformed("a request for one certificate has other parts (RFC 6960 4.1.1)")
        list(_understood(extensions))
    algorithm, name, key, serial = _parts(certificate, der.SEQUENCE)
    if [part.tag for part in (algorithm, name, key, serial)] != [
        der.SEQUENCE, der.OCTET_STRING, der.OCTET_STRING, der.INTEGER,
    ]:  # fmt: skip
        raise Malformed("an identifier of a certificate has other parts (RFC 6960 4.1.1)")
    kind, *parameters = der.elements(algorithm.content)
    if (
        kind.tag != der.IDENTIFIER
        or kind.content not in _HASHES
        or parameters not in ([], [der.Element(der.NULL, b"")])
    ):
        raise Malformed("an issuer is named by an unknown hash")
    number = int.from_bytes(serial.content, signed=True)
    if number <= 0:
        raise Malformed("no certificate has such a serial number")
    return CertificateId(
        whole=certificate.whole,
        serial=number,
        algorithm=_HASHES[kind.content],
        name_hash=name.content,
        key_hash=key.content,
    )


def _nonce(extensions: der.Element) -> bytes | None:
    """Return the nonce; raises ``Malformed``, also for an unknown critical extension."""
    found = [value for identifier, value in _understood(extensions) if identifier == NONCE]
    if len(found) > 1:
        raise Malformed("it has two nonces")
    if not found:
        return None
    der.check(found[0])
    (inner,) = der.elements(found[0])
    if inner.tag != der.OCTET_STRING or not 1 <= len(inner.content) <= NONCE_LIMIT:
        raise Malformed(f"a nonce has 1 to {NONCE_LIMIT} bytes")
    return found[0]


def _understood(extensions: der.Element) -> Iterator[tuple[bytes, bytes]]:
    """Yield identifiers and values; only the nonce may be critical."""
    (listed,) = der.elements(extensions.content)
    for extension in _parts(listed, der.SEQUENCE):
        identifier, *mark, value = _parts(extension, der.SEQUENCE)
        tags = [each.tag for each in (identifier, *mark, value)]
        if tags not in (
            [der.IDENTIFIER, der.OCTET_STRING],
            [der.IDENTIFIER, der.BOOLEAN, der.OCTET_STRING],
        ):
            raise Malformed("an extension has other parts (RFC 5280 4.1)")
        if mark and mark[0].content != b"\0" and identifier.content != NONCE:
            dotted = der.dotted(identifier.content)
            raise Malformed(f"it has a critical extension {dotted}")
        yield identifier.content, value.content


def _parts(element: der.Element, tag: int) -> list[der.Element]:
    if element.tag != tag:
        raise Malformed("an element is not of its type (RFC 6960 4.1.1)")
    return list(der.elements(element.content))
