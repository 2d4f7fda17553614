"""ECC private keys with their number in as many bytes as are wanted, as other programs write it."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certdesk.domain.pki import der


def ec_private_key(number: int, size: int, curve: ec.EllipticCurve, *, public: bool) -> bytes:
    """Write an ECPrivateKey (RFC 5915) with its number in as many bytes as are wanted."""
    oid = {"secp256r1": "1.2.840.10045.3.1.7", "secp521r1": "1.3.132.0.35"}[curve.name]
    point = (
        ec.derive_private_key(number, curve)
        .public_key()
        .public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )
    body = der.encode(0x02, b"\1") + der.encode(0x04, number.to_bytes(size))
    body += der.encode(0xA0, der.encode(0x06, der.identifier(oid)))
    if public:
        body += der.encode(0xA1, der.encode(0x03, b"\0" + point))
    return der.encode(0x30, body)


def private_key_info(key: bytes, curve: str) -> bytes:
    """Write a PrivateKeyInfo (RFC 5958) around one."""
    kinds = der.encode(0x06, der.identifier("1.2.840.10045.2.1")) + der.encode(
        0x06, der.identifier(curve)
    )
    parts = der.encode(0x02, b"\0") + der.encode(0x30, kinds) + der.encode(0x04, key)
    return der.encode(0x30, parts)
