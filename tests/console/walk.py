"""All pages of the console, for what is asked of each of them, and for pictures.

A new page gets a line in `STOPS`; `test_every_page.py` tells which are missing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

from certdesk.web.console import page as declared
from certdesk.web.console.pages import PAGES
from tests.console.browsers import WIDE, watch
from tests.console.desks import PASSWORD, ConsoleDesk
from tests.console.visitor import Visitor

ROOT = "/console"
WAIT_MILLISECONDS = 20_000
STRANGER = ""


@dataclasses.dataclass(frozen=True)
class Stop:
    """A page to look at: by a role, `STRANGER` or a visitor; `path` begins after `/console`.

    `then` does something on the page first.
    """

    name: str
    path: str | Callable[[ConsoleDesk], str]
    who: str | Callable[[ConsoleDesk], Visitor] = STRANGER
    then: Callable[[Page], None] | None = None

    def page_of(self, console: ConsoleDesk) -> declared.Page | None:
        """Return the page that is shown, None if it is none of the console's."""
        path = urlsplit(self.address(console)).path.removeprefix(ROOT)
        return next((page for page in PAGES if page.values_in(path) is not None), None)

    def address(self, console: ConsoleDesk) -> str:
        """Return the path to open."""
        return ROOT + (self.path if isinstance(self.path, str) else self.path(console))

    def open(self, console: ConsoleDesk, context: BrowserContext) -> Page:
        """Open the page in a browser."""
        if self.who != STRANGER:
            visitor = console.somebody(self.who) if isinstance(self.who, str) else self.who(console)
            enter(context, visitor)
        page = context.new_page()
        page.goto(console.url(self.address(console)))
        if self.then is not None:
            self.then(page)
        return page


def enter(context: BrowserContext, visitor: Visitor) -> None:
    """Let a browser go on where a visitor is."""
    for name, value in visitor.cookies.items():
        context.add_cookies([{"name": name, "value": value, "url": visitor.origin}])


@contextlib.contextmanager
def visited(
    browser: Browser,
    console: ConsoleDesk,
    stop: Stop,
    **options: Any,  # noqa: ANN401 -- as Playwright's
) -> Iterator[tuple[Page, list[str]]]:
    """Open a page in a context of its own; yield it, and what it did that it must not."""
    # Colours that fade would be measured half-way.
    context = browser.new_context(**{"viewport": WIDE, "reduced_motion": "reduce"} | options)
    context.set_default_timeout(WAIT_MILLISECONDS)
    found: list[str] = []
    context.on("page", lambda page: watch(page, found))
    yield stop.open(console, context), found
    context.close()


def invitation(console: ConsoleDesk) -> str:
    """Return the path of a new invitation."""
    return console.invitation("reviewer")[1].removeprefix(ROOT)


def invited(console: ConsoleDesk) -> Visitor:
    """Return somebody who has chosen a password, and has no second step yet."""
    _, link = console.invitation("reviewer")
    visitor = console.visitor()
    visitor.submit(link, Password=PASSWORD, Repeated=PASSWORD)
    return visitor


def halfway(console: ConsoleDesk) -> Visitor:
    """Return somebody who has given a password, and not the second step."""
    login, link = console.invitation("reviewer")
    console.accept(login, link)
    visitor = console.visitor()
    visitor.submit("/console/sign-in", Name=login.name, Password=login.password)
    return visitor


def fresh(console: ConsoleDesk) -> Visitor:
    """Return somebody who has just proved who it is."""
    login, link = console.invitation("operator")
    return console.accept(login, link)


def review(console: ConsoleDesk) -> str:
    """Return the path of a review that waits."""
    keys = console.keys
    return f"/reviews/manager:{console.desk.manager(keys, console.desk.company(keys))}"


def somebody(console: ConsoleDesk) -> str:
    """Return the path of the page of a reviewer, who has another login."""
    one, _ = console.invitation("reviewer")
    shown = console.desk.operate("LinkPerson", Login=one.name, Other="uid:1000")
    return f"/people/{shown['PersonId']}"


def unpermitted(console: ConsoleDesk) -> Visitor:
    """Return a user without a policy."""
    return console.accept(*console.invitation_of_user(console.keys))


def start_with_review(console: ConsoleDesk) -> str:
    """Have a review wait; return the path of the start."""
    review(console)
    return "/"


def start_with_order(console: ConsoleDesk) -> str:
    """Have orders of the account wait for their owner; return the path of the start."""
    console.desk.client(console.keys).buy()
    return "/"


def question(console: ConsoleDesk) -> str:
    """Return the path of a question to the account, for its users."""
    waiting = ROOT + review(console)
    console.somebody("reviewer").submit(waiting, "/ask", Question="Who is the manager?")
    links = console.somebody("user").open(f"{ROOT}/questions").links.values()
    return next(link for link in links if "/questions/" in link).removeprefix(ROOT)


def send(**fields: str) -> Callable[[Page], None]:
    """Fill in the form of a page and send it."""

    def act(page: Page) -> None:
        for name, value in fields.items():
            page.fill(f"#{name}", value)
        page.click("main form button")
        page.wait_for_load_state()

    return act


STOPS = (
    Stop("sign-in", "/sign-in"),
    Stop("sign-in-refused", "/sign-in", then=send(Name="anna", Password="not hers")),
    Stop("provider-refused", "/sign-in/with/company/back?state=x"),
    Stop("invitation", invitation),
    Stop("invitation-refused", invitation, then=send(Password=PASSWORD, Repeated=f"{PASSWORD}x")),
    Stop("invitation-wrong", "/invitation/wrong"),
    Stop("second-step", "/second-step", halfway),
    Stop("authenticator", "/account/authenticator", invited),
    Stop("authenticator-refused", "/account/authenticator", invited, send(Code="000000")),
    Stop("start", "/", "operator"),
    Stop("start-of-reviewer", start_with_review, "reviewer"),
    Stop("start-of-user", start_with_order, "user"),
    Stop("start-of-unpermitted", "/", unpermitted),
    Stop("account", "/account", "operator"),
    Stop("password", "/account/password", "operator"),
    Stop("again", "/again", "operator"),
    Stop("passkeys", "/account/passkeys", fresh),
    Stop("new-passkey", "/account/passkeys/new", fresh),
    Stop("recovery-codes", "/account/recovery-codes", fresh),
    Stop("recovery-codes-shown", "/account/recovery-codes", fresh, send()),
    Stop("reviews", "/reviews", "reviewer"),
    Stop("review", review, "reviewer"),
    Stop("review-for-auditor", review, "auditor"),
    Stop("decisions", "/decisions", "auditor"),
    Stop("audit-log", "/audit", "auditor"),
    Stop("questions", "/questions", "user"),
    Stop("question", question, "user"),
    Stop("audit-searched", "/audit?By=operator&Action=InviteStaff", "operator"),
    Stop("people", "/people", "auditor"),
    Stop("invite", "/people/invite", fresh),
    Stop("invite-refused", "/people/invite", fresh, send(Name="uid:1")),
    Stop("invited", "/people/invite", fresh, send(Name=f"ann-{uuid.uuid4().hex[:8]}")),
    Stop("person", somebody, "operator"),
    Stop("person-for-auditor", somebody, "auditor"),
    Stop("person-reset", lambda console: somebody(console) + "/reset", fresh),
    Stop("person-end", lambda console: somebody(console) + "/end", fresh),
    Stop("not-found", "/nowhere"),
)

NOT_SHOWN = {
    "/now": "a part of the start",
    "/audit/report": "a file",
    "/decisions/report": "a file",
    "/reviews/{id}/files/{file}": "a file",
    "/reviews/{id}/letter": "a file",
    "/sign-in/with/{provider}": "it leads to a provider",
    "/sign-out": "it only signs out",
}
"""Pages without a picture, and why."""
