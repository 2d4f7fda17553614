"""Who decides about a review: human beings, by the logins that the desk or the system vouches for.

A login is `person:N` (of the console), `uid:N` (a user of the system who types commands) or
`user:N` (of an account). One human being may have several: the operator links them. A login of the
console and a user of the system who are not linked may be one human being, so they never count as
two.

>>> ann = Decider(name="ann", logins=frozenset({"person:1"}))
>>> ben = Decider(name="ben", logins=frozenset({"person:2", "uid:1001"}))
>>> root = Decider(name="root", logins=frozenset({"uid:0"}))
>>> are_two(ann, ben), are_two(ann, root)
(True, False)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from certdesk.domain.values.record import Record

PERSON, UID, USER = "person", "uid", "user"
"""The kinds of logins."""


class Decider(Record, kw_only=True):
    """A human being who decides: the name that is vouched for, and every login known to be theirs.

    Without logins nothing is known of them.
    """

    name: str
    logins: frozenset[str]

    def has(self, kind: str) -> bool:
        """Whether one of the logins is of a kind."""
        return any(login.startswith(f"{kind}:") for login in self.logins)


class Asker(Record, kw_only=True):
    """Somebody who took part in a request: a name and a login (`user:N`), or "" for either."""

    name: str
    login: str


def are_two(one: Decider, other: Decider) -> bool:
    """Whether two deciders are known to be different human beings."""
    if one.logins & other.logins:
        return False
    return any(one.has(kind) and other.has(kind) for kind in (PERSON, UID))


def asked_by_same(decider: Decider, askers: Iterable[Asker]) -> bool:
    """Whether one of those who asked is the decider, by a login or by an equal name."""
    return any(
        asker.login in decider.logins or (asker.name and same_name(asker.name, decider.name))
        for asker in askers
    )


def login_of(operator: str) -> str:
    """Return the login of a caller (`Caller.operator`); "" if the caller is not known.

    >>> login_of("uid 1000"), login_of("person 3"), login_of("operator")
    ('uid:1000', 'person:3', '')
    """
    kind, blank, number = operator.partition(" ")
    return f"{kind}:{number}" if blank and kind in (PERSON, UID) else ""


def same_name(one: str, other: str) -> bool:
    """Whether two names are equal but for case and blanks."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
