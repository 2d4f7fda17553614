"""Whether a visitor may open a page, and where to go otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from certdesk.web.console.page import Access, Redirect
from certdesk.web.console.troubles import Refused

if TYPE_CHECKING:
    from certdesk.web.console.visit import Visit

SIGN_IN, SECOND_STEP, AGAIN = "/sign-in", "/second-step", "/again"


def way_in(visit: Visit) -> Redirect | None:
    """Return the page that has to be passed first; None if the visitor may open this one.

    Raises:
        Refused: it is for other roles.
    """
    page, visitor = visit.asked.page, visit.visitor
    if page.access is Access.EVERYBODY:
        return None
    if not visitor.is_known:
        return Redirect(_first(SIGN_IN, visit), said="sign-in-first" if visit.asked.cookie else "")
    if page.access is Access.HALFWAY:
        return None
    if not visitor.is_complete:
        return Redirect(_first(SECOND_STEP, visit))
    if visitor.role not in page.roles:
        raise Refused(403, f"This page is not for the role {visitor.role}.")
    if page.access is Access.PROVED and not visitor.has_proved:
        return Redirect(_first(AGAIN, visit))
    return None


def _first(path: str, visit: Visit) -> str:
    """Return the path of a page that leads on to this one, as it is asked for with GET."""
    asked = visit.asked
    return path if asked.path == "/" else f"{path}?{urlencode({'next': asked.address})}"
