"""The start of the console: what needs its visitor now, and since when."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.acceptance.office import COMPANY
from tests.acceptance.processes import NO_RSA_STOCK
from tests.console.browsers import watch
from tests.console.desks import ConsoleDesk, console_in
from tests.console.walk import enter
from tests.running import Keys
from tests.working import until

START = "/console/"
PART = "/console/now"
MINUTE = 60
HOUR = 60 * MINUTE


def manager_of(console: ConsoleDesk, keys: Keys, company: str) -> str:
    """Enter a company and a manager who has to be vetted; return the path of the review."""
    entered = console.desk.company(keys, **COMPANY | {"CompanyName": company})
    return f"/console/reviews/manager%3A{console.desk.manager(keys, entered)}"


def test_reviewers_see_what_waits_and_for_how_long(any_console: ConsoleDesk) -> None:
    """With a link to each; what tenants write is text."""
    name = f"Ex & <b>{uuid.uuid4().hex}"
    review = manager_of(any_console, any_console.desk.account(), name)
    any_console.move_clock(2 * HOUR)
    page = any_console.accept(*any_console.invitation("reviewer")).open(START)
    assert f'href="{review}"' in page.html
    assert "2 hours" in page.words
    assert (name in page.words, "<b>" in page.html) == (True, False)


def test_users_see_their_own_orders_alone(any_console: ConsoleDesk) -> None:
    """What each waits for, and questions; nothing of another account."""
    keys, other = any_console.desk.account(), any_console.desk.account()
    order, foreign = (any_console.desk.client(each).buy() for each in (keys, other))
    login, link = any_console.invitation_of_user(keys)
    visitor = any_console.accept(login, link)
    for path, kind in ((START, "orders"), ("/console/questions", "questions about orders")):
        assert f"You may see no {kind} of this account yet." in visitor.open(path).words
    (user,) = any_console.desk.operate("ListUsers", Uin=keys.uin)["Users"]
    policy = any_console.desk.operate(
        "AddPolicy", Uin=keys.uin, Name="all", Effect="allow", Actions=["ssl:*"]
    )
    any_console.desk.operate("AttachPolicy", UserId=user["UserId"], PolicyId=policy["PolicyId"])
    page = visitor.open(START).words
    assert (order in page, foreign in page) == (True, False)
    assert "You may see no" not in page + visitor.open("/console/questions").words
    assert "Send the material with CertificateInfoSubmit" in page


def test_what_is_wrong_with_the_desk_is_said_by_each_process(tmp_path: Path) -> None:
    """To operators as `/healthz` says it, which the parent of the serving processes knows."""
    silent = 'dns.resolvers = ["127.0.0.1:1"]\nhttp.workers = 2\n'
    with console_in(tmp_path, silent + NO_RSA_STOCK) as console:
        reviewer = console.accept(*console.invitation("reviewer"))
        until(lambda: console.desk.operate("ShowStaffHome")["Faults"])
        operator = console.accept(*console.invitation("operator"))
        fault = "no resolver answers: 127.0.0.1:1"
        pages = [each.open(START).words for each in (operator, reviewer)]
        assert ["The desk needs an operator" in page for page in pages] == [True, True]
        assert [fault in page for page in pages] == [True, False]
        assert "Tell the operator" in pages[1]


def test_a_page_that_refreshes_itself_does_not_keep_its_visitor_signed_in(
    console: ConsoleDesk,
) -> None:
    """Who walks away is signed out after 15 minutes, though the browser asks on."""
    visitor = console.accept(*console.invitation("auditor"))
    for _ in range(4):
        part = visitor.get(PART)
        assert (part.status, "<html" in part.html, "As of" in part.words) == (200, False, True)
        console.move_clock(4 * MINUTE)
    ended = visitor.get(PART)
    assert (ended.status, ended.headers["HX-Refresh"], ended.content) == (204, "true", b"")
    assert visitor.get(START).location.startswith("/console/sign-in")


@pytest.mark.needs("chromium")
def test_the_page_refreshes_itself_under_its_policy(console: ConsoleDesk, browser: Browser) -> None:
    """Every half a minute; and it leads to signing in once the session has ended."""
    visitor = console.accept(*console.invitation("reviewer"))
    context = browser.new_context()
    enter(context, visitor)
    page = context.new_page()
    found: list[str] = []
    watch(page, found)
    page.clock.install()
    page.goto(console.url(START))
    company = f"Later {uuid.uuid4().hex}"
    manager_of(console, console.desk.account(), company)
    with page.expect_response(f"**{PART}"):
        page.clock.fast_forward(31_000)
    page.wait_for_function(f"() => document.body.innerText.includes({company!r})")
    assert found == []
    console.move_clock(16 * MINUTE)
    with page.expect_navigation(url="**/console/sign-in**"):
        page.clock.fast_forward(31_000)
    context.close()
