"""What the links of DescribeDownloadCertificateUrl lead to.

A link needs no signature: it was sealed for whoever asked for it (`actions/download.py`). What is
wrong with one is not told: all of them are as good as none.
"""

from __future__ import annotations

import functools
import uuid
from typing import TYPE_CHECKING

import structlog
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from certdesk.actions.download import (
    ZIP,
    DownloadLink,
    FetchDownloadReply,
    FetchDownloadRequest,
    opened_link,
)
from certdesk.catalog import CallerChanged
from certdesk.domain.errors import InternalError, ServiceError
from certdesk.web.guard import Guard

if TYPE_CHECKING:
    from starlette.requests import Request

    from certdesk.catalog import Catalog, Desk

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

log = structlog.get_logger()


def download_route(desk: Desk, catalog: Catalog) -> Route:
    """Serve `/download/TOKEN/NAME.zip` to GET alone: each answer is a download that is noted."""
    route = Route("/download/{token}/{filename}", Downloads(desk, catalog).serve)
    # Starlette would answer HEAD as well.
    route.methods = {"GET"}
    return route


class Downloads:
    """Answers requests that come by links."""

    def __init__(self, desk: Desk, catalog: Catalog) -> None:
        """Hand over what `desk` has."""
        fetch = catalog.find("FetchDownload", internal=True)
        assert fetch is not None  # noqa: S101 -- it is declared where `DownloadLink` is
        self._fetch = fetch
        self._desk = desk
        self._guard = Guard(desk)

    def serve(self, request: Request) -> Response:
        """Answer one request."""
        request_id = str(uuid.uuid4())
        token, filename = request.path_params["token"], request.path_params["filename"]
        link = opened_link(self._desk.vault, token, self._desk.clock.now())
        current = "current" in request.query_params
        content = self._content(link, filename, request_id, current=current) if link else None
        log.info("download", request_id=request_id, found=content is not None)
        if content is None:
            return PlainTextResponse("not found\n", 404, HEADERS)
        named = {"Content-Disposition": f'attachment; filename="{filename}"'}
        return Response(content, media_type=ZIP, headers=HEADERS | named)

    def _content(
        self, link: DownloadLink, filename: str, request_id: str, *, current: bool
    ) -> bytes | None:
        """Give what a link leads to as long as the key that asked for it could ask again."""
        asked = FetchDownloadRequest(
            certificate_id=link.certificate_id,
            service_type=link.service_type,
            filename=filename,
            current=current,
        )
        try:
            known = self._guard.look_up(link.secret_id)
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
