"""Reads a body behind an offer to change the protocol, which is passed over (RFC 9110, 7.8).

A parser that has met such an offer takes all that follows the head for the other protocol. So the
body is given to a second one, behind a head that says the same of it and makes no offer.
"""

from __future__ import annotations

from typing import Protocol

import httptools


class BodyTaker(Protocol):
    """What takes the parts of a body as they are found."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header behind the body."""
        ...

    def on_body(self, body: bytes) -> None:
        """Take a piece of the content."""
        ...

    def on_message_complete(self) -> None:
        """Learn that the body has ended."""
        ...


class _BodyAlone:
    """Hands on what is found behind the head."""

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
    """Return a parser that expects a body of `length` bytes, or in chunks where that is None."""
    parser = httptools.HttpRequestParser(_BodyAlone(taker))
    says = b"transfer-encoding: chunked" if length is None else b"content-length: %d" % length
    parser.feed_data(b"POST / HTTP/1.1\r\n" + says + b"\r\n\r\n")
    return parser
