"""The decisions of reviews, from the audit log."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from certdesk.actions.vetting import records
from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.records import AuditEntry, AuditQuery
from certdesk.domain.errors import InvalidParam, ReviewNotFound
from certdesk.domain.people.role import STAFF
from certdesk.domain.values.csv_text import csv_text
from certdesk.domain.vetting.checklist import TEXTS
from certdesk.domain.vetting.review import ORDER, REVOCATION, subject_of_revocation
from certdesk.engine import Context
from certdesk.operator.vetting.subject import subject_of
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, Request, field, utc_time
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

COLUMNS = (
    "Time",
    "Account",
    "Uin",
    "Decision",
    "Order",
    "Company",
    "Names",
    "By",
    "Reason",
    "Not ticked",
    "Questions not answered",
)

_TURN = re.compile(r", attempt [0-9a-f]+, ([1-9]) of ([1-9])")
_UNTICKED = re.compile(r"; not ticked: ([a-z, -]+)")
_UNANSWERED = re.compile(r"; not answered: ([0-9]+)$")
_PLACES = {"1": "1st", "2": "2nd"}


class Decision(Part, kw_only=True):
    """One decision, or its result for an order: `Detail` says what was decided and by whom.

    `Review` is the id of the review; "" if what it was about is not there any more. `Company` and
    `Names` are those of today. `Turn` is which approval of how many it was, "" if one is enough.
    `Unticked` are the items of the checklist that nobody had ticked, in words.
    """

    time: str | None
    action: str
    subject: str
    uin: str
    account_name: str
    by: str
    detail: str
    review: str = ""
    company: str = ""
    names: list[str] = field(default_factory=list)
    turn: str = ""
    reason: str = ""
    unticked: list[str] = field(default_factory=list)
    unanswered: int = 0


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
            decisions=[
                _with_names(context, unit, each)
                for each, _ in zip(found, range(request.limit), strict=False)
            ],
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
            _row(_with_names(context, unit, each))
            for each, _ in zip(found, range(MOST_REPORTED), strict=False)
        ]
        return ReportDecisionsReply(csv=csv_text([COLUMNS, *rows]))

    return read


def _row(decision: Decision) -> tuple[str, ...]:
    turn = f" ({decision.turn})" if decision.turn else ""
    return (
        decision.time or "",
        decision.account_name,
        decision.uin,
        f"{IN_WORDS[decision.action]}{turn}",
        decision.subject,
        decision.company,
        ", ".join(decision.names),
        decision.by,
        decision.reason,
        " ".join(decision.unticked),
        str(decision.unanswered or ""),
    )


def _with_names(context: Context, unit: Unit, decision: Decision) -> Decision:
    """Return a decision with the company and the names that it was about, if they are there."""
    kind = decision.detail.partition(":")[0]
    name = decision.subject if ":" in decision.subject else f"{ORDER}:{decision.subject}"
    if kind == REVOCATION and decision.subject == name.partition(":")[2]:
        name = subject_of_revocation(decision.subject)
    try:
        subject = subject_of(unit, name)
    except (InvalidParam, ReviewNotFound):
        return decision
    manager = subject.manager
    company = unit.companies.get(manager.company_id) if manager else None
    its = records.organisation_of(context.desk.vault, company).name if company else None
    names = [subject.order.domain] if subject.order and subject.order.domain else []
    return replace(decision, review=name, company=its or "", names=names)


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
        **_told(entry),
    )


def _told(entry: AuditEntry) -> dict[str, Any]:
    """Return the further members of a decision that the text of the log has."""
    if entry.action != "ApproveReview":
        _, _, reason = entry.detail.partition(f" by {_by(entry.detail)}: ")
        return {"reason": reason or entry.detail}
    turn, unticked = _TURN.search(entry.detail), _UNTICKED.search(entry.detail)
    unanswered = _UNANSWERED.search(entry.detail)
    keys = unticked[1].split(", ") if unticked else []
    return {
        "turn": f"{_PLACES.get(turn[1], turn[1])} of {turn[2]}" if turn else "",
        "unticked": [TEXTS.get(key, key) for key in keys],
        "unanswered": int(unanswered[1]) if unanswered else 0,
    }


def _by(detail: str) -> str:
    """Return who decided, from the text of the log: `… approved by ANN (uid 7), attempt …`."""
    who = detail.partition(" by ")[2]
    return who.partition(": ")[0].partition(", attempt")[0]
