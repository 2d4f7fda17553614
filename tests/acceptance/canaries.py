"""Secrets made to be recognised, in every form in which they might come to light."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator, Mapping

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SHORTEST = 16
"""Fewer bytes could be met by chance once they are encoded."""


def word(prefix: str) -> str:
    """Make a word that stands nowhere else."""
    return f"{prefix}{secrets.token_hex(10)}"


def digits(prefix: str, length: int) -> str:
    """Make a number that stands nowhere else, of `length` digits."""
    count = length - len(prefix)
    return f"{prefix}{secrets.randbelow(10**count):0{count}}"


def forms(secret: bytes) -> Iterator[tuple[str, bytes]]:
    """Give the ways in which bytes may be written, each with its name."""
    yield "as it is", secret
    yield "backwards", secret[::-1]
    yield "hexadecimal", secret.hex().encode()
    yield "hexadecimal in capitals", secret.hex().upper().encode()
    for skipped in range(3):
        # Base64 of a longer text that holds the secret depends on where it begins.
        encoded = base64.b64encode(b"\0" * skipped + secret)[4 if skipped else 0 : -4]
        yield f"base64 after {skipped}", encoded
        yield f"base64 for URLs after {skipped}", encoded.translate(bytes.maketrans(b"+/", b"-_"))
    if secret.isascii():
        text = secret.decode()
        yield "UTF-16", text.encode("utf-16-le")
        yield "UTF-16, other end first", text.encode("utf-16-be")
        yield "UTF-32", text.encode("utf-32-le")


def secret_parts(pem: str) -> dict[str, bytes]:
    """Give the parts of a private key that its public key does not hold.

    Whole lines of the PEM are among them where all that they encode is secret.
    """
    key = load_pem_private_key(pem.encode(), None)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        parts = {"d": _bytes(key.private_numbers().private_value)}
    else:
        assert isinstance(key, rsa.RSAPrivateKey)
        numbers = key.private_numbers()
        parts = {name: _bytes(getattr(numbers, name)) for name in ("d", "p", "q", "dmp1", "iqmp")}
    lines = [line for line in pem.splitlines() if not line.startswith("-----")]
    secret_lines = [
        line for line in lines if any(base64.b64decode(line) in part for part in parts.values())
    ]
    parts |= {f"line {number}": line.encode() for number, line in enumerate(secret_lines)}
    return parts


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def found(canaries: Mapping[str, bytes], places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Say which canaries stand in which places, and in which form."""
    looked_for = [
        (f"{name}, {form}", written)
        for name, secret in canaries.items()
        for form, written in forms(secret)
        if len(written) >= min(SHORTEST, len(secret))
    ]
    return [
        f"{name}, in {place}"
        for place, content in places
        for name, written in looked_for
        if written in content
    ]
