"""Signing out."""

from __future__ import annotations

from certdesk.web.console.page import Access, Page, Redirect
from certdesk.web.console.visit import Visit


def show(visit: Visit) -> Redirect:
    """Do nothing: a link must not sign anybody out."""
    del visit
    return Redirect("/")


def act(visit: Visit) -> Redirect:
    """End the session."""
    visit.run("SignOut")
    return Redirect("/sign-in", said="signed-out", session="")


PAGE = Page("/sign-out", show, act, access=Access.HALFWAY)
