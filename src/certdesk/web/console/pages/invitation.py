"""The link of an invitation: choosing a password."""

from __future__ import annotations

from certdesk.domain.errors import SignInRefused
from certdesk.web.console.page import Access, Page, Redirect, Shown
from certdesk.web.console.passwords import chosen_password
from certdesk.web.console.visit import Visit


def show(visit: Visit) -> Shown:
    """Show the form, and use nothing up: programs open links before people do."""
    token = visit.value("token")
    try:
        invitation = visit.run("ShowInvitation", Token=token)
    except SignInRefused as refused:
        # A form that was refused for this says so already.
        text = "" if visit.problem else refused.detail
        return Shown("This link does not work", template="not_signed_in.html", text=text)
    return Shown("Welcome", found=visit.run("ListWays"), token=token, invitation=invitation)


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
