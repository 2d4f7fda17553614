"""The start of the console: what needs the visitor now, and since when."""

from __future__ import annotations

from functools import partial
from typing import Any

from certdesk.domain.people.role import Role
from certdesk.web.console.page import Page, Shown
from certdesk.web.console.pages.review import asker
from certdesk.web.console.pages.reviews import KINDS, age
from certdesk.web.console.visit import Visit

PART = "/now"
QUESTIONS_SHOWN = 10


def show(visit: Visit) -> Shown:
    """Show the page."""
    return _shown(visit, "home.html")


def show_part(visit: Visit) -> Shown:
    """Show the part of the page that changes."""
    return _shown(visit, _template(visit))


def _shown(visit: Visit, template: str) -> Shown:
    if visit.visitor.role == Role.USER:
        home = visit.run("ShowUserHome")
        listed = visit.run("ListQuestions", Limit=QUESTIONS_SHOWN)
        questions = [each for each in listed.questions if each.open]
        more: dict[str, Any] = {"questions": questions, "open_count": listed.open_count}
    else:
        home = visit.run("ShowStaffHome")
        more = {"kinds": KINDS, "asker": asker}
    return Shown(
        "Start",
        template=template,
        part=_template(visit),
        home=home,
        age=partial(age, now=home.now),
        **more,
    )


def _template(visit: Visit) -> str:
    return "home_user.html" if visit.visitor.role == Role.USER else "home_staff.html"


PAGES = (
    Page("/", show, menu="Start"),
    Page(PART, show_part, refreshes=True),
)
