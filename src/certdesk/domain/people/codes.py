"""Recovery codes: ten random codes, each of which replaces the second step once.

>>> import random
>>> new_code(random.Random(1))  # doctest: +SKIP
'kq2m-7xpd-w4ht-9rzn'
>>> digest_of("KQ2M 7XPD W4HT 9RZN") == digest_of("kq2m-7xpd-w4ht-9rzn")
True
"""

from __future__ import annotations

import hashlib
import random

CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letter or digit that looks like another one."""

_GROUPS, _GROUP = 4, 4


def new_code(rng: random.Random) -> str:
    """Return a random code of 79 bits, too many to be found from its digest."""
    groups = ("".join(rng.choices(_LETTERS, k=_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def digest_of(code: str) -> bytes:
    """Return the digest of a code as it is stored, however it was typed."""
    letters = "".join(each for each in code.lower() if each.isalnum())
    return hashlib.sha256(letters.encode()).digest()


def may_be_one(code: str) -> bool:
    """Return whether a text has as many letters as a recovery code."""
    return sum(map(str.isalnum, code)) == _GROUPS * _GROUP
