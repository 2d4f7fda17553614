"""A certificate and key for a desk's own server, in files as an operator has them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certdesk.settings import Settings

CHAIN, KEY = "chain.pem", "key.pem"


def own_certificate(folder: Path, begins: datetime, ends: datetime) -> Settings:
    """Write a certificate and its key into a folder; return settings that name them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "desk.example.com")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    (folder / CHAIN).write_bytes(made.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / KEY).write_bytes(private)
    (folder / KEY).chmod(0o600)
    return Settings(
        data=str(folder / "data"), tls_cert=str(folder / CHAIN), tls_key=str(folder / KEY)
    )
