"""The pages of docs/ that follow from the code."""

from __future__ import annotations

from certdesk.bootstrap import actions
from tools.reference.action_pages import action_page, index_page
from tools.reference.commands_page import commands_page
from tools.reference.coverage_page import coverage_page
from tools.reference.products_page import products_page
from tools.reference.settings_page import settings_page
from tools.reference.statuses_page import statuses_page


def pages() -> dict[str, str]:
    """Make all pages; the names are paths below docs/."""
    public = [action for action in actions() if not action.internal]
    return {
        "commands.md": commands_page(),
        "coverage.md": coverage_page(public),
        "products.md": products_page(),
        "settings.md": settings_page(),
        "statuses.md": statuses_page(),
        "reference/README.md": index_page(public),
        **{f"reference/{action.name}.md": action_page(action) for action in public},
    }
