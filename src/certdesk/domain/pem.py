"""PEM (RFC 7468): what is in a block, and public keys in whatever block they come in."""

from __future__ import annotations

import base64
import binascii
import re

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from certdesk.domain.keys import PublicKey, spki_sha256

_BLANKS = str.maketrans("", "", " \t\n")
# The content has no hyphen, so that no search goes beyond the line with which a block ends.
_BLOCK = re.compile(r"-----BEGIN ([A-Z ]++)-----[^-]*+-----END \1-----")


class NoPublicKey(ValueError):
    """A PEM block holds no public key that can be read; the text says which block."""


def uniform(text: str) -> str:
    """Give a text with line feeds as line ends, without blanks around it, ending in one."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip(" \t\n") + "\n"


def decoded(body: str) -> bytes | None:
    """Decode what stands between the two lines of a block; None where it is not base64.

    The decoder passes over stray bits at the end, which would give one block many spellings;
    here they are refused.
    """
    text = body.translate(_BLANKS)
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode("ascii") == text else None


def spki_digest_of_pem(text: str) -> list[bytes]:
    """Give the SHA-256 of the SubjectPublicKeyInfo of each certificate, CSR or public key.

    Raises:
        NoPublicKey: a block is none of these, or there is none.
    """
    blocks = list(_BLOCK.finditer(text))
    if not blocks:
        raise NoPublicKey("there is no whole PEM block")
    return [_digest(block[1], block[0].encode()) for block in blocks]


def _digest(label: str, pem: bytes) -> bytes:
    try:
        key = _read(label, pem)
    except ValueError as error:
        raise NoPublicKey(f"a block {label} cannot be read") from error
    if not isinstance(key, PublicKey):
        raise NoPublicKey(f"a block {label} holds a key that is neither RSA nor ECC")
    return spki_sha256(key)


def _read(label: str, pem: bytes) -> object:
    if label == "CERTIFICATE":
        return x509.load_pem_x509_certificate(pem).public_key()
    if label.endswith("CERTIFICATE REQUEST"):
        return x509.load_pem_x509_csr(pem).public_key()
    return load_pem_public_key(pem)
