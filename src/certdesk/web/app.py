"""The application: all routes in one list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse

from certdesk.web.console.door import ConsoleDoor, is_for_console
from certdesk.web.gcra import too_many
from certdesk.web.health import WATCHED
from certdesk.web.home import asks_for_page, home_route
from certdesk.web.ocsp import ocsp_routes
from certdesk.web.pki import pki_route

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.routing import Route
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from certdesk.ports import Pki
    from certdesk.web.api import Api
    from certdesk.web.edge import Edge
    from certdesk.web.health import Watch

PUBLIC = "/pki/"
"""Served under any host name, as health is: certificates and probes contain its URL."""

MISDIRECTED = 421
NO_STORE = "no-store"


def application(
    api: Api, pki: Pki | None, downloads: Route, watch: Watch, console: ConsoleDoor, edge: Edge
) -> ASGIApp:
    """Return the application, with the API at `/` and the other routes.

    The API is a bare ASGI callable, since routing would cost more than all its other checks.
    """
    pages = Starlette(
        routes=[
            *watch.routes(),
            *(() if pki is None else (*ocsp_routes(pki, edge), pki_route(pki, edge))),
            downloads,
            home_route(),
        ],
    )
    # Behind a proxy that ends TLS, a redirect would lead to plain HTTP and to wrong paths.
    pages.router.redirect_slashes = False

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/" and not asks_for_page(scope):
            await api(scope, receive, send)
            return
        refused = None if watch.may_see(scope) else _refusal(edge, scope)
        mounted = console if is_for_console(scope["path"]) else pages
        await (refused or mounted)(scope, receive, _unkept(send))

    return app


def _unkept(send: Send) -> Send:
    """Mark answers as uncacheable unless they say how long they may be cached.

    Otherwise caches may store a 404 (RFC 9111, 4.2.2) and serve it for too long.
    """

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Cache-Control", NO_STORE)
        await send(message)

    return sent


def _refusal(edge: Edge, scope: Scope) -> Response | None:
    """Refuse a page that is requested too often or for another host."""
    path = scope["path"]
    wait = edge.pages.wait(edge.peers.block(scope), 0)
    if wait:
        return too_many(wait)
    if path in WATCHED or path.startswith(PUBLIC):
        return None
    host = next(value for name, value in scope["headers"] if name == b"host").decode("latin-1")
    if edge.is_for_us(scope, host):
        return None
    return PlainTextResponse("this desk does not answer to that host\n", MISDIRECTED)
