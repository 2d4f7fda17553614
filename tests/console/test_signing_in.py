"""Signing in with a password and a second step, and what becomes of the session."""

from __future__ import annotations

import pytest

from tests.console.desks import PASSWORD, ConsoleDesk, heading
from tests.console.visitor import TOKEN, Visitor

SIGN_IN = "/console/sign-in"
ACCOUNT = "/console/account"
MINUTE = 60


def is_signed_in(visitor: Visitor) -> bool:
    """Tell whether a page opens that needs a session."""
    return visitor.get(ACCOUNT).status == 200


def test_somebody_who_was_invited_signs_in(any_console: ConsoleDesk) -> None:
    """From the link to the start page, and again from another browser."""
    login, link = any_console.invitation("reviewer")
    visitor = any_console.accept(login, link)
    assert heading(visitor.open("/console/")) == "Start"
    other = any_console.sign_in(login)
    assert login.name in other.open("/console/").words
    assert "reviewer" in other.open(ACCOUNT).words


def test_a_user_of_an_account_needs_no_second_step(any_console: ConsoleDesk) -> None:
    """But may set one up, and is then asked for it."""
    login, link = any_console.invitation_of_user(any_console.desk.account())
    visitor = any_console.accept(login, link)
    assert (login.secret, is_signed_in(visitor)) == ("", True)
    assert is_signed_in(any_console.sign_in(login))


def test_a_link_is_used_once_and_not_by_looking_at_it(console: ConsoleDesk) -> None:
    """Programs that check mail for its owner open links; then it does not work again."""
    login, link = console.invitation("auditor")
    early = console.visitor()
    for _ in range(2):
        page = early.open(link)
        assert (heading(page), login.name in page.words) == ("Welcome", True)
    fields = page.forms[0].fields | {"Password": PASSWORD, "Repeated": PASSWORD}
    console.accept(login, link)
    again = early.post(link, fields)
    assert (again.status, again.words.count("used already")) == (422, 1)
    page = console.visitor().open(link)
    assert (heading(page), page.forms) == ("This link does not work", [])
    assert ("used already" in page.words, page.links["Sign in"]) == (True, SIGN_IN)


def test_a_link_is_good_for_half_an_hour(console: ConsoleDesk) -> None:
    """And a wrong one for nothing, in the same words."""
    _, link = console.invitation("auditor")
    console.move_clock(31 * MINUTE)
    late, wrong = console.visitor().open(link), console.visitor().open(f"{link}x")
    assert (heading(late), late.words) == ("This link does not work", wrong.words)


def test_a_new_password_is_typed_twice_and_long_enough(console: ConsoleDesk) -> None:
    """The form says which field is wrong, and the link still works."""
    login, link = console.invitation("auditor")
    visitor = console.visitor()
    differ = visitor.submit(link, Password=PASSWORD, Repeated=PASSWORD + "x")
    assert 'id="Repeated-error"' in differ.html
    assert PASSWORD not in differ.html
    short = visitor.submit(link, Password="short", Repeated="short")
    assert 'id="Password-error"' in short.html
    console.accept(login, link)
    assert login.secret


def test_who_has_no_login_learns_nothing_from_the_refusal(console: ConsoleDesk) -> None:
    """A wrong password and a name that nobody has are told alike."""
    login, link = console.invitation("auditor")
    console.accept(login, link)
    known = console.visitor().submit(SIGN_IN, Name=login.name, Password="a wrong password")
    unknown = console.visitor().submit(SIGN_IN, Name="nobody", Password="a wrong password")
    assert (known.status, unknown.status) == (422, 422)
    assert known.words == unknown.words
    assert "You are not signed in The name or the password is wrong." in known.words


def test_a_password_alone_opens_no_page(any_console: ConsoleDesk) -> None:
    """Before the second step there is nothing but that step and signing out."""
    login, link = any_console.invitation("operator")
    any_console.accept(login, link)
    visitor = any_console.visitor()
    half = visitor.submit(SIGN_IN, Name=login.name, Password=login.password)
    assert heading(half) == "Second step"
    for page in ("", "account", "account/password", "account/recovery-codes", "again"):
        assert visitor.get(f"/console/{page}").location.startswith("/console/second-step")
    setting_up = visitor.open("/console/account/authenticator")
    assert (setting_up.status, "secret" in setting_up.html) == (400, False)
    wrong = visitor.submit("/console/second-step", Code="000000")
    assert (wrong.status, 'id="Code-error"' in wrong.html) == (422, True)
    visitor.submit("/console/second-step", Code=any_console.code(login))
    assert is_signed_in(visitor)


def test_a_code_is_good_once(any_console: ConsoleDesk) -> None:
    """A code of the app as well as a recovery code."""
    login, link = any_console.invitation("operator")
    any_console.accept(login, link)
    for code in (any_console.code(login), login.recovery_codes[0]):
        statuses = []
        for _ in range(2):
            visitor = any_console.visitor()
            visitor.submit(SIGN_IN, Name=login.name, Password=login.password)
            statuses.append(visitor.send("/console/second-step", Code=code).status)
        assert statuses == [303, 422]


def test_a_session_begins_with_each_sign_in_and_ends_with_the_sign_out(
    any_console: ConsoleDesk,
) -> None:
    """A cookie that was set before opens nothing, nor does one that was stolen, afterwards."""
    login, link = any_console.invitation("operator")
    any_console.accept(login, link)
    visitor = any_console.visitor()
    visitor.open(SIGN_IN)
    attacker = visitor.copy()
    visitor.submit(SIGN_IN, Name=login.name, Password=login.password)
    halfway = visitor.copy()
    visitor.submit("/console/second-step", Code=any_console.code(login))
    assert [is_signed_in(each) for each in (visitor, attacker, halfway)] == [True, False, False]
    thief = visitor.copy()
    assert is_signed_in(thief)
    left = visitor.submit("/console/", action="/sign-out")
    assert "You are signed out." in left.words
    assert [is_signed_in(each) for each in (visitor, thief)] == [False, False]


def test_nobody_is_signed_out_by_a_link(console: ConsoleDesk) -> None:
    """Nothing changes by looking at a page."""
    visitor = console.somebody("operator")
    visitor.open("/console/sign-out")
    assert is_signed_in(visitor)


def test_a_session_ends_when_it_is_not_used(console: ConsoleDesk) -> None:
    """And the person is told why the page is another one, and gets where they wanted."""
    login, link = console.invitation("operator")
    visitor = console.accept(login, link)
    for _ in range(3):
        console.move_clock(14 * MINUTE)
        assert is_signed_in(visitor)
    console.move_clock(16 * MINUTE)
    page = visitor.open(f"{ACCOUNT}?a=b")
    assert (heading(page), "Your session has ended. Sign in again." in page.words) == (
        "Sign in",
        True,
    )
    form = page.forms[0]
    assert form.fields["next"] == "/account?a=b"
    visitor.post(SIGN_IN, form.fields | {"Name": login.name, "Password": login.password})
    step = visitor.open("/console/second-step?next=/account%3Fa%3Db")
    fields = step.forms[-1].fields | {"Code": console.code(login)}
    assert visitor.post("/console/second-step", fields).location == "/console/account?a=b"


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\", "javascript:x", "/a b"],
)
def test_signing_in_leads_to_no_other_site(console: ConsoleDesk, path: str) -> None:
    """Only a path of the console is followed."""
    page = console.visitor().get(f"{SIGN_IN}?next={path}".replace(" ", "%20"))
    assert page.forms[0].fields["next"] == "/"


def test_a_person_sees_and_ends_own_sessions(any_console: ConsoleDesk) -> None:
    """By browser; the others' are not theirs to end."""
    login, link = any_console.invitation("operator")
    visitor, other = any_console.accept(login, link), any_console.sign_in(login)
    page = visitor.open(ACCOUNT)
    assert "This browser" in page.words
    (ending,) = [form for form in page.forms if "SessionId" in form.fields]
    stranger = any_console.somebody("auditor")
    foreign = ending.fields | {TOKEN: stranger.token(ACCOUNT)}
    assert (stranger.post(ACCOUNT, foreign).status, is_signed_in(other)) == (422, True)
    visitor.post(ACCOUNT, ending.fields)
    assert [is_signed_in(each) for each in (visitor, other)] == [True, False]


def test_a_new_password_ends_all_other_sessions(any_console: ConsoleDesk) -> None:
    """And the old one opens nothing any more."""
    login, link = any_console.invitation("operator")
    visitor, other = any_console.accept(login, link), any_console.sign_in(login)
    old, login.password = login.password, "a new and better password"
    new = {"Password": login.password, "Repeated": login.password}
    wrong = visitor.submit("/console/account/password", OldPassword="not the old one", **new)
    assert (wrong.status, 'id="OldPassword-error"' in wrong.html) == (422, True)
    done = visitor.submit("/console/account/password", OldPassword=old, **new)
    assert "Your password is changed" in done.words
    assert [is_signed_in(each) for each in (visitor, other)] == [True, False]
    assert any_console.visitor().send(SIGN_IN, Name=login.name, Password=old).status == 422
    any_console.sign_in(login)


def test_a_secret_is_shown_after_the_password_was_given_again(any_console: ConsoleDesk) -> None:
    """Somebody else may have come to the browser. Then new codes take the place of the old ones."""
    login, link = any_console.invitation("operator")
    visitor = any_console.accept(login, link)
    any_console.move_clock(6 * MINUTE)
    asked = visitor.open("/console/account/recovery-codes")
    assert heading(asked) == "Who are you?"
    assert heading(visitor.open("/console/account/authenticator")) == "Who are you?"
    wrong = visitor.send("/console/again", Password="a wrong password")
    assert (wrong.status, 'id="Password-error"' in wrong.html) == (422, True)
    back = visitor.submit("/console/again?next=/account/recovery-codes", Password=login.password)
    assert heading(back) == "Recovery codes"
    made = visitor.submit("/console/account/recovery-codes")
    assert "shown this once only" in made.words
    assert login.recovery_codes[0] not in made.html
