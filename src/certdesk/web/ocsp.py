"""OCSP over HTTP: the status of the private CA's certificates (RFC 6960 A.1, RFC 5019 6)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from certdesk.web.body import BodyTooLarge, BodyTooSlow, read_body
from certdesk.web.pki import published

if TYPE_CHECKING:
    from starlette.requests import Request

    from certdesk.ports import Pki
    from certdesk.web.edge import Edge

KIB = 1024
REQUEST_LIMIT = 4 * KIB
"""The most bytes of a request: with about a hundred for each certificate, enough for forty."""

BODY_SECONDS = 10
CACHE_SECONDS = 600
"""How long answers may be cached, and so how long until all see a revocation."""

MEDIA_TYPE = "application/ocsp-response"


def ocsp_routes(pki: Pki, edge: Edge) -> list[Route]:
    """Serve POST to `/pki/ocsp` and GET to `/pki/ocsp/BASE64`."""
    served = OcspPages(pki, edge)
    return [
        Route("/pki/ocsp", served.post, methods=["POST"]),
        Route("/pki/ocsp/{request:path}", served.get, methods=["GET"]),
    ]


class OcspPages:
    """The handler of OCSP requests; a malformed one gets OCSP's own error."""

    def __init__(self, pki: Pki, edge: Edge) -> None:
        """Answer with `pki`."""
        self._pki = pki
        self._edge = edge

    async def post(self, request: Request) -> Response:
        """Answer the request in a body."""
        announced = request.headers.get("content-length")
        try:
            data = await read_body(
                request.receive, announced, limit=REQUEST_LIMIT, seconds=BODY_SECONDS
            )
        except BodyTooLarge:
            return PlainTextResponse("too large\n", 413)
        except BodyTooSlow:
            return PlainTextResponse("too slow\n", 408)
        answer = await self._edge.aside(self._pki.ocsp, data)
        return published(answer.der, MEDIA_TYPE, "no-store")

    async def get(self, request: Request) -> Response:
        """Answer the request in a path; caches may store the answer."""
        text = request.path_params["request"]
        if len(text) > REQUEST_LIMIT:
            return PlainTextResponse("too long\n", 414)
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            data = b""
        answer = await self._edge.aside(self._pki.ocsp, data)
        cached = f"public, max-age={CACHE_SECONDS}, no-transform, must-revalidate"
        return published(answer.der, MEDIA_TYPE, cached if answer.lasting else "no-store")
