"""Clients that hold connections open and hardly say a word on them, all in one thread."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator

from tests.running import Keys, RunningDesk
from tests.web.raw import head

DROP_SECONDS = 1.0
"""How often each slow connection sends a drop."""

SOURCE = "127.0.8.1"
"""Where they come from: others have an address of their own."""

Beginning = Callable[[], bytes]


class Line:
    """A connection that begins in some way and then drips; it is made anew when it was closed."""

    def __init__(self, address: tuple[str, int], beginning: Beginning, drop: bytes) -> None:
        """Connect."""
        self._address, self._beginning, self._drop = address, beginning, drop
        self.connections = 0
        self._connect()

    def go_on(self) -> None:
        """Send a drop, on a new connection where the desk has closed the old one."""
        try:
            with contextlib.suppress(BlockingIOError):
                while self._socket.recv(65536):
                    pass
                raise ConnectionResetError
            self._socket.send(self._drop)
        except (ConnectionError, BlockingIOError):
            self.close()
            self._connect()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _connect(self) -> None:
        self.connections += 1
        self._socket = socket.create_connection(self._address, 20, (SOURCE, 0))
        self._socket.sendall(self._beginning())
        self._socket.settimeout(0)


@contextlib.contextmanager
def stalling(
    desk: RunningDesk, keys: Keys, *, idle: int, slow_heads: int, slow_bodies: int
) -> Iterator[list[Line]]:
    """Keep so many connections of each kind open as long as the context lasts.

    Half of the idle ones have never asked anything, and half rest after an answer.
    """
    host, _, port = desk.endpoint.rpartition(":")

    def lines(count: int, drop: bytes, *beginnings: Beginning) -> list[Line]:
        kinds = itertools.islice(itertools.cycle(beginnings), count)
        return [Line((host, int(port)), beginning, drop) for beginning in kinds]

    def begun_body() -> bytes:
        return head(desk.endpoint, keys, "DescribeCompanies", b"{}", "Content-Length: 200000")

    health = f"GET /healthz HTTP/1.1\r\nHost: {desk.endpoint}\r\n\r\n".encode()
    held = lines(idle, b"", lambda: b"", lambda: health)
    held += lines(slow_heads, b"X-A: a\r\n", lambda: health.removesuffix(b"\r\n"))
    held += lines(slow_bodies, b" ", begun_body)
    ended = threading.Event()

    def drip() -> None:
        while not ended.wait(DROP_SECONDS):
            for line in held:
                line.go_on()

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        yield held
    finally:
        ended.set()
        dripping.join()
        for line in held:
            line.close()
