"""Health checks and metrics, for monitoring.

Only this machine and the networks named by a setting may ask; others get a 404.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from certdesk.domain.values.addresses import is_within
from certdesk.metrics.counters import CONTENT_TYPE
from certdesk.web.peers import NO_PROXIES, Peers

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.requests import Request
    from starlette.types import Scope

    from certdesk.bootstrap import OpenDesk
    from certdesk.domain.values.addresses import Network

RED = 503
PLAIN = "text/plain; charset=utf-8"
READY, METRICS = "/readyz", "/metrics"
WATCHED = ("/healthz", READY, METRICS)


class Page(NamedTuple):
    """A page: its HTTP status, its content, and its media type."""

    status: int
    content: bytes
    media_type: str


class Health(Protocol):
    """The pages of `WATCHED`, by their paths."""

    async def page(self, path: str) -> Page:
        """Return a page: `/healthz` and `/readyz` at once, even if every thread is waiting."""
        ...


class DeskHealth:
    """The health of a desk, by the process that watches it."""

    def __init__(self, opened: OpenDesk) -> None:
        """Report on a desk."""
        self._opened = opened

    async def page(self, path: str) -> Page:
        """Return a page."""
        if path == METRICS:
            content = await run_in_threadpool(self._opened.metrics.page)
            return Page(200, content, CONTENT_TYPE)
        probe, watching = self._opened.probe, self._opened.watching
        if path == READY:
            return _report(probe.result().faults)
        notes = (*watching.notes(), *self._opened.serving.notes())
        return _report(probe.faults(), *notes, probe.result().line)


class Watch:
    """The handler of `/healthz` and `/readyz` (200, or 503 with a line a fault) and `/metrics`."""

    def __init__(
        self, health: Health, allowed: Collection[Network], peers: Peers = NO_PROXIES
    ) -> None:
        """Show pages to this machine and `allowed` networks; `peers` identifies clients."""
        self._peers = peers
        self._health = health
        self._allowed = allowed

    def routes(self) -> list[Route]:
        """Return the three routes."""
        return [Route(path, self._serve, methods=["GET"]) for path in WATCHED]

    async def _serve(self, request: Request) -> Response:
        if not self._may(request.scope):
            return PlainTextResponse("Not Found", 404)
        page = await self._health.page(request.scope["path"])
        headers = {} if page.media_type == CONTENT_TYPE else {"Cache-Control": "no-store"}
        return Response(page.content, page.status, headers, page.media_type)

    def may_see(self, scope: Scope) -> bool:
        """Return whether a request is for one of the three, and is allowed."""
        return scope["path"] in WATCHED and self._may(scope)

    def _may(self, scope: Scope) -> bool:
        # A proxy matches the raw path, before it is decoded, to keep strangers out.
        if scope["raw_path"] != scope["path"].encode():
            return False
        address = self._peers.client(scope)
        return address is not None and (address.is_loopback or is_within(address, self._allowed))


def _report(faults: list[str], *more: str) -> Page:
    text = "".join(f"{line}\n" for line in [*(faults or ["ok"]), *more])
    return Page(RED if faults else 200, text.encode(), PLAIN)
