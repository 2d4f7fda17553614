"""The link of an invitation: choosing a password."""

from __future__ import annotations

from certdesk.web.console.page import Access, Page, Redirect, Shown
from certdesk.web.console.passwords import chosen_password
from certdesk.web.console.visit import Visit


def show(visit: Visit) -> Shown:
    """Show the form, and use nothing up: programs open links before people do."""
    return Shown("Welcome", found=visit.run("ListWays"), token=visit.value("token"))


def act(visit: Visit) -> Redirect:
    """Use the invitation, and sign its person in."""
    accepted = visit.run(
        "AcceptInvitation",
        Token=visit.value("token"),
        Password=chosen_password(visit.form),
        Network=visit.asked.network,
        Agent=visit.agent,
    )
    return Redirect("/second-step", session=accepted.session)


PAGE = Page("/invitation/{token}", show, act, access=Access.EVERYBODY)
