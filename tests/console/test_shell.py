"""The frame of every page: its headers, styles and address, for whoever asks."""

from __future__ import annotations

import gzip
import re

import pytest

from tests.console.desks import ConsoleDesk

BUDGET = 60_000


def test_every_page_has_the_headers_that_keep_others_out(console: ConsoleDesk) -> None:
    """Also one that is not there."""
    for path in ("/console/sign-in", "/console/nowhere"):
        headers = console.visitor().get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'nonce-")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'; require-trusted-types-for 'script'" in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Content-Encoding" not in headers


def test_a_nonce_is_good_for_one_page(console: ConsoleDesk) -> None:
    """Each answer has its own."""
    visitor = console.visitor()
    first, second = (visitor.get("/console/sign-in").headers for _ in range(2))
    assert first["Content-Security-Policy"] != second["Content-Security-Policy"]


def test_styles_and_scripts_are_compressed_kept_for_good_and_small(console: ConsoleDesk) -> None:
    """The first load of a page stays below 60 kB."""
    visitor = console.visitor()
    page = visitor.get("/console/sign-in")
    names = re.findall(r'(?:href|src)="(/console/static/[^"]+)"', page.html)
    assert len(names) >= 2
    size = len(page.content)
    for name in names:
        file = visitor.get(name, Accept_Encoding="gzip")
        assert (file.status, file.headers["Content-Encoding"]) == (200, "gzip")
        assert "immutable" in file.headers["Cache-Control"]
        assert gzip.decompress(file.content) == visitor.get(name).content
        assert visitor.post(name, {}).status == 405
        size += len(file.content)
    assert size < BUDGET


@pytest.mark.parametrize(
    "name", ["../door.py", "..%2Fdoor.py", "desk.css", "vendor/pico.min.css", "", "%00"]
)
def test_no_other_file_is_served(console: ConsoleDesk, name: str) -> None:
    """Only what was listed at the start, by the name that has its digest."""
    assert console.visitor().get(f"/console/static/{name}").status == 404


def test_the_page_at_the_root_leads_to_the_console(console: ConsoleDesk) -> None:
    """A person who opens the address of the API finds the way."""
    page = console.visitor().get("/", Accept="text/html")
    assert "/console/" in page.links.values()
    assert console.visitor().get("/console").location == "/console/"


def test_the_address_of_the_machine_leads_to_its_name(console: ConsoleDesk) -> None:
    """Cookies and passkeys are bound to localhost."""
    port = console.origin.rpartition(":")[2]
    moved = console.visitor().get("/console/?a=b", Host=f"127.0.0.1:{port}")
    assert moved.location == f"http://localhost:{port}/console/?a=b"


def test_no_password_is_asked_for_where_others_can_read_it(console: ConsoleDesk) -> None:
    """A proxy has told nobody that it speaks https."""
    page = console.visitor().get("/console/", X_Forwarded_Proto="https")
    assert (page.status, "http.public_url" in page.words) == (403, True)
