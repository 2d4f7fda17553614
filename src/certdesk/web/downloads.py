"""The downloads behind the links of DescribeDownloadCertificateUrl.

A link needs no signature: it was sealed for the user who asked for it
(`actions/orders/download.py`). The answer to a wrong link does not say what is wrong.
"""

from __future__ import annotations

import functools
import uuid
from typing import TYPE_CHECKING, Protocol

import structlog
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from certdesk.actions.orders.download import (
    ZIP,
    DownloadLink,
    FetchDownloadReply,
    FetchDownloadRequest,
    opened_link,
)
from certdesk.domain.errors import InternalError, ServiceError
from certdesk.domain.values.record import Record
from certdesk.engine import CallerChanged
from certdesk.web.gcra import RateLimiter, too_many
from certdesk.web.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Hashable

    from starlette.requests import Request

    from certdesk.catalog import Catalog
    from certdesk.engine import Desk
    from certdesk.web.edge import Edge
    from certdesk.web.thread_pool import ThreadPool

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

log = structlog.get_logger()

LINKS_FROM = "DescribeDownloadCertificateUrl"
"""The action that returns links; its rate limit applies to all links of an account together."""

NOT_FOUND = 404


class LinkLimiter(Protocol):
    """A rate limiter for downloads, such as `RateLimiter`."""

    def wait(self, client: Hashable, longest: float, count: int | None = None) -> float:
        """Count a request of a client; return the seconds until it may be answered."""
        ...


class LinkRateLimits(Record, kw_only=True, gc=True):
    """The rate limits of one link, and of all links of an account.

    The second is the default; an account may have its own (`certdesk account limit`).
    """

    link: LinkLimiter
    account: LinkLimiter


UNLIMITED = LinkRateLimits(link=RateLimiter(0, 1), account=RateLimiter(0, 1))


class TooOften(Exception):
    """A link, or all links of an account, are used too often; the wait is `wait` seconds."""

    def __init__(self, wait: float) -> None:
        """Store the wait."""
        self.wait = wait
        super().__init__(f"the next use may be in {wait} seconds")


class Downloads:
    """The handler of requests with download links."""

    def __init__(
        self, desk: Desk, catalog: Catalog, rate_limits: LinkRateLimits = UNLIMITED
    ) -> None:
        """Serve downloads of `desk`, within these rate limits."""
        fetch = catalog.find("FetchDownload", internal=True)
        assert fetch is not None  # noqa: S101 -- it is declared where `DownloadLink` is
        self._fetch = fetch
        self._desk = desk
        self._guard = Guard(desk)
        self._rate_limits = rate_limits

    def route(self, edge: Edge, threads: ThreadPool) -> Route:
        """Serve `/download/TOKEN/NAME.zip` to GET only, as each answer is a download.

        Answers to wrong links are delayed. Other paths below `/download/` do not count as guesses:
        nothing is looked up for them, and they have the rate limit of all pages.
        """

        async def serve(request: Request) -> Response:
            # It counts as a stranger's work until the link is decrypted, and as an account's from
            # then on.
            link = await edge.aside(self.opened, request)
            if link is None:
                answer = self.answer(request, None)
            else:
                answer = await threads.run(self.answer, request, link)
            if answer.status_code == NOT_FOUND:
                await edge.slow_down(edge.wrong, request.scope, request.receive)
            return answer

        route = Route("/download/{token}/{filename}", serve)
        # Otherwise Starlette would answer HEAD as well.
        route.methods = {"GET"}
        return route

    def opened(self, request: Request) -> DownloadLink | None:
        """Return the link of a request, if it is this desk's and has not expired."""
        token = request.path_params["token"]
        return opened_link(self._desk.vault, token, self._desk.clock.now())

    def answer(self, request: Request, link: DownloadLink | None) -> Response:
        """Answer one request."""
        request_id = str(uuid.uuid4())
        filename = request.path_params["filename"]
        current = "current" in request.query_params
        try:
            content = self._content(link, filename, request_id, current=current) if link else None
        except TooOften as often:
            log.info("download", request_id=request_id, found=True, too_often=True)
            return too_many(often.wait)
        log.info("download", request_id=request_id, found=content is not None)
        if content is None:
            return PlainTextResponse("not found\n", NOT_FOUND, HEADERS)
        named = {"Content-Disposition": f'attachment; filename="{filename}"'}
        return Response(content, media_type=ZIP, headers=HEADERS | named)

    def _content(
        self, link: DownloadLink, filename: str, request_id: str, *, current: bool
    ) -> bytes | None:
        """Return a link's content, provided that the key that asked for it could ask again."""
        asked = FetchDownloadRequest(
            certificate_id=link.certificate_id,
            service_type=link.service_type,
            filename=filename,
            current=current,
        )
        _admit(self._rate_limits.link, link)
        try:
            known = self._guard.look_up(link.secret_id)
            own = known.limits.get(LINKS_FROM)
            _admit(self._rate_limits.account, known.caller.uin, own)
            holds = functools.partial(self._guard.holds, known)
            reply = self._desk.perform(self._fetch, known.caller, asked, request_id, holds=holds)
        except CallerChanged:
            return None
        except InternalError:
            raise
        except ServiceError:
            return None
        assert isinstance(reply, FetchDownloadReply)  # noqa: S101 -- as it is declared
        return reply.content


def _admit(limiter: LinkLimiter, client: Hashable, count: int | None = None) -> None:
    wait = limiter.wait(client, 0, count)
    if wait:
        raise TooOften(wait)
