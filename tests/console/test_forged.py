"""Changes that no page of the console asked for."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from certdesk.domain.people.role import Role
from certdesk.web.body import SMALL
from certdesk.web.console.pages import PAGES
from tests.acceptance.processes import NO_RSA_STOCK
from tests.console.desks import ConsoleDesk, console_in
from tests.console.visitor import FORM, TOKEN, Visitor

PAGE = "/console/sign-in"
FIELDS = {"Name": "anna", "Password": "a password of hers"}
PUBLIC = "https://ssl.example.com"
FILES = {
    f"/console{page.path.replace('{id}', 'a')}": ("user" if Role.USER in page.roles else "reviewer")
    for page in PAGES
    if page.body_limit > SMALL
}
"""The pages that take files, and who sends them."""

PARTS = "multipart/form-data; boundary=b"
WITH_FILE = (
    b'--b\r\nContent-Disposition: form-data; name="Files"; filename="a.pdf"\r\n'
    b"Content-Type: application/pdf\r\n\r\n" + b"a" * 200_000 + b"\r\n--b--\r\n"
)


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleDesk]:
    """A desk behind a proxy that speaks https for it, where visitors may not ask often."""
    settings = f'[http]\npublic_url = "{PUBLIC}/"\nconsole_per_minute = 8\n'
    with console_in(tmp_path_factory.mktemp("public"), NO_RSA_STOCK + settings) as started:
        yield started


def test_a_form_of_the_desk_is_read(console: ConsoleDesk) -> None:
    """So the refusals below have the reason that they give."""
    assert console.visitor().send(PAGE, **FIELDS).status == 422


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Origin": "https://evil.example"}, "was not sent from http://localhost"),
        ({"Origin": "null"}, "was not sent from http://localhost"),
        ({"Origin": ""}, "was not sent from http://localhost"),
        ({"Origin": "http://localhost:1"}, "was not sent from http://localhost"),
        ({"Sec_Fetch_Site": "cross-site"}, "sent by another site"),
        ({"Sec_Fetch_Site": "same-site"}, "sent by another site"),
        ({"Sec_Fetch_Site": "none"}, "sent by another site"),
    ],
)
def test_another_site_sends_no_form(
    console: ConsoleDesk, headers: dict[str, str], why: str
) -> None:
    """Even with the right token; and the person is told what to do."""
    visitor = console.visitor()
    refused = visitor.post(PAGE, FIELDS | {TOKEN: visitor.token(PAGE)}, **headers)
    assert (refused.status, why in refused.words) == (403, True)


def test_a_program_needs_no_more_than_the_token(console: ConsoleDesk) -> None:
    """What is no browser says nothing about where a form comes from."""
    visitor = console.visitor()
    body = urlencode(FIELDS | {TOKEN: visitor.token(PAGE)}).encode()
    assert visitor.send_raw("POST", PAGE, body, Content_Type=FORM).status == 422
    bare = urlencode(FIELDS).encode()
    assert visitor.send_raw("POST", PAGE, bare, Content_Type=FORM).status == 403


def test_a_form_needs_the_token_of_its_visitor(console: ConsoleDesk) -> None:
    """None, an empty one, one of somebody else, and the right one from another browser."""
    visitor, other = console.visitor(), console.visitor()
    token = visitor.token(PAGE)
    for fields in ({}, {TOKEN: ""}, {TOKEN: other.token(PAGE)}, {TOKEN: "é"}):
        refused = visitor.post(PAGE, FIELDS | fields)
        assert (refused.status, "earlier visit" in refused.words) == (403, True)
    assert other.post(PAGE, FIELDS | {TOKEN: token}).status == 403
    assert Visitor(console.origin).post(PAGE, FIELDS | {TOKEN: token}).status == 403


def test_a_visitor_cannot_be_given_a_cookie_by_others(console: ConsoleDesk) -> None:
    """What is not of the desk's form does not count, and is replaced."""
    visitor = console.visitor()
    visitor.open(PAGE)
    (name,) = visitor.cookies
    visitor.cookies = {name: "a"}
    visitor.open(PAGE)
    assert len(visitor.cookies[name]) == 43


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 400),
        (b"Name=anna", "text/plain", 400),
        (b"", "", 400),
        (b"Name=%ff", "application/x-www-form-urlencoded", 400),
        (b"a=b&" * 600, "application/x-www-form-urlencoded", 400),
        (b"--b\r\nnothing", "multipart/form-data; boundary=b", 400),
        (b"Name=" + b"a" * 70_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_is_no_form_is_told_so(
    console: ConsoleDesk, body: bytes, kind: str, status: int
) -> None:
    """Whoever sends it."""
    assert console.visitor().send_raw("POST", PAGE, body, Content_Type=kind).status == status


def test_only_who_is_signed_in_sends_files(console: ConsoleDesk) -> None:
    """A page that takes files takes 64 KiB of others: of strangers, and of other roles."""
    stranger = console.visitor()
    stranger.open(PAGE)
    people = {role: console.somebody(role) for role in ("auditor", "reviewer", "user")}
    people["stranger"] = stranger
    for page, owner in FILES.items():
        for name, visitor in people.items():
            sent = visitor.send_raw("POST", page, WITH_FILE, Content_Type=PARTS)
            assert (page, name, sent.status) == (page, name, 403 if name == owner else 413)


@pytest.mark.parametrize(("page", "owner"), FILES.items())
def test_a_form_without_files_is_small(console: ConsoleDesk, page: str, owner: str) -> None:
    """Even on a page that takes files, from a person whom it is for: it costs more to read."""
    body = b"A=" + b"%C3%A9" * 12_000
    visitor = console.somebody(owner)
    assert visitor.send_raw("POST", page, body, Content_Type=FORM).status == 413


@pytest.mark.parametrize(("page", "owner"), FILES.items())
def test_a_form_of_another_site_is_refused_by_its_head(
    console: ConsoleDesk, page: str, owner: str
) -> None:
    """Nothing of it is read: this one is not even one."""
    visitor = console.somebody(owner)
    for header in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        refused = visitor.send_raw("POST", page, b"no form", Content_Type="text/plain", **header)
        assert (refused.status, refused.headers["Connection"]) == (403, "close")


def test_a_head_is_answered_without_the_page(console: ConsoleDesk) -> None:
    """As HTTP has it."""
    asked = console.visitor().send_raw("HEAD", PAGE, b"")
    assert (asked.status, asked.content) == (200, b"")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_only_two_ways_to_ask_are_known(console: ConsoleDesk, method: str) -> None:
    """Pages are read with GET, and changes are made with POST."""
    refused = console.visitor().send_raw(method, PAGE, b"")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert console.visitor().send_raw("POST", "/console/", b"").status == 405


def test_the_cookie_is_bound_to_the_public_address(public: ConsoleDesk) -> None:
    """Over https, from this host, for no script; and forms count from there only."""
    visitor = public.visitor()
    line = visitor.get(PAGE).headers["Set-Cookie"]
    assert line.startswith("__Host-certdesk=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(line.split("; ")[1:])
    fields = FIELDS | {TOKEN: visitor.token(PAGE)}
    assert visitor.post(PAGE, fields).status == 403
    assert visitor.post(PAGE, fields, Origin=PUBLIC, X_Forwarded_Proto="https").status == 422


def test_browsers_come_by_https_alone_once_they_were_here(
    console: ConsoleDesk, public: ConsoleDesk
) -> None:
    """Every answer says so where the console has an https address, and none does elsewhere."""
    for path in (PAGE, "/console/none", "/console", "/console/static/none"):
        said = public.visitor().get(path).headers.get_all("Strict-Transport-Security")
        assert (path, said) == (path, ["max-age=31536000"])
        assert "Strict-Transport-Security" not in console.visitor().get(path).headers


def test_a_visitor_who_asks_too_often_waits_and_others_do_not(public: ConsoleDesk) -> None:
    """The limit is of the visitor, not of the address."""
    visitor = public.visitor()
    answers = [visitor.get(PAGE) for _ in range(10)]
    assert {answer.status for answer in answers} == {200, 429}
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "Wait a moment" in answers[-1].words
    assert public.visitor().get(PAGE).status == 200


def test_the_page_is_not_in_a_frame(console: ConsoleDesk) -> None:
    """Nobody lays something over it that invites to click."""
    policy = console.visitor().get(PAGE).headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
