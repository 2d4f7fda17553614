"""PFX files (PKCS#12, RFC 7292), with one private key and its chain.

Everything in one is encrypted by AES-256 under a key that PBKDF2 with SHA-256 makes of the
password (PBES2, RFC 8018), and guarded by HMAC-SHA-256. A password is tried at the price of the
latter, 2048 rounds, so a short one does not last. Windows reads such files since Server 2019 and
Windows 10 1709, Java since 8u301.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PBES,
    serialize_key_and_certificates,
)

from certdesk.domain.keys import PrivateKey
from certdesk.domain.secret import Secret


def write(
    friendly_name: str, private_key: PrivateKey, chain: Sequence[bytes], password: Secret
) -> bytes:
    """Write a file whose key has that friendly name, which is what Windows shows.

    `chain` is DER, the certificate of the key first.
    """
    leaf, *issuers = map(x509.load_der_x509_certificate, chain)
    protection = (
        PrivateFormat.PKCS12.encryption_builder()
        .key_cert_algorithm(PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(SHA256())
        .build(password.reveal())
    )
    return serialize_key_and_certificates(
        friendly_name.encode(), private_key, leaf, issuers, protection
    )
