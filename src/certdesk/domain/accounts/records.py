"""The records of the use of the API: first sightings of signatures, rate limits, the audit log."""

from __future__ import annotations

from datetime import datetime

from certdesk.domain.values.free_text import Code, Lasting
from certdesk.domain.values.record import Record


class SeenSignature(Record, kw_only=True):
    """A signature of a request that changed something, which must not be replayed.

    `seen_at` is by the machine's clock, not by the desk's, which a test may move.
    """

    digest: bytes
    action: Code
    seen_at: datetime


class RateLimit(Record, kw_only=True):
    """How many requests a second an account may make of an action, where not the default."""

    uin: Code
    action: Code
    per_second: int
    version: int = 1


BY_DESK = "desk"
"""The actor in the audit log for what the desk did by itself."""


class AuditEntry(Record, kw_only=True):
    """Who did what to which thing, written in the transaction of the change itself.

    `actor` is a SecretId, `operator`, `BY_DESK`, `person N` for a login of the console, or
    `console` for somebody who has not signed in. `user_id` is the sub-user who owns the key, if one
    does. `detail` holds no secret, and no personal data but what somebody typed as a reason.
    """

    entry_id: int = 0
    at: datetime
    request_id: Code
    uin: Code
    actor: Lasting
    action: Code
    subject: Lasting
    detail: Lasting = ""
    user_id: int | None = None


class AuditQuery(Record, kw_only=True):
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


class AuditPage(Record):
    """A page of the audit log, and how many entries the whole list has."""

    entries: tuple[AuditEntry, ...]
    total: int
