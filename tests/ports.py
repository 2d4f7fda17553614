"""Ports of the loopback for servers that have to be told theirs."""

from __future__ import annotations

import contextlib
import secrets
import socket

FIRST, COUNT = 20_000, 12_000
"""Below the ports that systems give to whoever asks for any (Linux: 32768 and more)."""


def free_port() -> int:
    """Find a port that nobody has by UDP or TCP, and nobody gets who asks for any port.

    So it is still free when the server that it is for has started.
    """
    while True:
        port = FIRST + secrets.randbelow(COUNT)
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            contextlib.suppress(OSError),
        ):
            udp.bind(("127.0.0.1", port))
            tcp.bind(("127.0.0.1", port))
            return port
