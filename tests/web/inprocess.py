"""The protocol of a connection inside the test's process, so that a test says how bytes arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.server import ServerState

from certdesk.web.connections.protocol import LimitedProtocol
from certdesk.web.connections.seats import SeatLimits, Seats

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

ROOM = SeatLimits(all=10, block=10, shaking=10)


class Line(asyncio.Transport):
    """The network's end of a connection: keeps what is written."""

    def __init__(self) -> None:
        """Begin open and empty."""
        super().__init__({"peername": ("127.0.0.1", 4711), "sockname": ("127.0.0.1", 80)})
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep what is written, until the end."""
        if not self.closed:
            self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        """All is taken at once."""
        return 0

    def is_closing(self) -> bool:
        """Tell whether the connection has ended."""
        return self.closed

    def close(self) -> None:
        """End the connection."""
        self.closed = True

    def abort(self) -> None:
        """End the connection."""
        self.closed = True

    def pause_reading(self) -> None:
        """Nothing is read by itself."""

    def resume_reading(self) -> None:
        """Nothing is read by itself."""


async def told_back(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the path and the body; to `/early` at once, before the body is there."""
    body, more = b"", scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
    text = scope["path"].encode() + b" %d %d" % (len(body), sum(body))
    head = [(b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": text})


async def _conversation(pieces: Iterable[bytes], *, hurried: bool) -> tuple[bytes, bool]:
    config = uvicorn.Config(told_back, ws="none", lifespan="off", log_config=None, access_log=False)
    protocol = LimitedProtocol(config, ServerState(), {})
    protocol.head_seconds = protocol.write_seconds = 60
    protocol.seats = Seats(ROOM)
    line = Line()
    seat = protocol.seats.take("127.0.0.1", line.abort, shaking=False)
    assert seat is not None
    protocol.seat = seat
    protocol.connection_made(line)
    for piece in pieces:
        if not line.closed:
            protocol.data_received(piece)
        for _ in range(0 if hurried else 8):
            await asyncio.sleep(0)
    for _ in range(100):
        await asyncio.sleep(0)
    ended = line.closed
    protocol.connection_lost(None)
    return line.written, ended


def conversation(pieces: Iterable[bytes], *, hurried: bool = False) -> tuple[bytes, bool]:
    """Send pieces on a connection; give all answers, and whether the desk has ended it.

    `hurried` sends all of them before anything is answered.
    """
    return asyncio.run(_conversation(pieces, hurried=hurried))
