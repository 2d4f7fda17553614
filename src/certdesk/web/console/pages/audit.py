"""The audit log: who did what, to which thing, when."""

from __future__ import annotations

from urllib.parse import urlencode

from certdesk.domain.people.role import Role
from certdesk.domain.values.csv_text import csv_text
from certdesk.operator.console.audit import SearchAuditReply
from certdesk.web.console.page import File, Page, Shown
from certdesk.web.console.visit import Visit

READERS = (Role.OPERATOR, Role.AUDITOR)
FIELDS = {
    "by": "By",
    "about": "About",
    "action": "Action",
    "uin": "Uin",
    "text": "Text",
    "from": "FromDate",
    "until": "UntilDate",
}
"""The parameters of the action, by the names of the fields."""

ON_A_PAGE = 50
MOST_REPORTED = 10_000
PATH = "/audit"
REPORT = "/audit/report"
COLUMNS = ("Time", "By", "Actor", "Action", "About", "Account", "Detail", "RequestId")


def show(visit: Visit) -> Shown:
    """Show a part of the entries that fit."""
    sought = {name: visit.query.text(name) for name in FIELDS}
    found = _found(visit, Limit=ON_A_PAGE, After=visit.query.text("after"))
    return Shown(
        "Audit log",
        entries=found.entries,
        seen=found.seen,
        sought=sought,
        narrowed=any(sought.values()),
        first=_address(PATH, sought) if visit.query.text("after") else "",
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
    table = csv_text([COLUMNS, *rows])
    return File("audit.csv", "text/csv; charset=utf-8; header=present", table.encode())


def _found(visit: Visit, **more: object) -> SearchAuditReply:
    sought = {parameter: visit.query.text(name) for name, parameter in FIELDS.items()}
    found: SearchAuditReply = visit.run("SearchAudit", **sought, **more)
    return found


def _address(path: str, sought: dict[str, str], **more: str) -> str:
    given = {name: value for name, value in (sought | more).items() if value}
    return f"{path}?{urlencode(given)}" if given else path


PAGES = (
    Page(PATH, show, roles=READERS, menu="Audit log"),
    Page(REPORT, report, roles=READERS),
)
