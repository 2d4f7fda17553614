"""Accepting connections: which are allowed, and whether there is a seat.

The event loop's own server would do the TLS handshake before it shows the peer.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import ipaddress
import socket
import time
from typing import TYPE_CHECKING

import structlog

from certdesk.domain.values.addresses import Address, block_of, unmapped
from certdesk.domain.values.record import Record
from certdesk.web.connections.protocol import LimitedProtocol
from certdesk.web.connections.seats import Seat, Seats
from certdesk.web.peers import Peers

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

AT_ONCE = 8
"""Connections accepted at a time. Then data that has arrived on earlier connections is read, so
that a rush of new connections does not close those."""

TURN_SECONDS = 0.001
"""How long a process leaves the next connection to other processes, which shares them evenly."""

PAUSE_SECONDS = 1
"""The pause in accepting after no file could be opened for a connection."""

NO_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
TLS_END_SECONDS = 5
"""How long a client may take to agree to the end of its TLS connection."""

TOLD_SECONDS = 60
"""How often the log reports refused connections."""

FULL = b"HTTP/1.1 503 Service Unavailable\r\n"
NOT_PLAIN = b"HTTP/1.1 403 Forbidden\r\n"
_NO_MORE = b"content-length: 0\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"

log = structlog.get_logger()


class Rules(Record, kw_only=True, gc=True):
    """The rules for accepting connections; `tls` is None for plain HTTP.

    `alone` means that no other process accepts on the same socket.
    """

    peers: Peers
    seats: Seats
    tls: ssl.SSLContext | None
    handshake_seconds: float
    alone: bool


class Acceptor:
    """A server on a listening socket, in place of `asyncio.Server`."""

    def __init__(
        self, listener: socket.socket, rules: Rules, protocol: Callable[[], LimitedProtocol]
    ) -> None:
        """Accept connections by `rules`; `protocol` creates the protocol of one."""
        self._listener = listener
        self._rules = rules
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._coming: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._told: dict[str, float] = {}
        self._is_open = True

    def open(self, backlog: int) -> None:
        """Start to accept."""
        self._listener.settimeout(0)
        self._listener.listen(backlog)
        self._watch()

    def close(self) -> None:
        """Stop accepting; accepted connections stay open."""
        self._is_open = False
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener)
        for task in self._coming:
            task.cancel()

    async def wait_closed(self) -> None:
        """Wait for connections that are still being accepted."""
        if self._coming:
            await asyncio.wait(self._coming)

    def _watch(self) -> None:
        self._pause = None
        if self._is_open:
            self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        for _ in range(AT_ONCE if self._rules.alone else 1):
            try:
                connection, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._rest(error)
                return
            connection.settimeout(0)
            peer = unmapped(ipaddress.ip_address(address[0].partition("%")[0]))
            self._admit(connection, peer)
        if not self._rules.alone:
            self._pause_for(TURN_SECONDS)

    def _rest(self, error: OSError) -> None:
        """Pause accepting: the connection that failed would be offered again at once."""
        self._tell("no connection can be accepted", error=str(error))
        if error.errno in NO_FILES:
            self._pause_for(PAUSE_SECONDS)

    def _pause_for(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._pause = self._loop.call_later(seconds, self._watch)

    def _admit(self, connection: socket.socket, peer: Address) -> None:
        rules = self._rules
        if rules.tls is None and not rules.peers.may_speak_plainly(peer):
            setting = "http.plain_networks"
            self._tell(
                "refused plain HTTP to a peer beyond loopback", peer=str(peer), setting=setting
            )
            self._refuse(connection, NOT_PLAIN)
            return
        block = None if rules.peers.is_proxy(peer) else block_of(peer)
        seat = rules.seats.take(block, connection.close, shaking=rules.tls is not None)
        if seat is None:
            self._tell("refused a connection: all are in use", peer=str(peer))
            self._refuse(connection, FULL)
            return
        task = self._loop.create_task(self._let_in(connection, seat))
        seat.close = functools.partial(_cancel, task)
        self._coming.add(task)
        task.add_done_callback(functools.partial(self._came, connection, seat))

    async def _let_in(self, connection: socket.socket, seat: Seat) -> None:
        """Do the TLS handshake and pass the connection to its own protocol."""
        rules = self._rules

        def protocol() -> LimitedProtocol:
            made = self._protocol()
            made.seats, made.seat = rules.seats, seat
            return made

        secured = {
            "ssl_handshake_timeout": rules.handshake_seconds,
            "ssl_shutdown_timeout": TLS_END_SECONDS,
        }
        await self._loop.connect_accepted_socket(
            protocol, connection, ssl=rules.tls, **(secured if rules.tls else {})
        )

    def _came(self, connection: socket.socket, seat: Seat, task: asyncio.Task[None]) -> None:
        """Close a connection that was not passed to a protocol.

        Its handshake failed or took too long, or it lost its seat, perhaps before the task began.
        """
        self._coming.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, OSError):
            log.error("a connection was lost", error=repr(error))
        if task.cancelled() or error is not None:
            self._rules.seats.leave(seat)
            connection.close()

    def _refuse(self, connection: socket.socket, line: bytes) -> None:
        """Close a connection; without TLS, send the reason first, even with no request."""
        with contextlib.suppress(OSError):
            if self._rules.tls is None:
                connection.send(line + _NO_MORE)
        connection.close()

    def _tell(self, event: str, **facts: str) -> None:
        now = time.monotonic()
        if now - self._told.get(event, -TOLD_SECONDS) >= TOLD_SECONDS:
            self._told[event] = now
            log.warning(event, **facts)


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
