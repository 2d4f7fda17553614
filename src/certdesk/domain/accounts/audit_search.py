"""A search in the audit log of all accounts, part by part, the newest entries first.

A store answers by an index for what narrows the log most (`narrowest`), and looks through at most
`reach` of those entries for the rest. So each part costs about the same, however long the log is.
"""

from __future__ import annotations

from datetime import datetime

from certdesk.domain.accounts.records import AuditEntry
from certdesk.domain.values.record import Record

MOST_TEXT = 64
"""Most characters of a text that is searched for."""

_SMALL = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


class AuditPlace(Record):
    """A place in the log: behind this entry."""

    at: datetime
    entry_id: int


class AuditSearch(Record, kw_only=True):
    """A part of the entries that fit. A field that is None or empty does not narrow the search.

    `since` and `until` are both included. `text` is in the form that `audit_text` returns. The part
    begins behind the place `after`, and has `limit` entries at most.
    """

    subject: str | None = None
    actor: str | None = None
    uin: str | None = None
    action: str | None = None
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: AuditPlace | None = None
    limit: int
    reach: int

    @property
    def narrowest(self) -> str | None:
        """The field by whose index the entries are read; None for all of them by their time."""
        return next((name for name in ("subject", "actor", "uin") if getattr(self, name)), None)

    def reads(self, entry: AuditEntry) -> bool:
        """Whether an entry is among those that are looked through."""
        name = self.narrowest
        return (
            (name is None or getattr(entry, name) == getattr(self, name))
            and (self.since is None or self.since <= entry.at)
            and (self.until is None or entry.at <= self.until)
            and (self.after is None or place(entry) < (self.after.at, self.after.entry_id))
        )

    def has(self, entry: AuditEntry) -> bool:
        """Whether an entry that is looked through fits."""
        return (
            self.actor in (None, entry.actor)
            and self.uin in (None, entry.uin)
            and self.action in (None, entry.action)
            and any(self.text in audit_text(each) for each in (entry.subject, entry.detail))
        )


class AuditPart(Record):
    """A part of the entries that fit. `further` is where the next part begins, None at the end."""

    entries: tuple[AuditEntry, ...]
    further: AuditPlace | None


def audit_text(text: str) -> str:
    """Return a text in the form that a search compares: without capitals of ASCII.

    More is not compared alike by all databases.

    >>> audit_text("ORDER Ä")
    'order Ä'
    """
    return text.translate(_SMALL)


def place(entry: AuditEntry) -> tuple[datetime, int]:
    """Return the sort key of an entry; the newest has the greatest."""
    return entry.at, entry.entry_id


def part_of(query: AuditSearch, found: list[AuditEntry], last: AuditEntry | None) -> AuditPart:
    """Return a part of a search.

    `found` are the entries that fit, one more than the limit if there are so many. `last` is the
    last entry that was looked through, if there may be more behind it.
    """
    listed = tuple(found[: query.limit])
    if len(found) > query.limit:
        last = listed[-1] if listed else None
    return AuditPart(listed, AuditPlace(*place(last)) if last is not None else None)
