"""The floor: a bare ASGI application that reads the body and answers, on the desk's HTTP server.

Run as a program with a listening socket's number, which its parent passes on.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from certdesk.settings import Settings
from certdesk.web.connections.protocol import LimitedProtocol
from certdesk.web.edge import edge_of
from certdesk.web.server import IDLE_SECONDS, Server
from certdesk.web.thread_pool import ThreadPool

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

REPLY = b'{"Response":{"RequestId":"00000000-0000-4000-8000-000000000000"}}'
HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(REPLY)).encode()),
]
SETTINGS = Settings(wrong_per_minute=0)
"""The desk's own limits; a client that asks often is not slowed."""


class Protocol(LimitedProtocol):
    """A connection with the desk's limits."""

    head_seconds = SETTINGS.head_seconds
    write_seconds = SETTINGS.write_seconds


async def echo(_: Scope, receive: Receive, send: Send) -> None:
    """Read the whole body and send a short reply."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": REPLY})


def main() -> None:
    """Serve until a signal ends it."""
    config = uvicorn.Config(
        echo,
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_SECONDS,
    )
    with (
        socket.socket(fileno=int(sys.argv[1])) as listener,
        ThreadPool(1, "echo") as threads,
        asyncio.Runner(loop_factory=config.get_loop_factory()) as runner,
    ):
        server = Server(config, SETTINGS, edge_of(SETTINGS, threads))
        runner.run(server.serve(sockets=[listener]))


if __name__ == "__main__":
    main()
