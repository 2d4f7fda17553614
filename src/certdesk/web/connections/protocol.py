"""HTTP/1.1 with limits: uvicorn's protocol, with limits on a head's size and time.

The limits are 32 KiB for the request line, as the API's GET form needs; for headers 32 KiB in all,
8 KiB each, 100 at most; 10 s for the head. Broken HTTP gets a 4xx answer and the connection is
closed; the API answers everything else.

The parser gets one request at a time (`framing.py`): pipelined bytes are read once the earlier
request is answered. A request may be answered before its body has arrived (an unknown key, a body
that is too large). The rest of the body is then read and dropped, within limits, so that the client
gets to read the answer.
"""

from __future__ import annotations

import asyncio
import http
import socket
import struct
from typing import NoReturn

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from certdesk.web.connections.framing import BETWEEN, DONE, HEAD, Broken, Framing
from certdesk.web.connections.heads import body_length, check_head
from certdesk.web.connections.offers import body_parser
from certdesk.web.connections.seats import SEAT, Seat, Seats
from certdesk.web.connections.sent import Mark, Sent

KIB = 1024
REQUEST_LINE = 32 * KIB
HEADERS_TOTAL = 32 * KIB
HEADER_LINE = 8 * KIB
HEADER_COUNT = 100
# The API's largest body is 10 MiB; the rest leaves room for chunk sizes.
BODY_BYTES = 16 * KIB * KIB
IN_HEAD = (BETWEEN, HEAD)
AT_ONCE = struct.pack("ii", 1, 0)
WRITE_RATE = KIB
"""The lowest rate at which a client must read, in bytes a second over `write_seconds`."""


class LimitedProtocol(HttpToolsProtocol):
    """One connection; `head_seconds` is how long a request's head may take to arrive."""

    head_seconds: float
    write_seconds: float
    more_headers = ""
    seats: Seats
    seat: Seat
    _refusal: http.HTTPStatus | None = None
    _timer: asyncio.TimerHandle | None = None
    _is_offered = False
    """Whether the head just read offers another protocol and has a body."""
    _header_bytes = 0
    _body_bytes = 0
    _sent: Sent | None = None
    _mark: Mark | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn narrows it
        """Start to wait for a head."""
        super().connection_made(transport)
        self._framing = Framing()
        self.seats.shaken(self.seat)
        self.seat.close = transport.abort
        line = transport.get_extra_info("socket")
        if line is not None:
            self._sent = Sent(line, transport)
            self.seat.is_writing = self._sent.is_waiting
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting, and give up the seat."""
        self._disarm()
        # uvicorn leaves this timer to run if the client has reset the connection.
        self._unset_keepalive_if_required()
        self.seats.leave(self.seat)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; pipelined ones are left for later."""
        self._framing.add(data)
        if self._framing.part is DONE and self._answering():
            self.flow.pause_reading()
            return
        was_resting = self._is_resting()
        self._feed()
        if not self._answering() and (was_resting or not self._is_resting()):
            # Blank lines belong to no request, and the rest may belong to an answered one: neither
            # may keep the connection open.
            self._wait()

    def _feed(self) -> None:
        """Feed the parser what has arrived of the current request, then of the next one."""
        try:
            while self._feed_piece():
                pass
        except Broken as broken:
            self._answer(broken.status)

    def _feed_piece(self) -> bool:
        framing = self._framing
        if self.transport.is_closing():
            return False
        if framing.part is DONE and not self._answering():
            framing.next_request()
        in_body = framing.part not in IN_HEAD
        piece = framing.piece()
        if not piece:
            return False
        self._body_bytes += len(piece) if in_body else 0
        super().data_received(piece)
        if self.transport.is_closing():
            return False
        if self._is_offered:
            self._is_offered = False
            self.parser = body_parser(self, body_length(self.headers))
        if framing.part is HEAD and framing.head_bytes > REQUEST_LINE + HEADERS_TOTAL:
            raise Broken(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if self._body_bytes > BODY_BYTES:
            self.transport.close()
        return not self.transport.is_closing()

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self.scope[SEAT] = self.seat  # type: ignore[literal-required]  # a key of the desk's own
        self.seats.turn(self.seat)
        self._header_bytes, self._body_bytes = 0, 0
        self._arm()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request line."""
        super().on_url(url)
        if len(self.url) > REQUEST_LINE:
            self._refuse(http.HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header line; one after the body is dropped (RFC 9110, 6.5.1), but counted."""
        if self._framing.part is HEAD:
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
        """End the head; refuse an ambiguous one."""
        self._disarm()
        if not check_head(self.url, self.headers, version=self.parser.get_http_version()):
            self._refuse(http.HTTPStatus.BAD_REQUEST)
        if not any(name == b"host" for name, _ in self.headers):
            # As an empty Host, which HTTP/1.1 allows for this case (RFC 9112, 3.2).
            self.headers.append((b"host", b""))
        self._framing.expect_body(body_length(self.headers))
        super().on_headers_complete()
        if self.parser.should_upgrade():
            self._is_offered = self._framing.part is not DONE
            # The parser reads no more from this connection.
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """End a request, if its framing agrees."""
        if self._is_offered:
            # The parser has seen an offer, and does not expect a body.
            return
        if self._framing.part is not DONE:
            self._refuse(http.HTTPStatus.BAD_REQUEST)
        self._disarm()
        self.seat.busy = self._answering() and not self.seat.slowed
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Continue with the rest of the request, or with the next one."""
        self.seats.turn(self.seat)
        super().on_response_complete()
        self._feed()
        if not self._answering() and not self._is_resting():
            self._wait()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Answer broken HTTP with the status that fits."""
        self._answer(self._refusal or http.HTTPStatus.BAD_REQUEST)

    def shutdown(self) -> None:
        """Shut down gracefully; do not wait for an answer that is only delayed."""
        if self.seat.slowed:
            self.transport.close()
        super().shutdown()

    def check_progress(self, now: float) -> None:
        """Close the connection if its client does not read; `now` is monotonic."""
        if self._sent is None:
            return
        waiting, taken = self._sent.waiting(), self._sent.taken()
        if waiting and self._mark is not None:
            seconds = now - self._mark.at
            if seconds < self.write_seconds:
                return
            if taken - self._mark.taken < min(self._mark.waiting, WRITE_RATE * seconds):
                self._drop()
        self._mark = Mark(now, waiting, taken) if waiting else None

    def _is_resting(self) -> bool:
        """Return whether no incomplete request has begun."""
        return self._framing.part in (BETWEEN, DONE)

    def _drop(self) -> None:
        """Reset the connection, so that the kernel drops the answer too."""
        line = self.transport.get_extra_info("socket")
        if line is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.transport.abort()

    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's own type leaves out None
        return cycle is not None and not cycle.response_complete

    def _refuse(self, status: http.HTTPStatus) -> NoReturn:
        self._refusal = status
        raise ValueError(status.phrase)

    def _answer(self, status: http.HTTPStatus) -> None:
        """Refuse the current request and end the connection.

        A request that is already answered gets no second answer, which would be taken for the
        answer to the next one.
        """
        if self._framing.part in IN_HEAD or self._answering():
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: 0\r\n"
            more = f"{self.more_headers}cache-control: no-store\r\nconnection: close\r\n\r\n"
            self.transport.write(f"{head}{more}".encode())
        if self._answering():
            self.cycle.disconnected = True
        self.transport.close()

    def _wait(self) -> None:
        """Limit the wait for bytes to that for a head, unless that limit is already set."""
        if self._timer is None and not self.transport.is_closing():
            self._arm()

    def _arm(self) -> None:
        self._disarm()
        self._timer = self.loop.call_later(self.head_seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self._answer(http.HTTPStatus.REQUEST_TIMEOUT)
