"""Passkeys in a browser, with the authenticator that Chromium has for tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.browsers import check_page, check_width, watch
from tests.console.desks import ConsoleDesk, Login

pytestmark = pytest.mark.needs("chromium")
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def page(any_console: ConsoleDesk, browser: Browser) -> Iterator[Page]:
    """A browser with an authenticator, which the tests of this module share."""
    del any_console  # each desk has a browser of its own
    context = browser.new_context()
    context.set_default_timeout(10_000)
    page = context.new_page()
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    yield page
    context.close()


@pytest.fixture(scope="module")
def login(any_console: ConsoleDesk, page: Page) -> Login:
    """A reviewer who was invited, chose a password, and made a passkey as the second step."""
    login, path = any_console.invitation("reviewer")
    page.goto(any_console.url(path))
    page.locator("#Password").fill(login.password)
    page.locator("#Repeated").fill(login.password)
    page.get_by_role("button", name="Save the password").click()
    page.get_by_role("link", name="a passkey").click()
    page.locator("#Name").fill("my laptop")
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url(any_console.url())
    return login


def sign_out(any_console: ConsoleDesk, page: Page) -> None:
    """Forget the session, as another browser would; the authenticator stays."""
    page.context.clear_cookies()
    page.goto(any_console.url("/console/sign-in"))


def test_a_person_signs_in_with_a_passkey_and_types_nothing(
    any_console: ConsoleDesk, page: Page, login: Login
) -> None:
    """Without breaking the policy of a page."""
    sign_out(any_console, page)
    found: list[str] = []
    watch(page, found)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(any_console.url())
    page.goto(any_console.url("/console/account"))
    expect(page.get_by_role("main")).to_contain_text(login.name)
    assert found == []


def test_a_passkey_is_the_second_step_after_a_password(
    any_console: ConsoleDesk, page: Page, login: Login
) -> None:
    """Who has no app is asked for no code."""
    sign_out(any_console, page)
    page.locator("#Name").fill(login.name)
    page.locator("#Password").fill(login.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Second step")
    expect(page.locator("#Code")).to_have_count(0)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(any_console.url())


def test_passkeys_are_listed_added_and_removed_after_a_proof(
    any_console: ConsoleDesk, page: Page, login: Login
) -> None:
    """The proof is a passkey too; a device says when it has one already."""
    del login
    any_console.move_clock(6 * 60)
    page.goto(any_console.url("/console/account/passkeys"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Who are you?")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your passkeys")
    expect(page.get_by_role("row", name="my laptop")).to_be_visible()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("alert")).to_have_text("This device already has a passkey for you.")
    page.goto(any_console.url("/console/account/passkeys"))
    page.get_by_role("button", name="Remove my laptop").click()
    expect(page.get_by_text("This is your only second step")).to_be_visible()


def test_without_scripts_the_other_ways_remain(any_console: ConsoleDesk, browser: Browser) -> None:
    """The buttons of passkeys are not shown."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(any_console.url("/console/sign-in"))
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    expect(page.locator("#Password")).to_be_visible()
    context.close()


def test_pages_with_passkeys_can_be_used_by_everybody(
    any_console: ConsoleDesk, browser: Browser
) -> None:
    """With a screen reader, and on a telephone."""
    visitor = any_console.somebody("reviewer")
    context = browser.new_context(bypass_csp=True)
    for name, value in visitor.cookies.items():
        context.add_cookies([{"name": name, "value": value, "url": any_console.origin}])
    page = context.new_page()
    for path in ("/account/passkeys", "/account/passkeys/new", "/again"):
        page.goto(any_console.url(f"/console{path}"))
        check_page(page)
        check_width(page)
    context.close()
