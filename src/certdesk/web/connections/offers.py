"""Bodies of requests that offer to change the protocol; the offer is ignored (RFC 9110, 7.8).

After such an offer, the parser treats everything after the head as the other protocol. So a second
parser gets the body, after a head with the same framing and without the offer.
"""

from __future__ import annotations

from typing import Protocol

import httptools


class BodyTaker(Protocol):
    """A receiver for the parts of a body as they are found."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a trailer field, after the body."""
        ...

    def on_body(self, body: bytes) -> None:
        """Take a piece of the content."""
        ...

    def on_message_complete(self) -> None:
        """Take note that the body has ended."""
        ...


class _BodyAlone:
    """A filter that passes on what follows the head."""

    def __init__(self, taker: BodyTaker) -> None:
        self._taker = taker
        self._is_behind_head = False
        self.on_body = taker.on_body
        self.on_message_complete = taker.on_message_complete

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_behind_head:
            self._taker.on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_behind_head = True


def body_parser(taker: BodyTaker, length: int | None) -> httptools.HttpRequestParser:
    """Return a parser that expects a body of `length` bytes, or a chunked one if that is None."""
    parser = httptools.HttpRequestParser(_BodyAlone(taker))
    says = b"transfer-encoding: chunked" if length is None else b"content-length: %d" % length
    parser.feed_data(b"POST / HTTP/1.1\r\n" + says + b"\r\n\r\n")
    return parser
