"""A visitor of the console without a browser: cookies, forms and their tokens, and no script."""

from __future__ import annotations

import dataclasses
import http.client
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Self
from urllib.parse import urlencode, urlsplit

FORM = "application/x-www-form-urlencoded"
TOKEN = "FormToken"
SIGN_OUT = "/sign-out"
WAIT_SECONDS = 60


@dataclasses.dataclass
class Form:
    """A form of a page: where it leads, and what it sends if nothing is typed."""

    action: str
    method: str
    fields: dict[str, str]


class _Forms(HTMLParser):
    """The forms and the plain text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.words: list[str] = []
        self._link = ""
        self._name = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get"), {}))
        elif tag == "a":
            self._link = given.get("href", "")
        elif tag == "button" and "formaction" in given:
            # Another way to send the same fields.
            self.forms.insert(
                -1, Form(given["formaction"], self.forms[-1].method, self.forms[-1].fields)
            )
        elif self.forms and tag in ("input", "textarea", "select") and given.get("name"):
            self._add_field(tag, given)
        elif tag == "option" and self._name and "selected" in given:
            self.forms[-1].fields[self._name] = given.get("value", "")

    def _add_field(self, tag: str, given: dict[str, str]) -> None:
        self._name = given["name"] if tag == "select" else ""
        if given.get("type") in ("checkbox", "radio") and "checked" not in given:
            return
        self.forms[-1].fields.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = ""

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if words:
            self.words.append(words)
        if words and self._link:
            self.links[words] = self._link


@dataclasses.dataclass
class Answer:
    """What the desk answered."""

    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def html(self) -> str:
        """The page."""
        return self.content.decode()

    @property
    def words(self) -> str:
        """What a person reads of the page."""
        return " ".join(_Forms(self.html).words)

    @property
    def links(self) -> dict[str, str]:
        """The addresses behind the words of links."""
        return _Forms(self.html).links

    @property
    def forms(self) -> list[Form]:
        """The forms of the page."""
        return _Forms(self.html).forms

    @property
    def location(self) -> str:
        """Where a redirect leads; "" if it is none."""
        return self.headers.get("Location", "")


class Visitor:
    """Somebody at a browser. Paths begin with `/console/`."""

    def __init__(self, origin: str) -> None:
        """Visit the desk at `origin`, such as http://localhost:8080."""
        self.origin = origin
        self.cookies: dict[str, str] = {}

    def copy(self) -> Self:
        """Return another one with the same cookies, as a thief would be."""
        other = type(self)(self.origin)
        other.cookies = dict(self.cookies)
        return other

    def get(self, path: str, **headers: str) -> Answer:
        """Open a page, without following a redirect."""
        return self._ask("GET", path, None, _named(headers))

    def open(self, path: str) -> Answer:
        """Open a page, as a browser does: redirects are followed."""
        return self._followed(self.get(path))

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send these fields only, as a page of the console does; `headers` change what is sent."""
        usual = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", "Content-Type": FORM}
        return self._ask("POST", path, urlencode(fields).encode(), usual | _named(headers))

    def send_raw(self, method: str, path: str, body: bytes, **headers: str) -> Answer:
        """Send any body."""
        return self._ask(method, path, body, _named(headers))

    def send(self, path: str, action: str = "", **fields: str) -> Answer:
        """Open a page, fill in its form and send it; the answer is not followed.

        Where the page has several forms, `action` is the end of the address of the one that is
        meant; otherwise it is the one with most of the `fields`, and never that of signing out.
        """
        page = self.open(path)
        posting = [form for form in page.forms if form.method == "post"]
        meant = [
            form
            for form in posting
            if form.action.endswith(action) and (action or not form.action.endswith(SIGN_OUT))
        ]
        assert meant, f"no such form on {path}: {page.status} {page.words}"
        form = max(meant, key=lambda form: len(form.fields.keys() & fields.keys()))
        return self.post(form.action or path, form.fields | fields)

    def submit(self, path: str, action: str = "", **fields: str) -> Answer:
        """As `send`, and follow the redirect after it."""
        return self._followed(self.send(path, action, **fields))

    def token(self, path: str) -> str:
        """Return the token of the forms of a page."""
        return next(form.fields[TOKEN] for form in self.open(path).forms if TOKEN in form.fields)

    def _followed(self, answer: Answer) -> Answer:
        for _ in range(5):
            if answer.status not in (301, 302, 303, 307, 308):
                break
            target = urlsplit(answer.location)
            assert target.netloc in ("", urlsplit(self.origin).netloc), answer.location
            answer = self.get(f"{target.path}?{target.query}" if target.query else target.path)
        return answer

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        place = urlsplit(self.origin)
        connection = http.client.HTTPConnection(place.netloc, timeout=WAIT_SECONDS)
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body, headers | ({"Cookie": sent} if sent else {}))
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            self._keep(line)
        return answer

    def _keep(self, line: str) -> None:
        for name, morsel in SimpleCookie(line).items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
