"""One person who signs in: what with, since when, and what the operator does about it."""

from __future__ import annotations

from typing import Any

from certdesk.domain.errors import InvalidParam
from certdesk.domain.people.role import AUDITORS, OPERATORS
from certdesk.web.console.page import Access, Page, Redirect, Shown
from certdesk.web.console.visit import Visit

PATH = "/people/{number}"


def show(visit: Visit) -> Shown:
    """Show the person."""
    person = _person(visit)
    return Shown(
        person.login,
        template="person.html",
        person=person,
        login=_login(visit),
        may_change=visit.visitor.role in OPERATORS,
    )


def switch(visit: Visit) -> Redirect:
    """Disable the login, or enable it again."""
    enabled = visit.form.text("Enabled") == "1"
    visit.run("SwitchPerson", Login=_login(visit), Enabled=enabled)
    return _back(visit, "login-enabled" if enabled else "login-disabled")


def link(visit: Visit) -> Redirect:
    """Say that another login is the same person."""
    visit.run("LinkPerson", Login=_login(visit), Other=visit.form.text("Other"))
    return _back(visit, "linked")


def unlink(visit: Visit) -> Redirect:
    """Say that another login is another person."""
    visit.run("UnlinkPerson", Login=_login(visit), Other=visit.form.text("Other"))
    return _back(visit, "unlinked")


def show_reset(visit: Visit) -> Shown:
    """Ask before the second step is removed."""
    person = _person(visit)
    title = f"Remove the second step of {person.login}"
    return Shown(title, template="person_reset.html", person=person)


def reset(visit: Visit) -> Redirect:
    """Remove the second step."""
    visit.run("ResetSecondStep", Login=_login(visit))
    return _back(visit, "second-step-removed")


def show_end(visit: Visit) -> Shown:
    """List what ends, and ask for the name."""
    person = _person(visit)
    return Shown(f"End {person.login}", template="person_end.html", person=person)


def end(visit: Visit) -> Redirect:
    """End everything of a person who leaves."""
    if visit.form.text("Confirmation") != _person(visit).login.strip():
        raise InvalidParam("Confirmation: is not the login that ends.")
    visit.run("EndPerson", Login=_login(visit))
    return _back(visit, "person-ended")


def _login(visit: Visit) -> str:
    return f"person:{visit.value('number')}"


def _person(visit: Visit) -> Any:  # noqa: ANN401 -- a part of the action's reply
    return visit.run("ShowPerson", Login=_login(visit)).person


def _back(visit: Visit, said: str) -> Redirect:
    return Redirect(f"/people/{visit.value('number')}", said=said)


PAGES = (
    Page(PATH, show, roles=AUDITORS),
    Page(f"{PATH}/switch", show, switch, roles=OPERATORS),
    Page(f"{PATH}/link", show, link, roles=OPERATORS),
    Page(f"{PATH}/unlink", show, unlink, roles=OPERATORS),
    Page(f"{PATH}/reset", show_reset, reset, access=Access.PROVED, roles=OPERATORS),
    Page(f"{PATH}/end", show_end, end, access=Access.PROVED, roles=OPERATORS),
)
