"""What was decided: searched by person and text, and as a table for a spreadsheet."""

from __future__ import annotations

from urllib.parse import urlencode

from certdesk.domain.people.role import STAFF
from certdesk.operator.vetting.decisions import IN_WORDS, Decision
from certdesk.web.console.page import File, Page, Shown, table
from certdesk.web.console.visit import Visit

SHOWN = 200
REPORT = "/decisions/report"


def show(visit: Visit) -> Shown:
    """List the newest decisions."""
    sought = _sought(visit)
    listed = visit.run("ListDecisions", Limit=SHOWN, **sought)
    query = urlencode({name.lower(): value for name, value in sought.items() if value})
    return Shown(
        "Decisions",
        decisions=[(each, _why(each)) for each in listed.decisions],
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
    """Return the reason, or how much of the checklist was not ticked."""
    if decision.action != "ApproveReview":
        return decision.detail.partition(f" by {decision.by}: ")[2] or decision.detail
    unticked = decision.detail.partition("; not ticked: ")[2]
    return f"{unticked.count(',') + 1} items of the checklist not ticked" if unticked else ""


def _sought(visit: Visit) -> dict[str, str]:
    return {"Person": visit.query.text("person"), "Text": visit.query.text("text")}


PAGES = (
    Page("/decisions", show, roles=STAFF, menu="Decisions"),
    Page(REPORT, report, roles=STAFF),
)
