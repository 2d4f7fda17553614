"""Clients: processes that send prepared requests, one after the other, on kept connections."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

PROCESSES = 2
CONNECTIONS = 8
"""In each process."""

CHUNK = 65536


class Load:
    """Clients that are up and wait for work; requests are signed and built before they start."""

    def __init__(self, clients: list[Connection]) -> None:
        """Send through `clients`; `clients_up` starts them."""
        self._clients = clients

    def run(self, endpoint: str, requests: list[bytes]) -> tuple[float, list[bytes]]:
        """Send all requests, each connection its share; give the seconds and the bodies.

        Raises:
            RuntimeError: a reply was an error.
        """
        for number, client in enumerate(self._clients):
            client.send((endpoint, requests[number :: len(self._clients)]))
        for client in self._clients:
            client.recv()
        for client in self._clients:
            client.send("go")
        done = [client.recv() for client in self._clients]
        bodies = [body for _, _, some in done for body in some]
        refused = [body for body in bodies if b'"Error"' in body]
        if refused or len(bodies) != len(requests):
            raise RuntimeError(f"{len(refused)} refused: {refused[:1]}")
        return max(end for _, end, _ in done) - min(begin for begin, _, _ in done), bodies


@contextlib.contextmanager
def clients_up() -> Iterator[Load]:
    """Have the client processes as long as the context lasts."""
    fresh = multiprocessing.get_context("spawn")
    pipes = [fresh.Pipe() for _ in range(PROCESSES)]
    processes = [fresh.Process(target=_client, args=(far,), daemon=True) for _, far in pipes]
    for process in processes:
        process.start()
    try:
        yield Load([near for near, _ in pipes])
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _client(orders: Connection) -> None:
    """Carry out one run after the other: connect, say so, wait for the start, report."""
    # Ctrl-C reaches the whole group; the parent ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        while True:
            endpoint, requests = orders.recv()
            lines = [connect(endpoint) for _ in range(CONNECTIONS)]
            shares = [requests[number::CONNECTIONS] for number in range(CONNECTIONS)]
            orders.send("ready")
            orders.recv()
            converse = functools.partial(_converse, endpoint)
            begin = time.monotonic()
            bodies = [body for some in threads.map(converse, lines, shares) for body in some]
            orders.send((begin, time.monotonic(), bodies))


def connect(endpoint: str) -> socket.socket:
    """Connect to HOST:PORT."""
    host, _, port = endpoint.rpartition(":")
    return socket.create_connection((host, int(port)))


def _converse(endpoint: str, line: socket.socket, requests: list[bytes]) -> list[bytes]:
    bodies = []
    for request in requests:
        body, closes = exchange(line, request)
        bodies.append(body)
        if closes:
            # A server that keeps no connections has each request on one of its own.
            line.close()
            line = connect(endpoint)
    line.close()
    return bodies


def exchange(line: socket.socket, request: bytes) -> tuple[bytes, bool]:
    """Send a request; give the body of the reply, and whether the server closes the connection."""
    line.sendall(request)
    reply = b""
    while b"\r\n\r\n" not in reply:
        reply += _more(line)
    head, _, body = reply.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += _more(line)
    return body, b"connection: close" in head.lower()


def _more(line: socket.socket) -> bytes:
    chunk = line.recv(CHUNK)
    if not chunk:
        raise ConnectionError("the server closed the connection")
    return chunk
