"""PEM (RFC 7468): blocks within other text, and public keys in whatever block they come in."""

from __future__ import annotations

import base64
import binascii
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from certdesk.domain.pki import outline
from certdesk.domain.values.keys import PublicKey, spki_sha256
from certdesk.domain.values.record import Record

_BLANKS = str.maketrans("", "", " \t\n")
# The content has no hyphen, so that no search goes beyond the line with which a block ends. The
# head is what OpenSSL writes into a key that it encrypts in its older way (RFC 1421).
_BLOCK = re.compile(
    r"^-----BEGIN (?P<label>[A-Z0-9 ]{1,40})-----[ \t]*+\n"
    r"(?P<head>Proc-Type: 4,ENCRYPTED\nDEK-Info: [A-Z0-9-]{1,40},[0-9A-Fa-f]{1,64}\n\n)?+"
    r"(?P<body>[A-Za-z0-9+/=\n\t ]*+)"
    r"(?<=\n)-----END (?P=label)-----[ \t]*+$",
    re.ASCII | re.MULTILINE,
)
_WRAPPED = 64


class Block(Record, kw_only=True):
    """One block: its label, the header of an encrypted key, its content, and all of it."""

    label: str
    head: str
    body: str
    text: str


class NoPublicKey(ValueError):
    """No PEM block holds a readable public key; the text says which block is at fault."""


def uniform(text: str) -> str:
    """Return a text with line feeds as line ends, without blanks around it, ending in one.

    A byte order mark, which Windows' editors write, is left out.
    """
    return (
        text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").strip(" \t\n") + "\n"
    )


def blocks(text: str) -> list[Block] | None:
    """Return the blocks of a text, None if something begins like a block but is not one.

    Other text may be around and between them (RFC 7468, 2), as OpenSSL writes it. None is also
    returned for a NUL, where some programs stop reading.
    """
    lines = uniform(text)
    found = [
        Block(
            label=match["label"],
            head=match["head"] or "",
            body=match["body"],
            text=f"{match[0]}\n",
        )
        for match in _BLOCK.finditer(lines)
    ]
    return found if len(found) == lines.count("-----BEGIN") and "\0" not in lines else None


def block(label: str, data: bytes) -> Block:
    """Return the block with that content."""
    text = encoded(label, data)
    body = text.partition("\n")[2].rpartition("-----END")[0]
    return Block(label=label, head="", body=body, text=text)


def encoded(label: str, data: bytes) -> str:
    """Return the text of a block."""
    text = base64.b64encode(data).decode("ascii")
    lines = (text[at : at + _WRAPPED] for at in range(0, len(text), _WRAPPED))
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))


def decoded(body: str) -> bytes | None:
    """Return the decoded content of a block, None if it is not base64.

    The decoder ignores stray bits at the end, which would give one block many spellings; here they
    are refused.
    """
    text = body.translate(_BLANKS)
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode("ascii") == text else None


def spki_digest_of_pem(text: str) -> list[bytes]:
    """Return the SHA-256 of the SubjectPublicKeyInfo of each certificate, CSR or public key.

    Raises:
        NoPublicKey: a block is none of these, or there is no block.
    """
    found = blocks(text)
    if not found:
        raise NoPublicKey("there is no complete PEM block")
    return list(map(_digest, found))


def _digest(found: Block) -> bytes:
    try:
        key = _read(found.label, decoded(found.body) or b"")
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NoPublicKey(f"a block {found.label} cannot be read") from error
    if not isinstance(key, PublicKey):
        raise NoPublicKey(f"a block {found.label} contains a key that is neither RSA nor ECC")
    return spki_sha256(key)


def _read(label: str, data: bytes) -> object:
    if label == "CERTIFICATE":
        return outline.certificate(data).key.public_key()
    if label.endswith("CERTIFICATE REQUEST"):
        return outline.request(data).key.public_key()
    return load_der_public_key(data)
