"""One request of a visitor, as a page sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from certdesk.domain.values.record import Record
from certdesk.web.console.forms import Form

if TYPE_CHECKING:
    from certdesk.domain.errors import ServiceError
    from certdesk.web.console.origins import Origin
    from certdesk.web.console.page import Page


class Asked(Record, kw_only=True, gc=True):
    """What was asked: a page, with the values of its path, of the query and of a form.

    `cookie` is the value of the visitor's cookie, "" if there is none; `network` is the block of
    the visitor's address.
    """

    page: Page
    path: str
    values: Mapping[str, str]
    query: Form
    form: Form
    is_change: bool
    origin: Origin
    cookie: str
    headers: Mapping[str, str]
    network: str
    request_id: str


class Visit:
    """A request, who made it, and the way to the desk."""

    def __init__(self, asked: Asked) -> None:
        """Answer what was asked."""
        self.asked = asked
        self.query = asked.query
        self.form = asked.form
        self.problem: ServiceError | None = None

    def value(self, name: str) -> str:
        """Return the value of a `{name}` in the page's path."""
        return self.asked.values[name]
