"""The floor: a bare ASGI application that reads the body and answers, on the desk's settings.

Run as a program with a listening socket's number, which its parent passes on.
"""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from certdesk.web.connections.protocol import LimitedProtocol

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

REPLY = b'{"Response":{"RequestId":"00000000-0000-4000-8000-000000000000"}}'
HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(REPLY)).encode()),
]


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
        http=LimitedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
    )
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
