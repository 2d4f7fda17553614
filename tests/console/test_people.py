"""The pages about people: invited, disabled, linked, reset and ended by the operator alone."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Browser

from tests.acceptance.naughty_strings import EMOJI, INJECTIONS, SCRIPTS
from tests.console.browsers import watch
from tests.console.desks import INVITATION, PASSWORD, ConsoleDesk, Login, heading
from tests.console.visitor import TOKEN, Visitor
from tests.console.walk import enter

PEOPLE = "/console/people"
INVITE = f"{PEOPLE}/invite"
MINUTE = 60
_LINK = re.compile(r'value="(http[^"]+/console/invitation/[A-Za-z0-9_-]+)"')


def operator_of(console: ConsoleDesk) -> Visitor:
    """Return an operator who has just signed in."""
    return console.accept(*console.invitation("operator"))


def invite(visitor: Visitor, role: str, name: str, uin: str = "") -> str:
    """Invite somebody by the form; return the path of the link."""
    made = visitor.submit(INVITE, Role=role, Name=name, Uin=uin)
    found = _LINK.search(made.html)
    assert found, made.words
    return found[1].removeprefix(visitor.origin)


def page_of(visitor: Visitor, login: str, uin: str = "") -> str:
    """Return the path of a person's page, as the list links to it."""
    listed = visitor.open(f"{PEOPLE}?Uin={uin}")
    return listed.links[login]


def test_an_operator_invites_somebody_with_a_link_that_is_shown_once(
    any_console: ConsoleDesk,
) -> None:
    """It opens the console for that person, and is nowhere afterwards."""
    operator = operator_of(any_console)
    login = Login(f"ann-{uuid.uuid4().hex[:8]}")
    path = invite(operator, "reviewer", login.name)
    assert path.startswith(INVITATION)
    page = page_of(operator, login.name)
    token = path.removeprefix(INVITATION)
    assert token not in operator.open(page).html + operator.open(PEOPLE).html
    assert "invited until" in operator.open(PEOPLE).words
    visitor = any_console.accept(login, path)
    assert "reviewer" in visitor.open("/console/account").words
    shown = operator.open(page).words
    assert "Last sign-in never" not in shown
    assert "Authenticator app yes, with 10 recovery codes" in shown


def test_an_operator_invites_a_user_of_an_account(console: ConsoleDesk) -> None:
    """Who is in the list of the account; an unknown one is refused beside the field."""
    operator, keys = operator_of(console), console.desk.account()
    console.desk.operate("AddUser", Uin=keys.uin, Name="bob")
    refused = operator.submit(INVITE, Role="user", Name="nobody", Uin=keys.uin)
    assert (refused.status, "nobody" in refused.words) == (422, True)
    login = Login(f"bob@{keys.uin}")
    console.accept(login, invite(operator, "user", "bob", keys.uin))
    assert login.name in operator.open(f"{PEOPLE}?Uin={keys.uin}").links
    unknown = operator.get(f"{PEOPLE}?Uin=1")
    assert (unknown.status, "There is no account" in unknown.words) == (422, True), unknown.words


def test_a_leaver_ends_after_the_name_was_typed(any_console: ConsoleDesk) -> None:
    """The page lists first what ends: sessions and the keys of a user too."""
    operator, keys = operator_of(any_console), any_console.desk.account()
    login, link = any_console.invitation_of_user(keys)
    visitor = any_console.accept(login, link)
    (user,) = any_console.desk.operate("ListUsers", Uin=keys.uin)["Users"]
    key = any_console.desk.operate("AddKey", Uin=keys.uin, UserId=user["UserId"])["SecretId"]
    end = f"{page_of(operator, login.name, keys.uin)}/end"
    asked = operator.open(end).words
    assert ("sessions: 1" in asked, key in asked) == (True, True)
    refused = operator.submit(end, Confirmation="somebody")
    assert (refused.status, "is not the login" in refused.words) == (422, True)
    assert visitor.get("/console/").status == 200
    done = operator.submit(end, Confirmation=login.name)
    assert "Everything with which the person got in is ended." in done.words
    assert "Access keys none" in done.words
    assert visitor.get("/console/").location.startswith("/console/sign-in")
    assert "ended" in operator.open(f"{PEOPLE}?Uin={keys.uin}").words


def test_a_login_is_disabled_and_enabled_again(console: ConsoleDesk) -> None:
    """Its sessions end; what it signs in with stays."""
    operator = operator_of(console)
    login, link = console.invitation("reviewer")
    visitor = console.accept(login, link)
    page = page_of(operator, login.name)
    assert "is disabled" in operator.submit(page, "/switch").words
    assert visitor.get("/console/").location.startswith("/console/sign-in")
    refused = console.visitor().submit("/console/sign-in", Name=login.name, Password=PASSWORD)
    assert refused.status == 422
    again = operator.submit(INVITE, Role="reviewer", Name=login.name)
    assert (again.status, "Enable the login first" in again.words) == (422, True)
    assert "The login is enabled." in operator.submit(page, "/switch").words
    assert console.sign_in(login).get("/console/").status == 200


def test_a_lost_second_step_is_removed(console: ConsoleDesk) -> None:
    """Then a password leads to setting up a new one."""
    operator = operator_of(console)
    login, link = console.invitation("auditor")
    console.accept(login, link)
    page = page_of(operator, login.name)
    assert "recovery codes: 10" in operator.open(f"{page}/reset").words
    assert "The second step is removed" in operator.submit(f"{page}/reset").words
    visitor = console.visitor()
    after = visitor.submit("/console/sign-in", Name=login.name, Password=PASSWORD)
    assert "Authenticator" in heading(after) or "authenticator" in after.words


def test_logins_of_one_person_are_linked(console: ConsoleDesk) -> None:
    """And the link is removed again, from either side."""
    operator = operator_of(console)
    one, _ = console.invitation("reviewer")
    other, _ = console.invitation("reviewer")
    page = page_of(operator, one.name)
    refused = operator.submit(page, "/link", Other="nobody-at-all")
    assert (refused.status, "Nobody signs in as" in refused.words) == (422, True)
    assert other.name in operator.submit(page, "/link", Other=other.name).words
    mine = page_of(operator, other.name)
    assert one.name in operator.open(mine).words
    assert "No other login is linked." in operator.submit(mine, "/unlink", Other=one.name).words


@pytest.mark.parametrize("path", ["switch", "link", "unlink", "reset", "end"])
def test_what_is_done_to_others_needs_a_proof_of_who_does_it(
    console: ConsoleDesk, path: str
) -> None:
    """Given within the last five minutes; also for a form that was open before."""
    operator = operator_of(console)
    login, _ = console.invitation("reviewer")
    page = page_of(operator, login.name)
    token = operator.token(page)
    console.move_clock(6 * MINUTE)
    fields = {TOKEN: token, "Enabled": "0", "Other": "uid:1", "Confirmation": login.name}
    sent = operator.post(f"{page}/{path}", fields)
    assert sent.location.startswith("/console/again?next=")
    listed = console.desk.operate("ShowPerson", Login=login.name)["Person"]
    assert (listed["Enabled"], listed["Linked"]) == (True, [])


def test_an_auditor_sees_people_and_changes_nothing(console: ConsoleDesk) -> None:
    """No button, and a forged form is refused."""
    login, _ = console.invitation("reviewer")
    auditor = console.somebody("auditor")
    page = page_of(auditor, login.name)
    shown = auditor.open(page)
    assert [form.action for form in shown.forms if form.method == "post"] == ["/console/sign-out"]
    token = auditor.token(page)
    for path in (f"{page}/switch", f"{page}/link", f"{page}/reset", f"{page}/end", INVITE):
        assert auditor.get(path).status == 403
        assert auditor.post(path, {TOKEN: token, "Enabled": "0"}).status == 403


@pytest.mark.parametrize("role", ["reviewer", "user"])
def test_others_see_no_people(console: ConsoleDesk, role: str) -> None:
    """Neither the list, nor one of them, nor the form."""
    visitor = console.somebody(role)
    assert {visitor.get(path).status for path in (PEOPLE, f"{PEOPLE}/1", INVITE)} == {403}


def test_nobody_is_at_a_number_that_nobody_has(console: ConsoleDesk) -> None:
    """Whatever is written there."""
    operator = operator_of(console)
    for number in ("0", "99999", "x", "%00", "1%0a", "9" * 50):
        assert operator.get(f"{PEOPLE}/{number}").status == 404, number


@pytest.mark.needs("chromium")
def test_names_are_text_on_every_page(console: ConsoleDesk, browser: Browser) -> None:
    """Whatever they hold, no page runs or loads anything of it."""
    operator = operator_of(console)
    names = [name for name in (*INJECTIONS, *EMOJI, *SCRIPTS) if len(name) <= 100]
    taken = [operator.submit(INVITE, Role="auditor", Name=name) for name in names]
    accepted = [name for name, made in zip(names, taken, strict=True) if _LINK.search(made.html)]
    assert "<script>alert(1)</script>" in accepted
    context = browser.new_context()
    enter(context, operator)
    page = context.new_page()
    found: list[str] = []
    watch(page, found)
    page.goto(console.url(PEOPLE))
    for name in accepted:
        assert page.get_by_role("link", name=name, exact=True).count() >= 1, name
    hostile = page.get_by_role("link", name='"><img src=x onerror=alert(1)>', exact=True)
    hostile.click()
    assert page.inner_text("h1") == '"><img src=x onerror=alert(1)>'
    for path in ("reset", "end"):
        page.click(f"a[href$='/{path}']")
        page.go_back()
    page.goto(console.url("/console/audit"))
    assert found == []
    context.close()


@pytest.mark.needs("chromium")
def test_the_link_is_copied_by_a_button(console: ConsoleDesk, browser: Browser) -> None:
    """Or by hand: the field has it."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    enter(context, operator_of(console))
    page = context.new_page()
    found: list[str] = []
    watch(page, found)
    page.goto(console.url(INVITE))
    page.fill("#Name", f"cleo-{uuid.uuid4().hex[:8]}")
    page.click("main form button")
    page.click("text=Copy the link")
    page.wait_for_selector("text=Copied.")
    link = page.input_value("#Link")
    assert page.evaluate("() => navigator.clipboard.readText()") == link
    assert found == []
    context.close()
