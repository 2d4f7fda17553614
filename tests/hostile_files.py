"""Files that cost as much to look into as their limits allow."""

from __future__ import annotations

import base64
import textwrap
import zlib

from certdesk.domain.pki import der
from certdesk.domain.vetting.letters import MOST
from certdesk.domain.vetting.pdf import MOST_OBJECTS

_BEGIN, _END = b"%PDF-1.4\n", b"\nstartxref\n0\n%%EOF\n"


def in_base64(content: bytes) -> str:
    """Write a file as a request holds it."""
    return base64.b64encode(content).decode()


def pdf_of_strings() -> bytes:
    """Give the largest letter, of empty strings in one dictionary: seconds of work."""
    room = MOST - len(_BEGIN) - len(_END) - len(b"obj<<")
    return _BEGIN + b"obj<<" + b"()" * (room // 2) + _END


def pdf_of_slashes() -> bytes:
    """Give a letter of 16 KB whose objects are 16 MiB of slashes, each of which begins a name."""
    packed = zlib.compress(b"/" * MOST_OBJECTS, 9)
    stream = b"1 0 obj<</Type/ObjStm/Filter/FlateDecode>>stream\n" + packed + b"\nendstream"
    return _BEGIN + stream + _END


def rsa_pem(prime: int, other: int) -> str:
    """Write an RSA key of two primes as PEM; the rest of it is made up."""
    numbers = (0, prime * other, 65537, 5, prime, other, 1, 1, 1)
    content = b"".join(
        der.encode(2, number.to_bytes(number.bit_length() // 8 + 1)) for number in numbers
    )
    lines = textwrap.wrap(base64.b64encode(der.encode(0x30, content)).decode(), 64)
    label = "RSA PRIVATE KEY"
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))
