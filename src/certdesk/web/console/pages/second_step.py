"""The second step of signing in: a code of the authenticator app, or a recovery code."""

from __future__ import annotations

from certdesk.web.console.page import Access, Page, Redirect, Shown
from certdesk.web.console.visit import Visit


def show(visit: Visit) -> Shown | Redirect:
    """Show the form; who has no second step yet sets one up first."""
    if visit.visitor.is_complete:
        return Redirect(visit.onward)
    if not visit.visitor.has_second_step:
        return Redirect(visit.towards("/account/authenticator"))
    return Shown("Second step", onward=visit.onward, found=visit.run("ListWays"))


def act(visit: Visit) -> Redirect:
    """Complete the sign-in."""
    done = visit.run("GiveSecondStep", Code=visit.form.text("Code"), Network=visit.asked.network)
    return Redirect(visit.onward, session=done.session)


PAGE = Page("/second-step", show, act, access=Access.HALFWAY)
