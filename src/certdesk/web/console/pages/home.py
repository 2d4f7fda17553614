"""The start of the console."""

from __future__ import annotations

from certdesk.web.console.page import Page, Shown
from certdesk.web.console.visit import Visit


def show(visit: Visit) -> Shown:
    """Show the start."""
    del visit
    return Shown("Start")


PAGE = Page("/", show, menu="Start")
