"""A small proxy before a server on a unix socket, which cuts a connection where a test says."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    Cut = Callable[["Pair"], None]


class Pair:
    """A client's connection, the server's that belongs to it, and what the client said last."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        """Belong together."""
        self.client = client
        self.server = server
        self.said = b""
        self.answers = True

    def end(self) -> None:
        """Close both, so that who waits for either learns of it."""
        for each in (self.client, self.server):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


class Proxy:
    """Passes bytes on both ways; `cut_at` names what is cut short once, and how.

    As a context it listens on `port` of 127.0.0.1.
    """

    def __init__(self, server: str) -> None:
        """Lead to the unix socket at `server`."""
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._words = b""
        self._cut: Cut | None = None
        self._pairs: list[Pair] = []
        self.port: int = self._listener.getsockname()[1]
        self.held = threading.Event()
        self.release = threading.Event()

    def cut_at(self, words: bytes, cut: Cut) -> None:
        """Give the next connection on which the client says `words` to `cut`."""
        self._words, self._cut = words, cut

    def before(self, pair: Pair) -> None:
        """Cut before the server hears it."""
        pair.end()

    def after(self, pair: Pair) -> None:
        """Cut when the server has carried it out, and before the client learns of it."""
        pair.answers = False
        pair.server.sendall(pair.said)

    def after_for_ever(self, pair: Pair) -> None:
        """The same, and let nobody in any more."""
        self._stop_listening()
        self.after(pair)

    def on_the_way(self, pair: Pair) -> None:
        """Cut the client off at once; the server hears it when `release` is set."""
        pair.answers = False
        with contextlib.suppress(OSError):
            pair.client.shutdown(socket.SHUT_RDWR)
        self.held.set()
        self.release.wait()
        pair.server.sendall(pair.said)

    def stand_still(self, pair: Pair) -> None:
        """Take it and say nothing, as a frozen server does; go on when `release` is set."""
        self.held.set()
        self.release.wait()
        pair.server.sendall(pair.said)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        """Cut everything."""
        self._stop_listening()
        self.release.set()
        for pair in self._pairs:
            pair.end()

    def _stop_listening(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                pair = Pair(client, server)
                self._pairs.append(pair)
                self._start(functools.partial(self._up, pair))
                self._start(functools.partial(self._down, pair))

    def _up(self, pair: Pair) -> None:
        with contextlib.suppress(OSError):
            while said := pair.client.recv(65536):
                if self._cut is not None and self._words in said:
                    cut, self._cut = self._cut, None
                    pair.said = said
                    cut(pair)
                    return
                pair.server.sendall(said)
        pair.end()

    def _down(self, pair: Pair) -> None:
        with contextlib.suppress(OSError):
            while (answer := pair.server.recv(65536)) and pair.answers:
                pair.client.sendall(answer)
        pair.end()

    def _start(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()
