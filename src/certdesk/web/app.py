"""Everything that is mounted, in one list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse

from certdesk.web.ocsp import ocsp_routes
from certdesk.web.pki import pki_route
from certdesk.web.turns import too_many

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from certdesk.ports import Pki
    from certdesk.web.api import Api
    from certdesk.web.downloads import Downloads
    from certdesk.web.edge import Edge
    from certdesk.web.health import Watch

WATCHED = ("/healthz", "/readyz", "/metrics")
PUBLIC = "/pki/"
"""Both are asked by whatever address they are reached at: probes and certificates name it."""

MISDIRECTED = 421


def application(api: Api, pki: Pki, downloads: Downloads, watch: Watch, edge: Edge) -> ASGIApp:
    """Put the API at `/` and the rest beside it.

    The API is a bare ASGI callable: routing would cost more than the rest of its edge.
    """
    pages = Starlette(
        routes=[
            *watch.routes(),
            *ocsp_routes(pki, edge),
            pki_route(pki, edge),
            downloads.route(edge),
        ],
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/":
            await api(scope, receive, send)
            return
        refused = _refusal(edge, scope)
        await (refused or pages)(scope, receive, send)

    return app


def _refusal(edge: Edge, scope: Scope) -> Response | None:
    """Refuse a page that is asked of another host, or too often."""
    path = scope["path"]
    if path in WATCHED:
        return None
    host = next(value for name, value in scope["headers"] if name == b"host").decode("latin-1")
    if not path.startswith(PUBLIC) and not edge.is_for_us(scope, host):
        return PlainTextResponse("this desk does not answer to that host\n", MISDIRECTED)
    wait = edge.pages.wait(edge.peers.block(scope), 0)
    return too_many(wait) if wait else None
