"""Java key stores of the old format (JKS, version 2), with one private key and its chain.

The format is weak by design and cannot be made better: the key is hidden under a chain of SHA-1
over the password, without key stretching, and the integrity check is no stronger. An attacker who
has the file can try passwords as fast as SHA-1 runs. It is written because servers are set up for
it; `pfx` writes the better format.

Source: sun.security.provider.JavaKeyStore and KeyProtector of OpenJDK, which define the format.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certdesk.domain.pki import der
from certdesk.domain.values.keys import PrivateKey
from certdesk.domain.values.secret import Secret

_MAGIC = 0xFEEDFEED
_VERSION = 2
_PRIVATE_KEY = 1
_DIGEST_SALT = b"Mighty Aphrodite"
_SALT_SIZE = 20  # bytes: that of SHA-1, whose values the key is hidden under
# AlgorithmIdentifier of Sun's key protector, 1.3.6.1.4.1.42.2.17.1.1, with NULL parameters.
_PROTECTOR = bytes.fromhex("300e060a2b060104012a021101010500")


def write(
    alias: str, private_key: PrivateKey, chain: Sequence[bytes], password: Secret, made_at: datetime
) -> bytes:
    """Return a store that has one password for its key and its integrity.

    `alias` is ASCII in lower case, as Java looks aliases up. `chain` is DER, the certificate of the
    key first.
    """
    plain = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    hidden = _hide(plain, _characters(password))
    body = b"".join(
        (
            struct.pack(">IIII", _MAGIC, _VERSION, 1, _PRIVATE_KEY),
            _text(alias),
            struct.pack(">q", int(made_at.timestamp()) * 1000),
            _sized(_protected(hidden)),
            struct.pack(">I", len(chain)),
            *(_text("X.509") + _sized(certificate) for certificate in chain),
        )
    )
    return body + _sha1(_characters(password) + _DIGEST_SALT + body)


def _hide(key: bytes, password: bytes) -> bytes:
    """Return the salt, the key XORed with a chain of digests, and the check value of the key."""
    salt = os.urandom(_SALT_SIZE)
    stream, link = b"", salt
    while len(stream) < len(key):
        link = _sha1(password + link)
        stream += link
    covered = bytes(one ^ other for one, other in zip(key, stream, strict=False))
    return salt + covered + _sha1(password + key)


def _characters(password: Secret) -> bytes:
    """Return a password as Java's characters: UTF-16, big-endian."""
    return password.text().encode("utf-16-be")


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data).digest()  # noqa: S324 -- the format has no other


def _text(value: str) -> bytes:
    """Return ASCII as DataOutput.writeUTF writes it."""
    return struct.pack(">H", len(value)) + value.encode("ascii")


def _sized(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _protected(hidden: bytes) -> bytes:
    """Return an EncryptedPrivateKeyInfo (RFC 5208, 6)."""
    return der.encode(der.SEQUENCE, _PROTECTOR + der.encode(der.OCTET_STRING, hidden))
