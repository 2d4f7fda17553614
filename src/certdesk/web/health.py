"""Health checks and metrics, for monitoring.

Only this machine and the networks named by a setting may ask; others get a 404.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from certdesk.domain.values.addresses import is_within
from certdesk.metrics import CONTENT_TYPE
from certdesk.web.peers import NO_PROXIES, Peers

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.requests import Request
    from starlette.types import Scope

    from certdesk.bootstrap import OpenDesk
    from certdesk.domain.values.addresses import Network

RED = 503
WATCHED = ("/healthz", "/readyz", "/metrics")


class Watch:
    """The handler of `/healthz` and `/readyz` (200, or 503 with a line a fault) and `/metrics`."""

    def __init__(
        self, opened: OpenDesk, allowed: Collection[Network], peers: Peers = NO_PROXIES
    ) -> None:
        """Report on a desk to this machine and `allowed` networks; `peers` identifies clients."""
        self._peers = peers
        self._opened = opened
        self._allowed = allowed

    def routes(self) -> list[Route]:
        """Return the three routes."""
        return [
            Route("/healthz", self._healthz, methods=["GET"]),
            Route("/readyz", self._readyz, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
        ]

    async def _healthz(self, request: Request) -> Response:
        """Answer at once, even if every thread is waiting."""
        if not self._may(request.scope):
            return _nothing()
        probe, watching = self._opened.probe, self._opened.watching
        return _told(probe.faults(), *watching.notes(), probe.result().line)

    async def _readyz(self, request: Request) -> Response:
        """Answer at once whether API calls can be served."""
        if not self._may(request.scope):
            return _nothing()
        return _told(self._opened.probe.result().faults)

    async def _metrics(self, request: Request) -> Response:
        if not self._may(request.scope):
            return _nothing()
        page = await run_in_threadpool(self._opened.metrics.page)
        return Response(page, media_type=CONTENT_TYPE)

    def may_see(self, scope: Scope) -> bool:
        """Return whether a request is for one of the three, and is allowed."""
        return scope["path"] in WATCHED and self._may(scope)

    def _may(self, scope: Scope) -> bool:
        # A proxy matches the raw path, before it is decoded, to keep strangers out.
        if scope["raw_path"] != scope["path"].encode():
            return False
        address = self._peers.client(scope)
        return address is not None and (address.is_loopback or is_within(address, self._allowed))


def _told(faults: list[str], *more: str) -> Response:
    text = "".join(f"{line}\n" for line in [*(faults or ["ok"]), *more])
    return PlainTextResponse(text, RED if faults else 200, {"Cache-Control": "no-store"})


def _nothing() -> Response:
    return PlainTextResponse("Not Found", 404)
