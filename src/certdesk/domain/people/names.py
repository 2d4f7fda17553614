"""The names that people sign in with.

A person of the staff signs in as `NAME`, a user of an account as `NAME@UIN`. Names are compared
without regard to case and to forms of a letter that look alike (NFKC).

>>> folded("ADA") == folded("ada")
True
>>> parted("ada@100000000001"), parted("ada@example.com")
(('ada', '100000000001'), ('ada@example.com', ''))
"""

from __future__ import annotations

import re
import unicodedata

TYPED = 128
"""The most characters of what is typed to sign in."""

_OTHER_LOGIN = re.compile(r"(uid|user|person):[0-9]+", re.IGNORECASE)
_OF_ACCOUNT = re.compile(r"(.+)@([0-9]+)", re.DOTALL)


def folded(name: str) -> str:
    """Return a name as names are compared."""
    # Folding may undo the normal form, so it comes before the last normalisation.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def login_of(name: str, uin: str) -> str:
    """Return what a person types to sign in: the name, and the account of a user."""
    return f"{name}@{uin}" if uin else name


def parted(login: str) -> tuple[str, str]:
    """Return the name and the Uin in what a person typed; the Uin is "" for the staff."""
    found = _OF_ACCOUNT.fullmatch(login.strip())
    return (found[1], found[2]) if found else (login.strip(), "")


def staff_name_fault(name: str) -> str:
    """Return which rule the name of a person of the staff breaks, "" if none."""
    if parted(name)[1]:
        return "must not end with @ and digits, as the names of users of accounts do"
    return "must not be like uid:1000 or user:12" if _OTHER_LOGIN.fullmatch(name) else ""
