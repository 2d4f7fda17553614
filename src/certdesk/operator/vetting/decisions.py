"""The decisions of reviews, from the audit log."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.records import AuditEntry, AuditQuery
from certdesk.domain.people.role import STAFF
from certdesk.domain.values.csv_text import csv_text
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, Request, utc_time
from certdesk.wire.operator import reviews as asked

IN_WORDS = {"ApproveReview": "approved", "RejectReview": "rejected", "KeepOrder": "kept"}
"""The actions that decide, and what they do."""

DECISIONS = frozenset(IN_WORDS)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
NOBODYS = ""
"""The account of the log entries about keys: none."""

PAGE = 500
MOST_READ = 50_000
"""Entries that one search goes through, the newest first."""

MOST_REPORTED = 10_000
"""Rows of a report."""

COLUMNS = ("Time", "Account", "Uin", "Decision", "About", "By", "Detail")


class Decision(Part, kw_only=True):
    """One decision, or its result for an order: `Detail` says what was decided and by whom."""

    time: str | None
    action: str
    subject: str
    uin: str
    account_name: str
    by: str
    detail: str


class ListDecisionsReply(Reply):
    """The decisions, newest first, and how many there are in all, with or without a search."""

    total_count: int
    decisions: list[Decision]


@catalog.action(internal=True, roles=STAFF)
def list_decisions(
    context: Context, request: asked.ListDecisionsRequest
) -> Commit[ListDecisionsReply]:
    """List what was approved, rejected or declined, as far back as the audit log goes."""

    def read(unit: Unit) -> ListDecisionsReply:
        names = _names(unit)
        total = sum(unit.audit.page(_query(context, uin, limit=0)).total for uin in names)
        found = _found(context, unit, names, request.person, request.text)
        return ListDecisionsReply(
            total_count=total,
            decisions=[each for each, _ in zip(found, range(request.limit), strict=False)],
        )

    return read


class ReportDecisionsRequest(Request):
    """Whose decisions, and a text in them; without either, all."""

    person: str | None = None
    text: str | None = None


class ReportDecisionsReply(Reply):
    """A table as CSV, with a line of headings; at most 10,000 decisions, the newest first."""

    csv: str


@catalog.action(internal=True, roles=STAFF)
def report_decisions(
    context: Context, request: ReportDecisionsRequest
) -> Commit[ReportDecisionsReply]:
    """Return the decisions as a table for a spreadsheet."""

    def read(unit: Unit) -> ReportDecisionsReply:
        found = _found(context, unit, _names(unit), request.person, request.text)
        rows = [
            (
                each.time or "",
                each.account_name,
                each.uin,
                IN_WORDS[each.action],
                each.subject,
                each.by,
                each.detail,
            )
            for each, _ in zip(found, range(MOST_REPORTED), strict=False)
        ]
        return ReportDecisionsReply(csv=csv_text([COLUMNS, *rows]))

    return read


def _names(unit: Unit) -> dict[str, str]:
    """Return the accounts' names by Uin, and that of nobody."""
    return {NOBODYS: ""} | {each.uin: each.name for each in unit.accounts.where()}


def _query(context: Context, uin: str, *, offset: int = 0, limit: int = PAGE) -> AuditQuery:
    return AuditQuery(
        uin=uin,
        actions=DECISIONS,
        since=BEGINNING,
        # A clock that was ahead has left entries dated in the future.
        until=context.now + timedelta(days=36525),
        offset=offset,
        limit=limit,
    )


def _found(
    context: Context, unit: Unit, names: dict[str, str], person: str | None, text: str | None
) -> Iterator[Decision]:
    """Yield the decisions of a person that have a text, the newest first."""
    newest = heapq.merge(*(_entries(context, unit, uin) for uin in names), key=_place)
    for entry, _ in zip(newest, range(MOST_READ), strict=False):
        decision = _decision(entry, names[entry.uin])
        if _has(decision, person, text):
            yield decision


def _entries(context: Context, unit: Unit, uin: str) -> Iterator[AuditEntry]:
    offset = 0
    while True:
        page = unit.audit.page(_query(context, uin, offset=offset))
        yield from page.entries
        offset += PAGE
        if offset >= page.total:
            return


def _has(decision: Decision, person: str | None, text: str | None) -> bool:
    if person and person.strip().casefold() not in decision.by.casefold():
        return False
    if not text:
        return True
    texts = (decision.subject, decision.uin, decision.account_name, decision.detail)
    return any(text.strip().casefold() in each.casefold() for each in texts)


def _place(entry: AuditEntry) -> tuple[float, int]:
    return -entry.at.timestamp(), -entry.entry_id


def _decision(entry: AuditEntry, account_name: str) -> Decision:
    return Decision(
        time=utc_time(entry.at),
        action=entry.action,
        subject=entry.subject,
        uin=entry.uin,
        account_name=account_name,
        by=_by(entry.detail),
        detail=entry.detail,
    )


def _by(detail: str) -> str:
    """Return who decided, from the text of the log: `… approved by ANN (uid 7), attempt …`."""
    who = detail.partition(" by ")[2]
    return who.partition(": ")[0].partition(", attempt")[0]
