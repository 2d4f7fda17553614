"""What reviewers saw of a thing before they decide, and what has changed since.

The thing that is shown is split into members, named by their paths (`Order.Names`). A member is
compared by its value, or by a keyed digest if the value is sealed everywhere else: no personal data
are stored here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from certdesk.domain.values.visible import visible

Members: TypeAlias = dict[str, str]
"""The members of what is shown, by path: each value as JSON, or `#` and its keyed digest."""

STANDING = frozenset(
    {
        "Attempt",
        "Since",
        "AskedBy",
        "Approvals",
        "ApprovalTimes",
        "Verdict",
        "Reason",
        "DecidedTime",
        "MayDecide",
        "WhyNot",
        "PeopleNeeded",
        "First",
        "Notes",
        "Attachments",
        "Checklist",
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
"""Members about progress, which are not part of the decision.

Approving other reviews in the list, background work of the desk, or the same letter once more
change them, and must not make a decision invalid.
"""

OPEN = frozenset({"Uin", "Order", "Key"})
"""The first words of paths whose values are also stored in the clear elsewhere."""

SEALED = frozenset({"Order.Subject", "Order.Said"})
"""The exceptions, which may hold the number of an organisation, or a person's words."""

NUMBERS = frozenset(
    {"Company.CompanyPhone", "Company.IdNumber", "Manager.ManagerPhone", "Contact.ContactPhone"}
)
"""Members that only reviewers see; each time is logged."""

_DIGEST_BYTES = 16
_LONGEST = 200


def flat(shown: Mapping[str, object], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the members of what is shown, by path, as JSON, without those of `STANDING`."""
    for name, value in shown.items():
        its = f"{path}{name}"
        if its in STANDING:
            continue
        if isinstance(value, Mapping):
            yield from flat(value, f"{its}.")
        else:
            yield its, json.dumps(value, ensure_ascii=False, sort_keys=True)


def members_of(shown: Mapping[str, object], key: bytes) -> Members:
    """Return what is kept of what was shown; `key` is secret, one for each thing."""
    return {path: _kept(path, text, key) for path, text in flat(shown)}


def digest_of(members: Members) -> str:
    """Return the digest by which people name what they saw: 32 hexadecimal digits."""
    text = json.dumps(members, sort_keys=True).encode()
    return hashlib.sha256(text).hexdigest()[: 2 * _DIGEST_BYTES]


def changes(before: Members, now: Members, shown: Mapping[str, object]) -> list[str]:
    """Return in words what is `shown` now and was different before, one text a member."""
    texts = dict(flat(shown))
    paths = changed_members(before, now)
    return [_change(path, before.get(path), texts.get(path)) for path in paths]


def changed_members(before: Members, now: Members) -> list[str]:
    """Return the paths of the members that are different now."""
    return [path for path in {**now, **before} if before.get(path) != now.get(path)]


def _change(path: str, before: str | None, now: str | None) -> str:
    if path in NUMBERS:
        return f"{path} is different"
    is_now = "is gone" if now is None else f"is {_short(now)}"
    if before is None:
        return f"{path} {is_now}, and was missing before"
    was = "" if before.startswith("#") else f", and was {_short(before)}"
    return f"{path} {is_now}{was}"


def _short(text: str) -> str:
    return visible(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _kept(path: str, text: str, key: bytes) -> str:
    if path.partition(".")[0] in OPEN and path not in SEALED:
        return text
    mac = hashlib.blake2b(f"{path}={text}".encode(), key=key, digest_size=_DIGEST_BYTES)
    return f"#{mac.hexdigest()}"
