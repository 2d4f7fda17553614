"""The audit log: who did what, to which thing, when."""

from __future__ import annotations

from urllib.parse import urlencode

from certdesk.domain.errors import InvalidParam
from certdesk.domain.people.role import AUDITORS
from certdesk.domain.values.csv_text import csv_text
from certdesk.operator.console.audit import SearchAuditReply
from certdesk.web.console.page import File, Page, Shown, table
from certdesk.web.console.problems import problems_of
from certdesk.web.console.visit import Visit

FIELDS = ("By", "About", "Action", "Uin", "Text", "FromDate", "UntilDate")
"""The fields of the form, which are parameters of the action."""

ON_A_PAGE = 50
MOST_REPORTED = 10_000
PATH = "/audit"
REPORT = "/audit/report"
COLUMNS = ("Time", "By", "Actor", "Action", "About", "Account", "Detail", "RequestId")


def show(visit: Visit) -> Shown:
    """Show a part of the entries that fit."""
    sought = _sought(visit)
    after = visit.query.text("after")
    try:
        found = _found(visit, Limit=ON_A_PAGE, After=after)
    except InvalidParam as error:
        visit.problem = problems_of(error, visit.query)
        found = SearchAuditReply(entries=[], next=None, seen=None)
    return Shown(
        "Audit log",
        entries=found.entries,
        seen=found.seen if len(found.entries) < ON_A_PAGE else None,
        sought=sought,
        narrowed=any(sought.values()),
        first=_address(PATH, sought) if after else "",
        after=_address(PATH, sought, after=found.next) if found.next else "",
        report=_address(REPORT, sought),
        most=MOST_REPORTED,
        narrow=lambda **more: _address(PATH, sought | more),
    )


def report(visit: Visit) -> File:
    """Return them as a table."""
    rows = [
        (
            each.time or "",
            each.by,
            each.actor,
            each.action,
            each.subject,
            each.uin,
            each.detail,
            each.request_id,
        )
        for each in _found(visit, Limit=MOST_REPORTED).entries
    ]
    return table("audit.csv", csv_text([COLUMNS, *rows]))


def _sought(visit: Visit) -> dict[str, str]:
    return {name: visit.query.text(name) for name in FIELDS}


def _found(visit: Visit, **more: object) -> SearchAuditReply:
    found: SearchAuditReply = visit.run("SearchAudit", **_sought(visit), **more)
    return found


def _address(path: str, sought: dict[str, str], **more: str) -> str:
    given = {name: value for name, value in (sought | more).items() if value}
    return f"{path}?{urlencode(given)}" if given else path


PAGES = (
    Page(PATH, show, roles=AUDITORS, menu="Audit log"),
    Page(REPORT, report, roles=AUDITORS),
)
