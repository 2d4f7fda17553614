"""HTTP/1.1 with limits: uvicorn's protocol, with caps on the head and a clock on its arrival.

They are 32 KiB for the request line, as the API's GET form needs; for headers 32 KiB in all, 8 KiB
each, 100 at most; 10 s for the head. What breaks HTTP gets a 4xx answer and the connection is
closed; everything else is the API's to answer.

A request may be answered before its body is there (a key that is unknown, a body that is too
large). The rest is then taken and forgotten, so that the client gets to read the answer, but no
longer and no more of it than any client needs.
"""

from __future__ import annotations

import asyncio
import http
from typing import NoReturn

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

KIB = 1024
REQUEST_LINE = 32 * KIB
HEADERS_TOTAL = 32 * KIB
HEADER_LINE = 8 * KIB
HEADER_COUNT = 100
HEAD_SECONDS = 10
# The API's largest body is 10 MiB; the rest leaves room for chunk sizes. Chunk extensions, which
# the parser skips, count here too.
BODY_BYTES = 16 * KIB * KIB


class LimitedProtocol(HttpToolsProtocol):
    """One connection; `head_seconds` is how long a request's head may take to arrive."""

    head_seconds: float = HEAD_SECONDS
    _refusal: http.HTTPStatus | None = None
    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _header_bytes = 0
    _body_bytes = 0
    _in_head = False
    _in_body = False
    _between = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn narrows it
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; refuse more of them than any request needs."""
        self._between = not self._in_head and not self._in_body
        self._body_bytes += len(data) if self._in_body else 0
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > REQUEST_LINE + HEADERS_TOTAL:
                self._answer(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._body_bytes > BODY_BYTES:
            self.transport.close()
        elif self._timer is None and not self._answering() and (self._in_body or self._between):
            # The rest of a request that is answered, or blank lines, which belong to none: neither
            # may hold the line open.
            self._arm()

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._in_head, self._head_bytes, self._header_bytes, self._body_bytes = True, 0, 0, 0
        self._between = False
        self._arm()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request line."""
        super().on_url(url)
        if len(self.url) > REQUEST_LINE:
            self._refuse(http.HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header line; one behind the body is dropped (RFC 9110, 6.5.1), but counts."""
        if self._in_head:
            super().on_header(name, value)
        size = len(name) + len(value)
        self._header_bytes += size
        if (
            size > HEADER_LINE
            or self._header_bytes > HEADERS_TOTAL
            or len(self.headers) > HEADER_COUNT
        ):
            self._refuse(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """End the head; refuse one that two readers could understand differently."""
        self._in_head, self._in_body = False, True
        self._disarm()
        self._check_head()
        super().on_headers_complete()
        if self.parser.should_upgrade():
            # The offer is passed over (RFC 9110, 7.8); the parser reads nothing after it.
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """End a request."""
        self._in_body = False
        self._disarm()
        super().on_message_complete()

    def _check_head(self) -> None:
        """Ask for exactly one Host and no transfer coding but chunks (RFC 9112, 3.2 and 6.1).

        The body of a request that offers an upgrade is lost: the parser takes all that follows for
        the other protocol.
        """
        hosts = [value for name, value in self.headers if name == b"host"]
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        chunks_known = self.parser.get_http_version() == "1.1"
        if len(hosts) != 1 or codings not in ([], [b"chunked"]) or (codings and not chunks_known):
            self._refuse(http.HTTPStatus.BAD_REQUEST)
        has_body = codings or any(name == b"content-length" for name, _ in self.headers)
        if has_body and self.parser.should_upgrade():
            self._refuse(http.HTTPStatus.BAD_REQUEST)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Answer what broke HTTP, with the status that says how."""
        self._answer(self._refusal or http.HTTPStatus.BAD_REQUEST)

    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's own type leaves out None
        return cycle is not None and not cycle.response_complete

    def _refuse(self, status: http.HTTPStatus) -> NoReturn:
        self._refusal = status
        raise ValueError(status.phrase)

    def _answer(self, status: http.HTTPStatus) -> None:
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: 0\r\nconnection: close"
        self.transport.write(f"{head}\r\n\r\n".encode())
        self.transport.close()

    def _arm(self) -> None:
        self._disarm()
        self._timer = self.loop.call_later(self.head_seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self._answering():
            # It waits for us as much as we for it: the next request was sent ahead.
            self._arm()
        elif self._in_body:
            self.transport.close()
        elif not self.transport.is_closing():
            self._answer(http.HTTPStatus.REQUEST_TIMEOUT)
