"""The boundaries between the requests on a connection (RFC 9112, 2.2, 6 and 7.1).

Bytes arrive in pieces of any size. They are split here so that the parser never gets bytes of two
requests at once. So limits count each request's own bytes, chunk extensions can be measured, and
pipelined bytes wait unread until the earlier request is answered. The parser finds the same
boundaries independently; if the two disagree, the request is refused.
"""

from __future__ import annotations

import enum
import http
import re

KIB = 1024
CHUNK_EXTENSIONS = KIB
"""The most bytes of a chunk's extensions; all extensions are ignored."""

CHUNKING = 64 * KIB
CHUNKING_PART = 8
"""The bytes of framing (sizes and the like) that a chunked body may have, in addition to an eighth
of its content."""

TRAILER_LINE = 8 * KIB

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;(.*))?", re.DOTALL)
_END = b"\r\n"
_HEAD_END = b"\r\n\r\n"


class Broken(Exception):
    """The bytes are not a request; `status` says why."""

    def __init__(self, status: http.HTTPStatus) -> None:
        """Store the status."""
        self.status = status
        super().__init__(status.phrase)


class Part(enum.Enum):
    """The part of a request that the next bytes belong to."""

    BETWEEN = enum.auto()
    HEAD = enum.auto()
    BODY = enum.auto()
    CHUNK_SIZE = enum.auto()
    CHUNK = enum.auto()
    TRAILER = enum.auto()
    DONE = enum.auto()


BETWEEN, HEAD, DONE = Part.BETWEEN, Part.HEAD, Part.DONE


class Framing:
    """A splitter of a connection's bytes into pieces that each belong to one request.

    `part` is where the next byte belongs. `head_bytes` counts the bytes of the current head.
    """

    def __init__(self) -> None:
        """Begin before the first request."""
        self.part = BETWEEN
        self.head_bytes = 0
        self._data = b""
        self._at = 0
        self._tail = b""
        self._left = 0
        self._content = 0
        self._chunking = 0
        self._readers = {
            HEAD: self._head,
            Part.BODY: self._content_piece,
            Part.CHUNK: self._content_piece,
            Part.CHUNK_SIZE: self._chunk_size,
            Part.TRAILER: self._trailer,
        }

    def add(self, data: bytes) -> None:
        """Take bytes as they arrive."""
        self._data = self._data[self._at :] + data if self._at < len(self._data) else data
        self._at = 0

    def next_request(self) -> None:
        """Begin with the next request; the current one must be complete."""
        self.part = BETWEEN

    def expect_body(self, length: int | None) -> None:
        """Set the length of the body after the head that has just ended; None is chunked."""
        self._content = self._chunking = 0
        self._left = length or 0
        self.part = Part.CHUNK_SIZE if length is None else Part.BODY if length else DONE

    def piece(self) -> bytes:
        """Return the next piece of the current request; empty if more is needed or it is done.

        Raises:
            Broken: the piece is not valid there.
        """
        if self.part is BETWEEN:
            self._skip_blank_lines()
        read = self._readers.get(self.part)
        return read() if read else b""

    def _skip_blank_lines(self) -> None:
        """Skip the blank lines allowed before a request line (RFC 9112, 2.2)."""
        self._data, self._at = self._data[self._at :].lstrip(_END), 0
        if self._data:
            self.part, self.head_bytes, self._tail = HEAD, 0, b""

    def _take(self, size: int) -> bytes:
        """Take the next bytes, at most `size`."""
        piece = self._data[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def _head(self) -> bytes:
        """Return what has arrived of a head, up to its end."""
        # The end marker may arrive in pieces.
        seam = self._tail + self._data[self._at : self._at + len(_HEAD_END) - 1]
        found = seam.find(_HEAD_END)
        if found >= 0:
            size = found + len(_HEAD_END) - len(self._tail)
        else:
            end = self._data.find(_HEAD_END, self._at)
            size = len(self._data) - self._at if end < 0 else end + len(_HEAD_END) - self._at
        piece = self._take(size)
        self._tail = (self._tail + piece[-len(_HEAD_END) + 1 :])[-len(_HEAD_END) + 1 :]
        self.head_bytes += len(piece)
        return piece

    def _content_piece(self) -> bytes:
        piece = self._take(self._left)
        self._left -= len(piece)
        if not self._left:
            self.part = DONE if self.part is Part.BODY else Part.CHUNK_SIZE
        return piece

    def _chunk_size(self) -> bytes:
        line = self._line(8 + 1 + CHUNK_EXTENSIONS, http.HTTPStatus.BAD_REQUEST)
        if not line:
            return b""
        found = _SIZE.fullmatch(line[: -len(_END)])
        if found is None or len(found[2] or b"") > CHUNK_EXTENSIONS:
            raise Broken(http.HTTPStatus.BAD_REQUEST)
        size = int(found[1], 16)
        self._content += size
        self._chunking += len(line) + len(_END)
        if self._chunking > CHUNKING + self._content // CHUNKING_PART:
            raise Broken(http.HTTPStatus.BAD_REQUEST)
        self.part, self._left = (Part.CHUNK, size + len(_END)) if size else (Part.TRAILER, 0)
        return line

    def _trailer(self) -> bytes:
        line = self._line(TRAILER_LINE, http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if line == _END:
            self.part = DONE
        return line

    def _line(self, most: int, status: http.HTTPStatus) -> bytes:
        """Return a whole line; nothing until its end has arrived."""
        end = self._data.find(_END, self._at, self._at + most + len(_END))
        if end < 0:
            if len(self._data) - self._at > most + 1:
                raise Broken(status)
            return b""
        return self._take(end + len(_END) - self._at)
