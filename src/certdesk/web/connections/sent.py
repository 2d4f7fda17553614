"""How much of what was written to a connection its client has taken, as the kernel knows it.

What the event loop holds back is no measure: under TLS, the transport hands everything on and
reports an empty buffer.
"""

from __future__ import annotations

import dataclasses
import fcntl
import socket
import struct
import sys
import termios
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

IS_LINUX = sys.platform == "linux"

_COUNT = struct.Struct("i")
_BYTES_ACKED = struct.Struct("120xQ")
"""`tcpi_bytes_acked` in Linux's `struct tcp_info` (since 4.1)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """What was seen at a moment: bytes that wait for the client, and all that it has taken."""

    at: float
    waiting: int
    taken: int


class Sent:
    """Tells of one connection what its client takes.

    Where the system is not Linux, only the transport's own buffer is known, which says nothing
    under TLS.
    """

    def __init__(self, line: socket.socket, transport: asyncio.Transport) -> None:
        """Watch a connection; nothing is asked yet."""
        self._line = line
        self._transport = transport

    def waiting(self) -> int:
        """Count bytes that are written and that the client has not acknowledged."""
        held = self._transport.get_write_buffer_size()
        if not IS_LINUX:
            return held
        try:
            queued = fcntl.ioctl(self._line.fileno(), termios.TIOCOUTQ, bytes(_COUNT.size))
        except (OSError, ValueError):  # It is closed, and its protocol is not told yet.
            return 0
        return held + int(_COUNT.unpack(queued)[0])

    def is_waiting(self) -> bool:
        """Return whether there is something that the client has not taken yet."""
        return self.waiting() > 0

    def taken(self) -> int:
        """Count bytes that the client has taken so far; only differences mean something."""
        if not IS_LINUX:
            return -self._transport.get_write_buffer_size()
        try:
            info = self._line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED.size)
        except (OSError, ValueError):  # As above.
            return 0
        return int(_BYTES_ACKED.unpack(info)[0])
