"""PFX files (PKCS#12, RFC 7292), with one private key and its chain.

Everything inside is encrypted by AES-256 under a key that PBKDF2 with SHA-256 derives from the
password (PBES2, RFC 8018), and authenticated by HMAC-SHA-256. An attacker can try a password at the
cost of the latter, 2048 rounds, so a short password is not safe. Windows reads such files since
Server 2019 and Windows 10 1709, Java since 8u301.

It is written here because the library accepts only certificates that it can read itself, and it is
strict about names which nobody here uses (`domain/pki/outline.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certdesk.domain.pki import der
from certdesk.domain.values.keys import PrivateKey
from certdesk.domain.values.secret import Secret

_EXPLICIT, _IMPLICIT = 0xA0, 0x80
_KEY_ROUNDS = 20_000
_MAC_ROUNDS = 2048
_SALT_SIZE, _KEY_SIZE, _BLOCK_SIZE = 16, 32, 16  # bytes
_HASH_BLOCK = 64  # bytes: that of SHA-256
_FOR_A_MAC = b"\x03"
"""The purpose of the derived key (RFC 7292, B.3)."""


def write(
    friendly_name: str, private_key: PrivateKey, chain: Sequence[bytes], password: Secret
) -> bytes:
    """Return a file whose key has that friendly name, which Windows shows.

    `chain` is DER, the certificate of the key first; all of it has less than 60 KiB.
    """
    secret = password.reveal()
    plain = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    marks = _attributes(friendly_name, hashlib.sha1(chain[0], usedforsecurity=False).digest())
    leaf, *issuers = map(_certificate_bag, chain)
    certificates = _sequence(_sequence(leaf + marks), *map(_sequence, issuers))
    algorithm, hidden = _encrypted(certificates, secret)
    key = _sequence(*_sealed(plain, secret))
    bags = _sequence(_sequence(_id("1.2.840.113549.1.12.10.1.2"), _explicit(key), marks))
    safe = _sequence(_encrypted_data(algorithm, hidden), _data(bags))
    version = der.encode(der.INTEGER, b"\x03")
    return _sequence(version, _data(safe), _mac(safe, password))


def _certificate_bag(certificate: bytes) -> bytes:
    """Return the content of a bag for a certificate (4.2.3), without attributes."""
    value = _explicit(der.encode(der.OCTET_STRING, certificate))
    kind = _id("1.2.840.113549.1.9.22.1")
    return _id("1.2.840.113549.1.12.10.1.3") + _explicit(_sequence(kind, value))


def _attributes(friendly_name: str, key_id: bytes) -> bytes:
    """Return the attributes by which programs find the key and its certificate (RFC 2985, 5.5)."""
    name = der.encode(der.BMP_STRING, friendly_name.encode("utf-16-be"))
    pairs = (
        ("1.2.840.113549.1.9.20", name),
        ("1.2.840.113549.1.9.21", der.encode(der.OCTET_STRING, key_id)),
    )
    found = [_sequence(_id(kind), der.encode(der.SET, value)) for kind, value in pairs]
    return der.encode(der.SET, b"".join(sorted(found)))


def _encrypted_data(algorithm: bytes, hidden: bytes) -> bytes:
    """Return encrypted content (RFC 5652, 8)."""
    content = _sequence(_id("1.2.840.113549.1.7.1"), algorithm, der.encode(_IMPLICIT, hidden))
    data = _sequence(der.encode(der.INTEGER, b"\0"), content)
    return _sequence(_id("1.2.840.113549.1.7.6"), _explicit(data))


def _sealed(plain: bytes, secret: bytes) -> tuple[bytes, bytes]:
    """Return the two parts of an EncryptedPrivateKeyInfo (RFC 5958, 3)."""
    algorithm, hidden = _encrypted(plain, secret)
    return algorithm, der.encode(der.OCTET_STRING, hidden)


def _encrypted(plain: bytes, secret: bytes) -> tuple[bytes, bytes]:
    """Return the PBES2 algorithm (RFC 8018, 6.2) with its parameters, and the encrypted data."""
    salt, start = os.urandom(_SALT_SIZE), os.urandom(_BLOCK_SIZE)
    key = hashlib.pbkdf2_hmac("sha256", secret, salt, _KEY_ROUNDS, _KEY_SIZE)
    padder = PKCS7(_BLOCK_SIZE * 8).padder()
    padded = padder.update(plain) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    hidden = encryptor.update(padded) + encryptor.finalize()
    parameters = _sequence(
        der.encode(der.OCTET_STRING, salt),
        _number(_KEY_ROUNDS),
        _sequence(_id("1.2.840.113549.2.9"), der.encode(der.NULL, b"")),
    )
    derived = _sequence(_id("1.2.840.113549.1.5.12"), parameters)
    cipher = _sequence(_id("2.16.840.1.101.3.4.1.42"), der.encode(der.OCTET_STRING, start))
    return _sequence(_id("1.2.840.113549.1.5.13"), _sequence(derived, cipher)), hidden


def _mac(safe: bytes, password: Secret) -> bytes:
    """Return the MAC over the content of a file (4), with a key from the password (B.2).

    One hash is as long as the key, so the steps of B.2 for longer keys are not needed.
    """
    salt = os.urandom(_SALT_SIZE)
    characters = password.text().encode("utf-16-be") + b"\0\0"
    key = _FOR_A_MAC * _HASH_BLOCK + _filled(salt) + _filled(characters)
    for _ in range(_MAC_ROUNDS):
        key = hashlib.sha256(key).digest()
    digest = hmac.digest(key, safe, "sha256")
    algorithm = _sequence(_id("2.16.840.1.101.3.4.2.1"), der.encode(der.NULL, b""))
    info = _sequence(algorithm, der.encode(der.OCTET_STRING, digest))
    return _sequence(info, der.encode(der.OCTET_STRING, salt), _number(_MAC_ROUNDS))


def _filled(value: bytes) -> bytes:
    """Return a value repeated until it fills whole blocks of the hash."""
    size = -(-len(value) // _HASH_BLOCK) * _HASH_BLOCK
    return (value * (size // len(value) + 1))[:size]


def _data(content: bytes) -> bytes:
    """Return plain content (RFC 5652, 4)."""
    return _sequence(_id("1.2.840.113549.1.7.1"), _explicit(der.encode(der.OCTET_STRING, content)))


def _sequence(*parts: bytes) -> bytes:
    return der.encode(der.SEQUENCE, b"".join(parts))


def _explicit(content: bytes) -> bytes:
    return der.encode(_EXPLICIT, content)


def _id(dotted: str) -> bytes:
    return der.encode(der.IDENTIFIER, der.identifier(dotted))


def _number(value: int) -> bytes:
    return der.encode(der.INTEGER, value.to_bytes(value.bit_length() // 8 + 1))
