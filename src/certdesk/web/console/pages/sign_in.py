"""Signing in: name and password."""

from __future__ import annotations

from certdesk.web.console.page import Access, Page, Redirect, Shown
from certdesk.web.console.visit import Visit

PATH = "/sign-in"


def show(visit: Visit) -> Shown | Redirect:
    """Show the form, unless the visitor has signed in."""
    if visit.visitor.is_complete:
        return Redirect(visit.onward)
    return Shown(
        "Sign in",
        onward=visit.onward,
        found=visit.run("ListWays"),
        refusal="You are not signed in",
    )


def act(visit: Visit) -> Redirect:
    """Sign in; the second step follows if there is one."""
    signed_in = visit.run(
        "SignIn",
        Name=visit.form.text("Name"),
        Password=visit.form.raw("Password"),
        Network=visit.asked.network,
        Agent=visit.agent,
    )
    if signed_in.complete:
        return Redirect(visit.onward, session=signed_in.session)
    return Redirect(visit.towards("/second-step"), session=signed_in.session)


PAGE = Page(PATH, show, act, access=Access.EVERYBODY)
