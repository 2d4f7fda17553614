"""Whether a visitor may open a page, and where to go otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from certdesk.web.console.page import Access, Redirect
from certdesk.web.console.troubles import Refused

if TYPE_CHECKING:
    from certdesk.web.console.visit import Asked, Visit

SIGN_IN, SECOND_STEP, AGAIN = "/sign-in", "/second-step", "/again"


def way_in(visit: Visit) -> Redirect | None:
    """Return the page that has to be passed first; None if the visitor may open this one.

    Raises:
        Refused: it is for other roles.
    """
    asked, page, visitor = visit.asked, visit.asked.page, visit.visitor
    if page.access is Access.EVERYBODY:
        return None
    if not visitor.is_known:
        return signed_out(asked)
    if page.access is Access.HALFWAY:
        return None
    if not visitor.is_complete:
        return Redirect(_first(SECOND_STEP, asked))
    if visitor.role not in page.roles:
        raise Refused(403, f"This page is not for the role {visitor.role}.")
    if page.access is Access.PROVED and not visitor.has_proved:
        return proof_first(asked)
    return None


def signed_out(asked: Asked) -> Redirect:
    """Return the way for somebody whose session has ended, or who never had one."""
    return Redirect(_first(SIGN_IN, asked), said="sign-in-first" if asked.cookie else "")


def proof_first(asked: Asked) -> Redirect:
    """Return the way for somebody who has to prove again who they are."""
    return Redirect(_first(AGAIN, asked))


def _first(path: str, asked: Asked) -> str:
    """Return the path of a page that leads on to what was asked for, as a page to look at."""
    return path if asked.path == "/" else f"{path}?{urlencode({'next': asked.address})}"
