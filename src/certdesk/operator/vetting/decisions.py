"""The decisions of reviews, from the audit log."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta

from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.records import AuditEntry, AuditQuery
from certdesk.domain.people.role import STAFF
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, utc_time
from certdesk.wire.operator import reviews as asked

DECISIONS = frozenset({"ApproveReview", "RejectReview", "KeepOrder"})
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
NOBODYS = ""
"""The account of the log entries about keys: none."""


class Decision(Part, kw_only=True):
    """One decision, or its result for an order: `Detail` says what was decided and by whom."""

    time: str | None
    action: str
    subject: str
    uin: str
    account_name: str
    detail: str


class ListDecisionsReply(Reply):
    """The decisions, newest first, and how many there are in all."""

    total_count: int
    decisions: list[Decision]


@catalog.action(internal=True, roles=STAFF)
def list_decisions(
    context: Context, request: asked.ListDecisionsRequest
) -> Commit[ListDecisionsReply]:
    """List what was approved, rejected or declined, as far back as the audit log goes."""

    def read(unit: Unit) -> ListDecisionsReply:
        names = {NOBODYS: ""} | {each.uin: each.name for each in unit.accounts.where()}
        pages = [
            unit.audit.page(
                AuditQuery(
                    uin=uin,
                    actions=DECISIONS,
                    since=BEGINNING,
                    # A clock that was ahead has left entries dated in the future.
                    until=context.now + timedelta(days=36525),
                    limit=request.limit,
                )
            )
            for uin in names
        ]
        newest = heapq.merge(*(page.entries for page in pages), key=_place)
        found = [entry for entry, _ in zip(newest, range(request.limit), strict=False)]
        return ListDecisionsReply(
            total_count=sum(page.total for page in pages),
            decisions=[_decision(entry, names[entry.uin]) for entry in found],
        )

    return read


def _place(entry: AuditEntry) -> tuple[float, int]:
    return -entry.at.timestamp(), -entry.entry_id


def _decision(entry: AuditEntry, account_name: str) -> Decision:
    return Decision(
        time=utc_time(entry.at),
        action=entry.action,
        subject=entry.subject,
        uin=entry.uin,
        account_name=account_name,
        detail=entry.detail,
    )
