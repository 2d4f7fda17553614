"""How much of the data written to a connection its client has read, as the kernel knows it.

The event loop's buffer is no measure: under TLS, the transport passes everything on and reports an
empty buffer.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import sys
import termios
from typing import TYPE_CHECKING

from certdesk.domain.values.record import Record

if TYPE_CHECKING:
    import asyncio

IS_LINUX = sys.platform == "linux"

_COUNT = struct.Struct("i")
_BYTES_ACKED = struct.Struct("120xQ")
"""`tcpi_bytes_acked` in Linux's `struct tcp_info` (since 4.1)."""


class Mark(Record):
    """A snapshot: the bytes that wait for the client, and all that it has read."""

    at: float
    waiting: int
    taken: int


class Sent:
    """The progress of one connection's client in reading.

    On systems other than Linux, only the transport's own buffer is known, which says nothing under
    TLS.
    """

    def __init__(self, line: socket.socket, transport: asyncio.Transport) -> None:
        """Watch a connection."""
        self._line = line
        self._transport = transport

    def waiting(self) -> int:
        """Return how many written bytes the client has not acknowledged."""
        held = self._transport.get_write_buffer_size()
        if not IS_LINUX:
            return held
        try:
            queued = fcntl.ioctl(self._line.fileno(), termios.TIOCOUTQ, bytes(_COUNT.size))
        except (OSError, ValueError):  # It is closed, and its protocol does not know yet.
            return 0
        return held + int(_COUNT.unpack(queued)[0])

    def is_waiting(self) -> bool:
        """Return whether there is data that the client has not read yet."""
        return self.waiting() > 0

    def taken(self) -> int:
        """Return how many bytes the client has read so far; only differences are meaningful."""
        if not IS_LINUX:
            return -self._transport.get_write_buffer_size()
        try:
            info = self._line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED.size)
        except (OSError, ValueError):  # As above.
            return 0
        return int(_BYTES_ACKED.unpack(info)[0])
