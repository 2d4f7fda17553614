"""What people saw of a thing before they decide about it, and what has changed since.

What is shown is taken apart into its members, named by their paths (`Order.Names`). A member is
compared by its value, or by a keyed digest where the value is sealed everywhere else: nothing that
is known of a person is kept here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from certdesk.domain.values.visible import visible

Members: TypeAlias = dict[str, str]
"""The members of what is shown by path: each value as JSON, or `#` and its keyed digest."""

STANDING = frozenset(
    {
        "Attempt",
        "Since",
        "AskedBy",
        "Approvals",
        "Verdict",
        "Reason",
        "DecidedTime",
        "Order.Status",
        "Order.StatusMsg",
        "Order.SameKey",
        "Order.Letter.UploadTime",
        "Manager.Status",
        "Manager.StatusInfo",
        "Manager.CreateTime",
        "Manager.ExpireTime",
        "Manager.SubmitAuditTime",
        "Manager.VerifyTime",
        "Manager.DomainCount",
        "Manager.CertCount",
    }
)
"""What tells how far a thing has come, and is not what is decided about: approving what comes
before it in the list, what the desk does meanwhile, or the same letter once more changes nothing of
it."""

OPEN = frozenset({"Uin", "Order", "Key"})
"""The first words of paths whose values are kept in the clear elsewhere too."""

SEALED = frozenset({"Order.Subject", "Order.Said"})
"""Of those the ones that may hold the number of an organisation, or a person's words."""

NUMBERS = frozenset(
    {"Company.CompanyPhone", "Company.IdNumber", "Manager.ManagerPhone", "Contact.ContactPhone"}
)
"""What is shown to people who vet, each time noted, and nowhere else."""

_DIGEST_BYTES = 16
_LONGEST = 200


def flat(shown: Mapping[str, object], path: str = "") -> Iterator[tuple[str, str]]:
    """Give the members of what is shown, by path, each value as JSON; not those of `STANDING`."""
    for name, value in shown.items():
        its = f"{path}{name}"
        if its in STANDING:
            continue
        if isinstance(value, Mapping):
            yield from flat(value, f"{its}.")
        else:
            yield its, json.dumps(value, ensure_ascii=False, sort_keys=True)


def members_of(shown: Mapping[str, object], key: bytes) -> Members:
    """Give what is kept of what was shown; `key` is secret, and one thing's own."""
    return {path: _kept(path, text, key) for path, text in flat(shown)}


def digest_of(members: Members) -> str:
    """Give the digest by which people name what they saw: 32 hexadecimal digits."""
    text = json.dumps(members, sort_keys=True).encode()
    return hashlib.sha256(text).hexdigest()[: 2 * _DIGEST_BYTES]


def changes(before: Members, now: Members, shown: Mapping[str, object]) -> list[str]:
    """Word what is `shown` now and was not so before, a member each."""
    texts = dict(flat(shown))
    paths = [path for path in {**now, **before} if before.get(path) != now.get(path)]
    return [_change(path, before.get(path), texts.get(path)) for path in paths]


def _change(path: str, before: str | None, now: str | None) -> str:
    if path in NUMBERS:
        return f"{path} is another"
    is_now = "is gone" if now is None else f"is {_short(now)}"
    if before is None:
        return f"{path} {is_now}, and was not there"
    was = "" if before.startswith("#") else f", and was {_short(before)}"
    return f"{path} {is_now}{was}"


def _short(text: str) -> str:
    return visible(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _kept(path: str, text: str, key: bytes) -> str:
    if path.partition(".")[0] in OPEN and path not in SEALED:
        return text
    mac = hashlib.blake2b(f"{path}={text}".encode(), key=key, digest_size=_DIGEST_BYTES)
    return f"#{mac.hexdigest()}"
