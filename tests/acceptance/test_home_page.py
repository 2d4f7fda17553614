"""What a browser is shown at `/`, and that programs find the API there as before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser

import pytest
import requests

from tests.acceptance.watching import until
from tests.running import RunningDesk, running

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk where an address may ask for three pages a second."""
    settings = "http.pages_per_second = 3\n[keys.stock]\nrsa_2048 = 0\nrsa_4096 = 0\np_256 = 0\n"
    with running(tmp_path_factory.mktemp("home") / "desk", settings=settings) as started:
        yield started


def get(desk: RunningDesk, query: str = "", **headers: str) -> requests.Response:
    """Ask as a browser does, with other headers beside or in place of its own."""
    return requests.get(f"{desk.url}/{query}", headers=BROWSER | headers, timeout=30)


class Links(HTMLParser):
    """Finds what a page would load, run or send."""

    def __init__(self) -> None:
        """Find nothing yet."""
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what loads by an address, and what runs."""
        named = {name for name, _ in attrs} & {"src", "href", "action", "style"}
        # A link is followed by people only.
        named = named if tag != "a" else set()
        if named or tag in ("script", "style", "form", "img", "iframe", "link"):
            self.found.append(tag)


def test_a_browser_is_told_what_this_is(desk: RunningDesk) -> None:
    """By a page that loads, runs and sends nothing, and that nobody keeps or frames."""
    answer = get(desk)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "desk for TLS certificates" in answer.text
    links = Links()
    links.feed(answer.text)
    assert links.found == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?Action=DescribeCertificates", {}),
        ("?x", {}),
        ("", {"Accept": "*/*"}),
        ("", {"Accept": "text/html;q=0"}),
        ("", {"Accept": "text/html; level=1; Q=0.000, */*"}),
        ("", {"Accept": "text/htmlx, application/x-text/html"}),
        ("", {"X-TC-Action": "DescribeCertificates"}),
        ("", {"Authorization": "TC3-HMAC-SHA256 Credential=x"}),
    ],
)
def test_whatever_could_be_a_request_to_the_api_is_answered_by_it(
    desk: RunningDesk, query: str, headers: Mapping[str, str]
) -> None:
    """In its envelope, also where it accepts HTML."""
    answer = get(desk, query, **headers)
    assert answer.headers["Content-Type"] == "application/json"
    assert "Error" in answer.json()["Response"]


@pytest.mark.parametrize("body", [b"{}", iter([b"{}"])], ids=["length", "chunks"])
def test_a_get_with_a_body_is_the_apis(desk: RunningDesk, body: bytes | Iterator[bytes]) -> None:
    """No browser sends one."""
    answer = requests.get(f"{desk.url}/", headers=BROWSER, data=body, timeout=30)
    assert "Error" in answer.json()["Response"]


def test_a_post_is_the_apis_whatever_it_accepts(desk: RunningDesk) -> None:
    """And so is what no browser sends."""
    answer = requests.post(f"{desk.url}/", headers=BROWSER, timeout=30)
    assert "Error" in answer.json()["Response"]


def test_another_host_is_shown_no_page(desk: RunningDesk) -> None:
    """It is bound to `http.hosts` as the API is."""
    assert get(desk, Host="elsewhere.example").status_code == 421


def test_the_page_is_given_no_faster_than_others(desk: RunningDesk) -> None:
    """It is a stranger who asks."""
    assert {get(desk).status_code for _ in range(12)} == {200, 429}


@pytest.mark.parametrize("accept", ["text/html", "TEXT/HTML;q=0.001", "a/b;q=0, text/html ;q=1"])
def test_whoever_accepts_html_is_shown_the_page(desk: RunningDesk, accept: str) -> None:
    """However little it is wanted."""
    until(lambda: get(desk, Accept=accept).text.startswith("<!doctype html>"))
