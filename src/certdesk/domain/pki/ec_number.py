"""The number of an ECC private key, written as long as its curve requires (RFC 5915, 3).

Java and older programs write it as an ordinary number: without leading zeros, or with one more
before a high bit. OpenSSL reads that, and the library does not.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ObjectIdentifier

from certdesk.domain.pki import der, outline

_CURVE = 0xA0
_NUMBER = 1
"""Its place in an ECPrivateKey, after the version."""
_KEY = 2
"""The place of a key in a PrivateKeyInfo, after its version and algorithm (RFC 5958, 2)."""


def in_own_length(data: bytes) -> bytes:
    """Return an ECPrivateKey with its number as long as the curve that it names.

    Data that is not such a key, or a key of a curve that the library does not know, is returned
    unchanged.
    """
    try:
        (whole,) = der.elements(data)
        parts = list(der.elements(whole.content))
        explicit = next((part for part in parts if part.tag == _CURVE), None)
        if explicit is None:
            return data
        (curve,) = der.elements(explicit.content)
        return _written(parts, curve)
    except (ValueError, LookupError):
        return data


def in_own_length_within(data: bytes) -> bytes:
    """Return a PrivateKeyInfo with its key changed like this; its algorithm names the curve."""
    try:
        (whole,) = der.elements(data)
        parts = list(der.elements(whole.content))
        algorithm, curve = der.elements(parts[1].content)
        if algorithm.content != outline.EC or parts[_KEY].tag != der.OCTET_STRING:
            return data
        (inner,) = der.elements(parts[_KEY].content)
        key = _written(list(der.elements(inner.content)), curve)
    except (ValueError, LookupError):
        return data
    parts[_KEY] = der.Element(der.OCTET_STRING, key)
    return der.encode(der.SEQUENCE, b"".join(part.whole for part in parts))


def _written(parts: list[der.Element], curve: der.Element) -> bytes:
    """Return the elements of an ECPrivateKey written again; raises ValueError or LookupError."""
    if [part.tag for part in parts[:2]] != [
        der.INTEGER,
        der.OCTET_STRING,
    ] or curve.tag != der.IDENTIFIER:
        raise der.NotDer("not an ECPrivateKey (RFC 5915, 3)")
    known = ec.get_curve_for_oid(ObjectIdentifier(der.dotted(curve.content)))
    digits = parts[_NUMBER].content.lstrip(b"\0")
    number = digits.rjust((known().key_size + 7) // 8, b"\0")
    parts[_NUMBER] = der.Element(der.OCTET_STRING, number)
    return der.encode(der.SEQUENCE, b"".join(part.whole for part in parts))
