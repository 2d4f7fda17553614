"""Signing in with a company's provider, from the button to the page, with a provider of others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser

from tests.acceptance.processes import NO_RSA_STOCK
from tests.console.browsers import watch
from tests.console.desks import ConsoleDesk, console_in, heading
from tests.console.visitor import Answer, Visitor
from tests.oidc_mock import OidcMock, oidc_mock

SETTINGS = """
[oidc.company]
issuer = "{issuer}"
client_id = "desk"
client_secret_file = "{secret}"
title = "Example & Sons"
reviewer_groups = ["vetting"]
operator_groups = ["admins"]
user_groups = ["everybody"]
"""
PEOPLE = {
    "anna": ("vetting", "everybody"),
    "otto": ("admins",),
    "uwe": ("everybody",),
    "eve": ("others",),
}
PATIENCE_SECONDS = 30
BEGIN = "/console/sign-in/with/company"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcMock]:
    """A provider that knows some people."""
    with oidc_mock(tmp_path_factory.mktemp("provider"), PEOPLE) as started:
        yield started


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))]
)
def console(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    provider: OidcMock,
) -> Iterator[ConsoleDesk]:
    """A desk that people sign in to with it: one process, or two that share PostgreSQL."""
    folder = tmp_path_factory.mktemp("console")
    secret = folder / "secret"
    secret.write_text("a secret\n")
    settings = NO_RSA_STOCK + SETTINGS.format(issuer=provider.issuer, secret=secret)
    if request.param == "postgres":
        url = request.getfixturevalue("postgres").database()
        settings = f'database = "{url}"\nhttp.workers = 2\n{settings}'
    with console_in(folder, settings) as started:
        yield started


def begin(visitor: Visitor, path: str = "/console/sign-in") -> str:
    """Press the button; return where the browser is sent."""
    page = visitor.send(path, BEGIN)
    assert page.status == 200, page.words
    return page.links["Go on"]


def come_back(visitor: Visitor, brought: dict[str, str]) -> Answer:
    """Come back from the provider, as its redirect has a browser do."""
    query = urlencode(brought)
    return visitor.get(f"{BEGIN}/back?{query}", Sec_Fetch_Site="cross-site")


def sign_in(
    console: ConsoleDesk, provider: OidcMock, subject: str, path: str = "/console/sign-in"
) -> tuple[Visitor, Answer]:
    """Sign somebody in; return the browser and the last page."""
    visitor = console.visitor()
    answer = come_back(visitor, provider.sign_in(begin(visitor, path), subject))
    return visitor, visitor.open(answer.location.removeprefix(console.origin) or "/console/")


def test_the_button_leads_to_the_provider_and_back_into_the_console(
    console: ConsoleDesk, provider: OidcMock
) -> None:
    """Both steps at once, to the page that was wanted; the cookie gets a new value."""
    visitor = console.visitor()
    assert "Sign in with Example & Sons" in visitor.open("/console/sign-in").words
    address = begin(visitor, "/console/sign-in?next=/account")
    assert address.startswith(f"{provider.issuer}/oauth2/authorize?")
    before = dict(visitor.cookies)
    answer = come_back(visitor, provider.sign_in(address, "anna"))
    assert (answer.status, answer.location) == (303, "/console/account"), answer.words
    assert visitor.cookies != before
    page = visitor.open("/console/account")
    assert (heading(page), "reviewer" in page.words) == ("Your account", True)


@pytest.mark.parametrize("subject", ["eve", "otto"])
def test_without_a_group_there_is_no_access(
    console: ConsoleDesk, provider: OidcMock, subject: str
) -> None:
    """And no new operator by a group."""
    visitor = console.visitor()
    answer = come_back(visitor, provider.sign_in(begin(visitor), subject))
    assert (answer.status, heading(answer)) == (403, "You are not signed in")
    assert "no group that may use this desk" in answer.words
    assert visitor.get("/console/account").status == 303


def test_an_answer_is_of_no_use_in_another_browser_or_twice(
    console: ConsoleDesk, provider: OidcMock
) -> None:
    """A stolen or a forced one."""
    visitor, thief = console.visitor(), console.visitor()
    thief.open("/console/sign-in")
    brought = provider.sign_in(begin(visitor), "anna")
    for forced in (brought, brought | {"state": "x"}, {"code": brought["code"]}):
        answer = come_back(thief, forced)
        assert (answer.status, heading(answer)) == (403, "You are not signed in")
    copy = visitor.copy()
    assert come_back(visitor, brought).status == 303
    assert come_back(copy, brought).status == 403
    assert thief.get("/console/account").status == 303


def test_what_an_attacker_writes_into_the_address_is_text(console: ConsoleDesk) -> None:
    """The error of a provider is shown, and nothing else of the address is."""
    visitor = console.visitor()
    visitor.open("/console/sign-in")
    answer = come_back(visitor, {"error": "<script>alert(1)</script>", "state": "<b>x"})
    assert (answer.status, "<script>alert" in answer.html, "<b>x" in answer.html) == (
        403,
        False,
        False,
    )


def test_only_a_form_of_the_console_begins_a_sign_in(console: ConsoleDesk) -> None:
    """Another site cannot."""
    visitor = console.visitor()
    assert visitor.get(BEGIN).location == "/console/sign-in"
    token = visitor.token("/console/sign-in")
    forged = visitor.post(BEGIN, {"FormToken": token}, Origin="https://evil.example")
    assert forged.status == 403


def test_an_invitation_is_accepted_with_the_provider(
    console: ConsoleDesk, provider: OidcMock
) -> None:
    """In the place of a password."""
    _, path = console.invitation("operator", "Otto")
    visitor, page = sign_in(console, provider, "otto", path)
    assert page.status == 200
    assert "operator" in visitor.open("/console/account").words
    again, _ = sign_in(console, provider, "otto")
    assert "Otto" in again.open("/console/account").words


def test_a_user_of_an_account_signs_in_with_the_provider(
    console: ConsoleDesk, provider: OidcMock
) -> None:
    """After an invitation."""
    login, path = console.invitation_of_user(console.desk.account())
    visitor, _ = sign_in(console, provider, "uwe", path)
    assert login.name in visitor.open("/console/account").words


def test_the_provider_is_asked_again_before_something_secret(
    console: ConsoleDesk, provider: OidcMock
) -> None:
    """Who signs in with it has no password to type; the provider is told to ask for its own."""
    visitor, _ = sign_in(console, provider, "anna")
    console.move_clock(6 * 60)
    page = visitor.open("/console/account/passkeys")
    assert (heading(page), "Password" in page.words) == ("Who are you?", False)
    address = begin(visitor, "/console/account/passkeys")
    assert "prompt=login" in address
    other = come_back(visitor.copy(), provider.sign_in(address, "lars"))
    assert (other.status, "another login" in other.words) == (403, True)
    address = begin(visitor, "/console/account/passkeys")
    answer = come_back(visitor, provider.sign_in(address, "anna"))
    assert answer.location == "/console/account/passkeys"
    assert heading(visitor.open(answer.location)) == "Your passkeys"


def test_a_lost_group_ends_the_session_within_an_hour(
    console: ConsoleDesk, provider: OidcMock
) -> None:
    """The desk asks by itself, before the hour is over."""
    provider.set_person("lena", "vetting")
    visitor, _ = sign_in(console, provider, "lena")
    provider.set_person("lena", "others")
    for _ in range(4):
        assert visitor.get("/console/account").status == 200
        console.move_clock(13 * 60)
    until = time.monotonic() + PATIENCE_SECONDS
    while visitor.get("/console/account").status == 200 and time.monotonic() < until:
        time.sleep(0.1)
    assert visitor.get("/console/account").status == 303


@pytest.mark.needs("chromium")
def test_a_browser_goes_to_the_provider_and_comes_back(
    console: ConsoleDesk, provider: OidcMock, browser: Browser
) -> None:
    """By itself, also where scripts are off, and without breaking the policy of a page."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    found: list[str] = []
    watch(page, found)
    page.goto(console.url("/console/sign-in"))
    page.get_by_role("button", name="Sign in with Example & Sons").click()
    page.wait_for_url(f"{provider.issuer}/**")
    page.locator("input[name=sub]").fill("anna")
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(console.url())
    assert [each for each in found if not each.startswith("asked")] == []
    context.close()
