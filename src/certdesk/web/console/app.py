"""The console: from a request to an answer."""

from __future__ import annotations

import functools
import re
import uuid
from typing import TYPE_CHECKING, TypeVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from certdesk.web.body import SMALL, BodyShare, BodyTooLarge, BodyTooSlow, NoRoom, read_body
from certdesk.web.console.answers import Answers
from certdesk.web.console.door import ROOT
from certdesk.web.console.forms import BadForm, Form, has_files, read_query
from certdesk.web.console.guards import Forged, check_sender
from certdesk.web.console.headers import HSTS
from certdesk.web.console.origins import Origin, origin_of
from certdesk.web.console.page import Access
from certdesk.web.console.pages import PAGES
from certdesk.web.console.rendering import environment
from certdesk.web.console.static_files import StaticFiles
from certdesk.web.console.troubles import Refused
from certdesk.web.console.visit import Asked
from certdesk.web.edge import MINUTE
from certdesk.web.gcra import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.types import Receive, Scope, Send

    from certdesk.web.console.door import Premises
    from certdesk.web.console.page import Page
    from certdesk.web.thread_pool import ThreadPool

MOST_STRANGERS = 18
"""How many strangers' requests may be there at a time: a password takes a twentieth of a second."""

MOST_VISITORS = 100
"""The same for requests of people who are signed in."""

MOST_AT_PROVIDERS = 6
"""The same for sign-ins with a provider, which may take seconds to answer."""

READS = ("GET", "HEAD")
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")
_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
_STATIC = "/static/"

Given = TypeVar("Given")
Answer = TypeVar("Answer")


class Console:
    """All pages below `/console/`."""

    def __init__(self, premises: Premises) -> None:
        """Read templates, styles and scripts."""
        self._premises = premises
        # With a certificate of its own, the server adds it to every answer.
        is_behind_proxy = not premises.settings.tls_cert
        is_https = premises.settings.public_url.lower().startswith("https:")
        self._hsts = HSTS if is_https and is_behind_proxy else {}
        self._static = StaticFiles()
        self._answers = Answers(premises, environment(self._static))
        self._limiter = RateLimiter(premises.settings.console_per_minute, MINUTE)
        self._strangers = Line(premises.strangers, MOST_STRANGERS)
        self._visitors = Line(premises.threads, MOST_VISITORS)
        self._providers = Line(premises.providers, MOST_AT_PROVIDERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request = Request(scope, receive)
        try:
            response = await self._response(request)
        except Refused as refused:
            response = self._answers.refusal(refused)
        response.headers.update(self._hsts)
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        path = request.scope["path"].removeprefix(ROOT)
        if not path:
            return RedirectResponse(f"{ROOT}/", 307)
        if path.startswith(_STATIC):
            return self._file(request, path.removeprefix(_STATIC))
        origin = self._origin(request)
        if _is_elsewhere(request, origin):
            return RedirectResponse(f"{origin.text}{_target(request)}", 307)
        cookie = _cookie(request, origin)
        self._check_rate(cookie)
        page, values = _found(path)
        _check_method(request, READS if page.act is None else (*READS, "POST"))
        if request.method not in READS:
            _check_sender(request, origin)
        # The memory for the body is used until the answer is there.
        with self._premises.edge.share(request.scope) as share:
            asked = Asked(
                page=page,
                path=path,
                address=_target(request).removeprefix(ROOT),
                values=values,
                query=_query(request),
                body=await self._body(request, page, cookie, share),
                is_change=request.method not in READS,
                origin=origin,
                cookie=cookie,
                headers=request.headers,
                network=self._premises.edge.peers.block(request.scope),
                request_id=str(uuid.uuid4()),
            )
            return await self._line(page).run(self._answers.answer, asked)

    def _line(self, page: Page) -> Line:
        if page.asks_provider:
            return self._providers
        return self._strangers if page.access is Access.EVERYBODY else self._visitors

    def _file(self, request: Request, name: str) -> Response:
        accepted = ",".join(request.headers.getlist("accept-encoding"))
        file = self._static.answer(name, accepted)
        if file is None:
            raise Refused(404)
        _check_method(request, READS)
        return file

    def _origin(self, request: Request) -> Origin:
        """Return where the console is for this browser.

        Raises:
            Refused: a password typed there could be read on its way.
        """
        public_url = self._premises.settings.public_url
        host = request.headers.get("host", "")
        origin = origin_of(public_url, tls=request.url.scheme == "https", host=host)
        is_forwarded = any(name in request.headers for name in FORWARDED)
        if not origin.is_usable or (is_forwarded and not public_url):
            raise Refused(
                403,
                "The console works at an address with https: only, and this desk does not know "
                "of one. The operator sets http.public_url to the address that people use.",
            )
        return origin

    def _check_rate(self, cookie: str) -> None:
        wait = self._limiter.wait(cookie, 0) if cookie else 0
        if wait:
            raise Refused(429, headers={"Retry-After": str(int(wait) + 1)})

    async def _limit(self, page: Page, cookie: str, kind: str) -> int:
        """Return how many bytes a form may have.

        Only forms with files are large, and only people whom the page is for send them.
        """
        if page.body_limit <= SMALL or not has_files(kind):
            return min(page.body_limit, SMALL)
        is_for = functools.partial(self._answers.is_for, page)
        return page.body_limit if await self._visitors.run(is_for, cookie) else SMALL

    async def _body(self, request: Request, page: Page, cookie: str, share: BodyShare) -> bytes:
        """Return the form as it was sent: only a thread reads its fields."""
        if request.method in READS:
            return b""
        kind = request.headers.get("content-type", "")
        try:
            return await read_body(
                request.receive,
                request.headers.get("content-length"),
                limit=await self._limit(page, cookie, kind),
                seconds=self._premises.edge.body_seconds,
                share=share,
            )
        except BodyTooLarge:
            raise Refused(413, headers={"Connection": "close"}) from None
        except (BodyTooSlow, NoRoom):
            raise Refused(503, headers={"Connection": "close"}) from None


class Line:
    """Threads that answer, and a bound on how many requests wait for them."""

    def __init__(self, threads: ThreadPool, most: int) -> None:
        """Let so many wait or be answered at a time."""
        self._threads, self._most, self._held = threads, most, 0

    async def run(self, work: Callable[[Given], Answer], given: Given) -> Answer:
        """Do work on one of the threads.

        Raises:
            Refused: too many others wait.
        """
        if self._held >= self._most:
            raise Refused(503, headers={"Retry-After": "5"})
        self._held += 1
        try:
            return await self._threads.run(work, given)
        finally:
            self._held -= 1


def _is_elsewhere(request: Request, origin: Origin) -> bool:
    """Return whether a page is asked for by the address of this machine instead of its name.

    Passkeys and cookies are bound to the name.
    """
    has_name = request.url.hostname == origin.host
    return origin.is_local and not has_name and request.method in READS


def _target(request: Request) -> str:
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["raw_path"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _cookie(request: Request, origin: Origin) -> str:
    """Return the value of the visitor's cookie, "" if it is none of the desk's."""
    value = request.cookies.get(origin.cookie, "")
    return value if _COOKIE_VALUE.fullmatch(value) else ""


def _found(path: str) -> tuple[Page, Mapping[str, str]]:
    for page in PAGES:
        values = page.values_in(path)
        if values is not None:
            return page, values
    raise Refused(404)


def _check_method(request: Request, methods: Sequence[str]) -> None:
    if request.method not in methods:
        raise Refused(405, headers={"Allow": ", ".join(methods), "Connection": "close"})


def _check_sender(request: Request, origin: Origin) -> None:
    """Refuse what another site has a browser send, before its body is read."""
    try:
        check_sender(request.headers, origin)
    except Forged as forged:
        raise Refused(403, str(forged), headers={"Connection": "close"}) from None


def _query(request: Request) -> Form:
    try:
        return read_query(request.scope["query_string"])
    except BadForm:
        raise Refused(400) from None
