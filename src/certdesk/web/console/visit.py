"""One request of a visitor, as a page sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from certdesk.domain.errors import InvalidAction
from certdesk.domain.values.record import Record
from certdesk.domain.values.visible import visible
from certdesk.web.console.forms import Form
from certdesk.web.guard import permit

if TYPE_CHECKING:
    from certdesk.web.console.door import Premises
    from certdesk.web.console.origins import Origin
    from certdesk.web.console.page import Page
    from certdesk.web.console.visitor import Visitor

START = "/"
LONGEST_PATH = 500
LONGEST_AGENT = 200
_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")


class Asked(Record, kw_only=True, gc=True):
    """What was asked: a page, with the values of its path and of the query.

    `body` is a form as it was sent, b"" if there is none. `address` is the path with its query;
    both begin after `/console`. `cookie` is the value of the visitor's cookie, "" if there is none;
    `network` is the block of the visitor's address.
    """

    page: Page
    path: str
    address: str
    values: Mapping[str, str]
    query: Form
    body: bytes
    is_change: bool
    origin: Origin
    cookie: str
    headers: Mapping[str, str]
    network: str
    request_id: str

    def __repr__(self) -> str:
        """Return the page: cookies and the links of invitations are secrets."""
        return f"Asked({self.page.path})"


class Visit:
    """A request, who made it, and the way to the desk."""

    def __init__(self, asked: Asked, form: Form, visitor: Visitor, premises: Premises) -> None:
        """Answer what was asked."""
        self.asked = asked
        self.visitor = visitor
        self.query = asked.query
        self.form = form
        self.problem: dict[str, str] = {}
        self._premises = premises

    def value(self, name: str) -> str:
        """Return the value of a `{name}` in the page's path."""
        return self.asked.values[name]

    def run(self, action: str, **parameters: object) -> Any:  # noqa: ANN401 -- the action's reply
        """Run an action as the visitor; return its reply. None and "" mean "not given".

        Raises:
            ServiceError: what the action refuses.
            HashesBusy: too many passwords are being checked.
            CallerChanged: the visitor's session has just ended, or what the visitor may do changed.
        """
        catalog, desk = self._premises.catalog, self._premises.desk
        declared = catalog.find(action, internal=True) or catalog.find(action)
        if declared is None:
            raise InvalidAction
        request = declared.decode(parameters)
        caller = self.visitor.caller
        if not declared.internal:
            permit(caller, declared, self.asked.request_id)
        return desk.perform(
            declared, caller, request, self.asked.request_id, holds=self.visitor.holds
        )

    @property
    def agent(self) -> str:
        """What the browser calls itself, for the list of sessions."""
        return visible(self.asked.headers.get("user-agent", "")[:LONGEST_AGENT])

    def towards(self, path: str) -> str:
        """Return a path that leads on to where the visitor wants to go."""
        return path if self.onward == START else f"{path}?{urlencode({'next': self.onward})}"

    @property
    def onward(self) -> str:
        """The path after `/console` to which the visitor wanted to go before signing in."""
        path = self.form.raw("next") or self.query.raw("next")
        is_ours = len(path) <= LONGEST_PATH and _PATH.fullmatch(path)
        return path if is_ours else START
