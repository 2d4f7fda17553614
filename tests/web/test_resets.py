"""Nothing is kept of a connection that its client has reset."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import struct
import weakref
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from uvicorn.server import ServerState

from certdesk.web.connections.acceptor import Acceptor, Rules
from certdesk.web.connections.protocol import LimitedProtocol
from certdesk.web.connections.seats import Seats
from certdesk.web.peers import NO_PROXIES
from certdesk.web.server import loop_factory
from tests.own_certificate import CHAIN, KEY, own_certificate
from tests.web.inprocess import ROOM, told_back

RESETS = 4
RESET = struct.pack("ii", 1, 0)
LONG = 600
"""Seconds of each time-out: a timer that is left outlives the test."""

SENT = {
    "nothing": b"",
    "a piece of a head": b"GET / HTTP/1.1\r\nHost: a.exa",
    "a piece of a body": b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\n\r\n{",
    "a request": b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "a body after its answer": b"POST /early HTTP/1.1\r\nHost: a.example\r\n"
    b"Content-Length: 9\r\n\r\n{",
}
ANSWERED = ("a request", "a body after its answer")


@pytest.mark.parametrize("has_tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("sent", SENT)
def test_a_reset_connection_leaves_no_object_and_no_timer(
    sent: str, tmp_path: Path, *, has_tls: bool
) -> None:
    """Whatever the client had sent, or read. A timer would keep all that the connection has."""
    tls = None
    if has_tls:
        now = datetime.now(UTC)
        own_certificate(tmp_path, now, now + timedelta(days=1))
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(tmp_path / CHAIN, tmp_path / KEY)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        assert runner.run(kept(sent, tls)) == 0


async def kept(sent: str, tls: ssl.SSLContext | None) -> int:
    """Have connections reset; return how many of their protocols exist afterwards."""
    seats, made = Seats(ROOM), []
    config = uvicorn.Config(
        told_back, ws="none", lifespan="off", log_config=None, timeout_keep_alive=LONG
    )
    config.load()

    def protocol() -> LimitedProtocol:
        one = LimitedProtocol(config, ServerState(), {})
        one.head_seconds = one.write_seconds = LONG
        made.append(weakref.ref(one))
        return one

    with socket.create_server(("127.0.0.1", 0)) as listener:
        rules = Rules(peers=NO_PROXIES, seats=seats, tls=tls, handshake_seconds=LONG, alone=True)
        acceptor = Acceptor(listener, rules, protocol)
        acceptor.open(RESETS)
        for _ in range(RESETS):
            await asyncio.to_thread(connect_and_reset, listener.getsockname(), sent, tls)
        while len(made) < RESETS or len(seats):  # noqa: ASYNC110 -- they are counted, no event tells
            await asyncio.sleep(0.001)
        acceptor.close()
        await acceptor.wait_closed()
    # What the event loop still has to do is done in its next turns.
    await asyncio.sleep(0.001)
    gc.collect()
    return sum(one() is not None for one in made)


def connect_and_reset(address: tuple[str, int], sent: str, tls: ssl.SSLContext | None) -> None:
    """Connect, send, read the answer if there is one, and reset the connection."""
    line = socket.create_connection(address)
    if tls is not None:
        line = trusting_anybody().wrap_socket(line)
    with line:
        line.sendall(SENT[sent])
        if sent in ANSWERED:
            assert line.recv(65536).startswith(b"HTTP/1.1 200")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def trusting_anybody() -> ssl.SSLContext:
    """Return the context of a client that does not look at the certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
