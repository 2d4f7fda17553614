"""Templates: escaped always, and strict about names that a page does not set."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from certdesk.web.console.agents import browser_of
from certdesk.web.console.door import ROOT
from certdesk.web.console.static_files import StaticFiles

FOLDER = Path(__file__).parent


def environment(static: StaticFiles) -> Environment:
    """Return the templates of all pages."""
    templates = Environment(
        loader=FileSystemLoader([FOLDER, FOLDER / "pages"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )

    def asset(file: str) -> str:
        """Return the address of a style or script; "" if the package lacks it."""
        name = static.name_of(file)
        return f"{ROOT}/static/{name}" if name else ""

    templates.globals["asset"] = asset
    templates.globals["root"] = ROOT
    templates.filters["browser"] = browser_of
    return templates
