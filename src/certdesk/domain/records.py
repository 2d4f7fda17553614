"""The remaining things a desk keeps: submissions, ready keys, blocked keys, audit, marks."""

from __future__ import annotations

import dataclasses
from datetime import datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One handing-in of material for an order; the order names the number in force.

    `facts` is the clear part of the `Material` as JSON, `personal` the sealed rest. The key pass
    phrase and the private key lie apart, each sealed for its own column. `warnings` are remarks
    that refuse nothing (check digits, telephone numbers) and hold no values. `inspected` tells
    that the key has had its slower checks, which one that the desk made does not need.
    """

    certificate_id: str
    number: int
    uin: str
    submitted_at: datetime
    request_id: str
    facts: str
    personal: bytes
    key_pass: bytes | None
    private_key: bytes | None
    csr: str
    key: str
    spki_sha256: bytes
    company_id: int | None
    manager_id: int | None
    warnings: tuple[str, ...] = ()
    inspected: bool = False
    version: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StockedKey:
    """A private key made ahead of need, sealed for the desk; `kind` is a `KeyKind` name."""

    stock_id: int = 0
    kind: str
    spki_sha256: bytes
    sealed: bytes
    created_at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockedKey:
    """A public key that is never accepted again, by the SHA-256 of its SPKI, and why."""

    spki_sha256: bytes
    reason: str
    created_at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SeenSignature:
    """A signature that has changed something; it may not do so again later."""

    digest: bytes
    action: str
    seen_at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PaceLimit:
    """How many requests a second an account may make of an action, where it is not the default."""

    uin: str
    action: str
    per_second: int
    version: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to which thing, written in the transaction of the change itself.

    `actor` is a SecretId or `operator`, `user_id` the user whose key it is, if it is a user's;
    `detail` holds no secret and no personal data.
    """

    entry_id: int = 0
    at: datetime
    request_id: str
    uin: str
    actor: str
    action: str
    subject: str
    detail: str = ""
    user_id: int | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """A page of an account's audit entries of some actions, newest first.

    `since` and `until` are both included.
    """

    uin: str
    actions: frozenset[str]
    since: datetime
    until: datetime
    offset: int = 0
    limit: int

    def has(self, entry: AuditEntry) -> bool:
        """Whether an entry is in the list that this is a page of."""
        return (
            entry.uin == self.uin
            and entry.action in self.actions
            and self.since <= entry.at <= self.until
        )


@dataclasses.dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit log, and how many entries the whole list has."""

    entries: tuple[AuditEntry, ...]
    total: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A named value of the desk itself, such as the check value of its key-encryption key."""

    name: str
    value: bytes
