"""One's own account: how one signs in, and where one is signed in."""

from __future__ import annotations

from certdesk.web.console.page import Page, Redirect, Shown
from certdesk.web.console.visit import Visit


def show(visit: Visit) -> Shown:
    """Show both."""
    own = visit.run("ListSessions")
    return Shown("Your account", own=own, sessions=own.sessions, ways=visit.run("ListWays"))


def act(visit: Visit) -> Redirect:
    """End a session."""
    visit.run("EndSession", SessionId=visit.form.text("SessionId"))
    return Redirect("/account", said="session-ended")


PAGE = Page("/account", show, act)
