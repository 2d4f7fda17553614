"""The queue of the vetting desk: what waits for a decision."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from certdesk.domain.people.role import STAFF
from certdesk.web.console.page import Page, Shown
from certdesk.web.console.pages.review import asker
from certdesk.web.console.visit import Visit

ON_A_PAGE = 50
_PAGE = re.compile("[1-9][0-9]{0,3}")
KINDS = {
    "manager": "Manager and company",
    "order": "Order",
    "revocation": "Revocation",
    "key": "Reported key",
}
QUESTIONS = {"": "", "asked": "Waits for the applicant", "answered": "The applicant has answered"}
_STEPS = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)


def show(visit: Visit) -> Shown:
    """List a page of what waits."""
    by_age = visit.query.text("order") == "age"
    number = visit.query.text("page")
    page = int(number) if _PAGE.fullmatch(number) else 1
    first = (page - 1) * ON_A_PAGE
    order = "&order=age" if by_age else ""
    listed = visit.run("ListReviews", ByAge=by_age, Limit=ON_A_PAGE, Offset=first)
    more = listed.total_count > first + ON_A_PAGE
    return Shown(
        "Reviews",
        reviews=[(each, age(each.since, listed.now), each.why_not) for each in listed.reviews],
        total=listed.total_count,
        kinds=KINDS,
        asker=asker,
        questions=QUESTIONS,
        by_age=by_age,
        before=f"?page={page - 1}{order}" if first else "",
        after=f"?page={page + 1}{order}" if more else "",
    )


def age(since: str, now: str) -> str:
    """Return in words how long ago a time was, both in ISO 8601.

    >>> age("2026-03-01T12:00:00Z", "2026-03-03T13:00:00Z")
    '2 days'
    """
    passed = datetime.fromisoformat(now) - datetime.fromisoformat(since)
    for step, word in _STEPS:
        count = passed // step
        if count > 0:
            return f"{count} {word}{'' if count == 1 else 's'}"
    return "less than a minute"


PAGE = Page("/reviews", show, roles=STAFF, menu="Reviews")
