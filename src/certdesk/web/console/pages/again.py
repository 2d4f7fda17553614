"""Proving again who one is, before a secret is shown: by password, passkey or provider."""

from __future__ import annotations

from certdesk.web.console.page import Page, Redirect, Shown
from certdesk.web.console.visit import Visit

PATH = "/again"


def show(visit: Visit) -> Shown:
    """Show the form."""
    return Shown("Who are you?", onward=visit.onward, found=visit.run("ListWays"))


def act(visit: Visit) -> Redirect:
    """Check the password, and go on."""
    visit.run("ProveAgain", Password=visit.form.raw("Password"))
    return Redirect(visit.onward)


PAGE = Page(PATH, show, act, field="Password")
