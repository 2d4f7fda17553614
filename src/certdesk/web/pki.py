"""The public certificates and CRLs of the private CA (RFC 5280, 4.2.2.1 and 4.2.1.13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from certdesk.ports import Pki
    from certdesk.web.edge import Edge

CERTIFICATE_SECONDS = 24 * 3600
CRL_SECONDS = 3600
"""How long the files may be cached; a CRL is renewed twice a day."""


def pki_route(pki: Pki, edge: Edge) -> Route:
    """Serve `/pki/NAME.crt`, `/pki/NAME.pem` and `/pki/NAME.crl` to GET and HEAD."""

    async def serve(request: Request) -> Response:
        name, _, kind = request.path_params["file"].rpartition(".")
        found = await edge.aside(_file, pki, name, kind)
        return found or PlainTextResponse("not found\n", 404)

    return Route("/pki/{file}", serve, methods=["GET"])


def _file(pki: Pki, name: str, kind: str) -> Response | None:
    if kind == "crl":
        return _answer(pki.crl(name), "application/pkix-crl", CRL_SECONDS)
    content = pki.certificate(name) if kind in {"crt", "pem"} else None
    if kind == "pem" and content is not None:
        pem = load_der_x509_certificate(content).public_bytes(Encoding.PEM)
        return _answer(pem, "application/x-pem-file", CERTIFICATE_SECONDS)
    return _answer(content, "application/pkix-cert", CERTIFICATE_SECONDS)


def _answer(content: bytes | None, media_type: str, seconds: int) -> Response | None:
    caching = f"public, max-age={seconds}"
    return None if content is None else published(content, media_type, caching)


def published(content: bytes, media_type: str, caching: str) -> Response:
    """Return a public response with its caching rules."""
    headers = {"Cache-Control": caching, "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=headers)
