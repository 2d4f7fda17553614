"""What was decided: searched by person and text, and as a table for a spreadsheet."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from certdesk.domain.people.role import STAFF
from certdesk.operator.vetting.decisions import IN_WORDS, Decision
from certdesk.web.console.page import File, Page, Shown, table
from certdesk.web.console.visit import Visit

SHOWN = 200
REPORT = "/decisions/report"
_PERSON = re.compile(r" \(person [0-9]+\)$")
"""The number of a login, which names are enough without."""


def show(visit: Visit) -> Shown:
    """List the newest decisions."""
    sought = _sought(visit)
    listed = visit.run("ListDecisions", Limit=SHOWN, **sought)
    query = urlencode({name.lower(): value for name, value in sought.items() if value})
    return Shown(
        "Decisions",
        decisions=[
            (each, _about(each), _PERSON.sub("", each.by), _why(each)) for each in listed.decisions
        ],
        total=listed.total_count,
        most=SHOWN,
        words=IN_WORDS,
        sought=sought,
        report=f"{REPORT}?{query}" if query else REPORT,
    )


def report(visit: Visit) -> File:
    """Return them as a table."""
    return table("decisions.csv", visit.run("ReportDecisions", **_sought(visit)).csv)


def _why(decision: Decision) -> str:
    """Return the reason, or what was left open by an approval."""
    ticks, questions = len(decision.unticked), decision.unanswered
    left = [
        f"{ticks} item{'' if ticks == 1 else 's'} not ticked" if ticks else "",
        f"{questions} question{'' if questions == 1 else 's'} not answered" if questions else "",
    ]
    return decision.reason or "; ".join(part for part in left if part)


def _about(decision: Decision) -> str:
    """Return what was decided about, in words."""
    kind, _, key = decision.review.partition(":")
    word = {"manager": "Manager", "key": "Reported key"}.get(kind, f"Order {key}")
    if not kind:
        word = decision.subject
    if kind == "revocation":
        word = f"Revocation of {key}"
    what = ", ".join(part for part in (*decision.names, decision.company) if part)
    return f"{word}: {what}" if what else word


def _sought(visit: Visit) -> dict[str, str]:
    return {"Person": visit.query.text("person"), "Text": visit.query.text("text")}


PAGES = (
    Page("/decisions", show, roles=STAFF, menu="Decisions"),
    Page(REPORT, report, roles=STAFF),
)
