"""New recovery codes, in place of those that were used or lost."""

from __future__ import annotations

from certdesk.web.console.page import Access, Page, Shown
from certdesk.web.console.visit import Visit


def show(visit: Visit) -> Shown:
    """Ask first."""
    del visit
    return Shown("Recovery codes", codes=(), onward="/account")


def act(visit: Visit) -> Shown:
    """Make new ones, and show them this once."""
    made = visit.run("NewRecoveryCodes")
    return Shown("Your recovery codes", codes=made.recovery_codes, onward="/account")


PAGE = Page("/account/recovery-codes", show, act, access=Access.PROVED)
