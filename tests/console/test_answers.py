"""What a visitor gets where a page fails, or where the desk has too much to do."""

from __future__ import annotations

import asyncio
import threading
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response
from structlog.testing import capture_logs

from certdesk.domain.errors import (
    CertificateNotFound,
    InternalError,
    InvalidParam,
    MissingParameter,
    ProofNeeded,
    UnauthorizedOperation,
)
from certdesk.engine import CallerChanged
from certdesk.ports import HashesBusy, Stale, StoreUnavailable
from certdesk.web.console import door
from certdesk.web.console.answers import Answers
from certdesk.web.console.app import Line
from certdesk.web.console.forms import Form
from certdesk.web.console.origins import origin_of
from certdesk.web.console.page import Access, Answered, File, Page, Redirect, Shown
from certdesk.web.console.problems import problems_of
from certdesk.web.console.rendering import FOLDER, environment
from certdesk.web.console.static_files import StaticFiles
from certdesk.web.console.troubles import Refused
from certdesk.web.console.visit import Asked, Visit
from certdesk.web.thread_pool import ThreadPool

TEMPLATES = environment(StaticFiles())


def answer_to(failure: Exception) -> Response:
    """Return the answer for a page that fails so."""

    def show(visit: Visit) -> Shown:
        del visit
        raise failure

    return answer_of(show)


def answer_of(show: Callable[[Visit], Answered]) -> Response:
    """Return the answer for a page."""
    asked = Asked(
        page=Page("/page", show, access=Access.EVERYBODY),
        path="/page",
        address="/page?a=b",
        values={},
        query=Form(),
        body=b"",
        is_change=False,
        origin=origin_of("", tls=False, host="localhost:8080"),
        cookie="",
        headers={},
        network="",
        request_id="number-of-the-request",
    )
    premises: Any = types.SimpleNamespace(desk=None)  # a visitor without a cookie needs none
    return Answers(premises, TEMPLATES).answer(asked)


@pytest.mark.parametrize(
    ("failure", "status", "words"),
    [
        (UnauthorizedOperation("A reason."), 403, "A reason."),
        (CertificateNotFound(subject="x"), 404, "no such page"),
        (InvalidParam("Limit: must be a number."), 400, "Limit: must be a number."),
        (HashesBusy(), 503, "busy"),
        (Stale(), 503, "busy"),
        (StoreUnavailable("disk full"), 503, "busy"),
        (TimeoutError(), 503, "busy"),
        (InternalError(), 500, "number-of-the-request"),
        (ValueError("a secret"), 500, "number-of-the-request"),
        (Refused(429), 429, "Wait a moment"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else None,
)
def test_a_failure_has_a_page_in_plain_words(failure: Exception, status: int, words: str) -> None:
    """And nothing of what the failure says by itself."""
    with capture_logs() as logged:
        answer = answer_to(failure)
    text = bytes(answer.body).decode()
    assert (answer.status_code, words in text) == (status, True)
    assert "a secret" not in text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    if status == 500 and not isinstance(failure, InternalError):
        assert logged[0]["request_id"] == "number-of-the-request"


@pytest.mark.parametrize(
    ("failure", "page"), [(CallerChanged(), "sign-in"), (ProofNeeded(), "again")]
)
def test_who_has_to_sign_in_or_prove_it_comes_back_afterwards(
    failure: Exception, page: str
) -> None:
    """The page that was asked for is in the address of the next one."""
    answer = answer_to(failure)
    assert answer.headers["Location"] == f"/console/{page}?next=%2Fpage%3Fa%3Db"


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("letter.pdf", "letter.pdf"),
        ('a"; filename="b.html', "a_filename_b.html"),
        ("a\r\nSet-Cookie: a=b", "a_Set-Cookie_a_b"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("签名.pdf", "_.pdf"),
        ("...", "file"),
    ],
)
def test_a_file_is_saved_and_never_shown(name: str, saved: str) -> None:
    """By a name that is safe, whoever has given it."""
    answer = answer_of(lambda _: File(name, "text/html", b"<script>alert(1)</script>"))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{saved}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].endswith("; sandbox")


def test_requests_beyond_the_bound_are_told_to_come_back() -> None:
    """Those that were there before are answered."""
    begun, free = threading.Event(), threading.Event()

    def work(number: int) -> int:
        begun.set()
        free.wait(30)
        return number

    async def ask(threads: ThreadPool) -> list[object]:
        line = Line(threads, 2)
        held = [asyncio.create_task(line.run(work, number)) for number in range(2)]
        await asyncio.to_thread(begun.wait, 30)
        with pytest.raises(Refused, match="503"):
            await line.run(work, 3)
        free.set()
        answers: list[object] = list(await asyncio.gather(*held))
        return [*answers, await line.run(work, 4)]

    # In a thread, since this one may have the event loop of the browser's driver.
    with ThreadPool(1, "test") as threads, ThreadPoolExecutor() as apart:
        assert apart.submit(asyncio.run, ask(threads)).result() == [0, 1, 4]


def test_a_refusal_is_put_beside_the_field_that_it_names() -> None:
    """A field has the name of the parameter that it becomes."""
    form = Form({"Name": ("",), "Password": ("x",)})
    assert problems_of(InvalidParam("Password: too short."), form) == {
        "Password": "Password: too short."
    }
    assert problems_of(MissingParameter(subject="Name"), form) == {
        "Name": "Something is missing here."
    }
    assert problems_of(InvalidParam("The two differ.", subject="Name"), form) == {
        "Name": "The two differ."
    }
    assert problems_of(InvalidParam("It cannot be done now."), form) == {
        "": "It cannot be done now."
    }


def test_no_secret_is_in_what_is_printed_of_a_request() -> None:
    """Tracebacks may show it."""
    form = Form({"Password": ("a secret",)})
    redirect = Redirect("/", session="a secret")
    assert "a secret" not in f"{form} {redirect}"


def test_a_desk_without_styles_says_so_and_shows_plain_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one whose npm could not be asked."""
    monkeypatch.setattr(door, "STATIC", tmp_path)
    with capture_logs() as logged:
        door.log_missing_assets()
    assert logged[0]["missing"] == ["hx-csp.min.js", "htmx.min.js", "pico.min.css"]
    premises: Any = types.SimpleNamespace(desk=None)
    plain = Answers(premises, environment(StaticFiles(tmp_path))).refusal(Refused(404))
    text = bytes(plain.body).decode()
    assert ("Not found" in text, "stylesheet" in text, "<script" in text) == (True, False, False)


def templates() -> Iterator[str]:
    """The names of all templates."""
    return (path.name for path in sorted(FOLDER.rglob("*.html")))


@pytest.mark.parametrize("name", list(templates()))
def test_every_template_can_be_read(name: str) -> None:
    """Also one that no test shows; and none has markup that the policy forbids."""
    TEMPLATES.get_template(name)
    (path,) = FOLDER.rglob(name)
    text = path.read_text("utf-8")
    assert [word for word in (" style=", " onclick=", "|safe", "<style") if word in text] == []
