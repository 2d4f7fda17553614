"""Random values that only one person or browser has; the database has their digests."""

from __future__ import annotations

import base64
import hashlib
import random

VALUE_BYTES = 32


def new_value(rng: random.Random) -> str:
    """Return a random value of 256 bits, in letters that may be in an address or a cookie."""
    return base64.urlsafe_b64encode(rng.randbytes(VALUE_BYTES)).rstrip(b"=").decode()


def digest_of(value: bytes | str) -> bytes:
    """Return the digest of a random value, which is stored in its place."""
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).digest()
