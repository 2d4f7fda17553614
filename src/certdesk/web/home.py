"""The page for browsers at `/`, the URL of the API: it says what this service is.

It is the same for everybody, loads no resources and has no forms; it links to the console.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse
from starlette.routing import Route

from certdesk.web.connections.heads import body_length

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Scope

HEADERS = {
    # The API has the same URL.
    "Cache-Control": "no-store",
    "Vary": "Accept, Authorization",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_NOT_ACCEPTED = re.compile(rb"q=0(?:\.0*)?")

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>certdesk</title>
<h1>certdesk</h1>
<p>This is a desk for TLS certificates. At this address it answers programs, in the API of Tencent
Cloud's SSL Certificates service (<code>ssl</code>, version 2019-12-05).</p>
<p>To use it, set this address as the endpoint of your SDK, of <code>tccli</code> or of Terraform,
with keys that the operator of this desk has given you. Never use keys of a real Tencent Cloud
account here.</p>
<p>People sign in at <a href="/console/">the console</a>. Operators may also work with the command
<code>certdesk</code>; <code>certdesk --help</code> says what there is.</p>
</html>
"""


def home_route() -> Route:
    """Return the route of the page; `asks_for_page` decides whether a request gets it."""
    return Route("/", _home, methods=["GET"])


def asks_for_page(scope: Scope) -> bool:
    """Return whether a request for `/` is a browser's and not one for the API.

    A request to the API is a POST, has parameters in its query, a body, or headers that sign it. A
    browser names HTML among what it accepts.
    """
    if scope["method"] != "GET" or scope["query_string"] or body_length(scope["headers"]) != 0:
        return False
    names = {name for name, _ in scope["headers"]}
    if b"authorization" in names or any(name.startswith(b"x-tc-") for name in names):
        return False
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return any(map(_is_html, accepted.lower().split(b",")))


def _is_html(media_range: bytes) -> bool:
    """Return whether an accepted media range is HTML; weight 0 means that it is not accepted."""
    kind, *parameters = (part.strip() for part in media_range.split(b";"))
    return kind == b"text/html" and not any(map(_NOT_ACCEPTED.fullmatch, parameters))


async def _home(request: Request) -> Response:
    del request
    return HTMLResponse(PAGE, headers=HEADERS)
