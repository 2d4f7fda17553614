"""The rules for passwords (NIST SP 800-63B): long enough, any characters, no composition rules.

>>> fault_of("correct horse battery", "ada")
''
>>> fault_of("short", "ada")
'must have 12 to 128 characters'
>>> fault_of("Ada.Lovelace@1815", "ada.lovelace@1815")
'must not be the name'
"""

from __future__ import annotations

import unicodedata

from certdesk.domain.people.names import folded

LEAST = 12
MOST = 128
TYPED = 4 * MOST
"""The most that may be typed: several characters may be normalised to one."""


def normal(password: str) -> str:
    """Return a password in the form that is hashed, the same from every keyboard (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def fault_of(password: str, *names: str) -> str:
    """Return which rule a new password breaks, "" if none; `names` are the person's own."""
    if not LEAST <= len(normal(password)) <= MOST:
        return f"must have {LEAST} to {MOST} characters"
    if folded(password) in {folded(name) for name in names}:
        return "must not be the name"
    return ""
