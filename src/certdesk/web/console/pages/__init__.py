"""The pages of the console: one module each, with its template beside it."""

from certdesk.web.console.page import Page
from certdesk.web.console.pages import home

PAGES: tuple[Page, ...] = (home.PAGE,)
"""In the order of the navigation."""
