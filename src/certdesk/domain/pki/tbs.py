"""The to-be-signed part of a certificate (RFC 5280 4.1), apart from its signature."""

from __future__ import annotations

from cryptography import x509

from certdesk.domain.pki import der

_ALGORITHM = 2
"""The index of the algorithm, after the version and the serial number."""


def read(tbs: bytes) -> x509.Certificate:
    """Return a to-be-signed part as a certificate with an empty signature.

    Raises:
        ValueError: it is not a to-be-signed part.
    """
    return x509.load_der_x509_certificate(assemble(tbs, b""))


def assemble(tbs: bytes, signature: bytes) -> bytes:
    """Return the certificate with the very bytes that were signed, and the signature.

    Raises:
        ValueError: the bytes are not a to-be-signed part.
    """
    der.check(tbs)
    (outer,) = der.elements(tbs)
    parts = list(der.elements(outer.content))
    if outer.tag != der.SEQUENCE or len(parts) <= _ALGORITHM:
        raise ValueError("not a to-be-signed part of a certificate")
    algorithm = der.encode(parts[_ALGORITHM].tag, parts[_ALGORITHM].content)
    # The last byte has no unused bits.
    bits = der.encode(der.BIT_STRING, b"\x00" + signature)
    return der.encode(der.SEQUENCE, tbs + algorithm + bits)
