"""Everything that is mounted, in one list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette

from certdesk.web.downloads import download_route
from certdesk.web.ocsp import ocsp_routes
from certdesk.web.pki import pki_route

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from certdesk.catalog import Catalog, Desk
    from certdesk.web.api import Api
    from certdesk.web.health import Watch


def application(api: Api, desk: Desk, catalog: Catalog, watch: Watch) -> ASGIApp:
    """Put the API at `/` and the rest beside it.

    The API is a bare ASGI callable: routing would cost more than the rest of its edge.
    """
    pages = Starlette(
        routes=[
            *watch.routes(),
            *ocsp_routes(desk.pki),
            pki_route(desk.pki),
            download_route(desk, catalog),
        ],
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/":
            await api(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return app
