"""The client: a process that sends prepared requests on kept connections, and says what it took.

It is one thread that waits for all connections at once, so that it takes little of the CPU that
servers on the same cores need.
"""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Connection

from bench.machine import Cores, asking

CONNECTIONS = 16
CHUNK = 65536
MOST_SILENT = 120
"""Seconds without an answer after which the client gives up."""


@dataclasses.dataclass(frozen=True)
class Sent:
    """What became of requests.

    `seconds` passed from the first request to the last answer; `bodies` and `waits`, the seconds
    until each answer, are in the order of the requests; `cpu` are the client's seconds.
    """

    seconds: float
    bodies: list[bytes]
    waits: list[float]
    cpu: float


@dataclasses.dataclass(frozen=True)
class _Job:
    endpoint: str
    requests: list[bytes]
    connections: int
    cores: Cores
    pace: float | None


class Load:
    """A client that is up and waits for work; requests are signed and built before it starts."""

    def __init__(self, client: Connection) -> None:
        """Send through `client`; `client_up` starts it."""
        self._client = client

    def run(
        self,
        endpoint: str,
        requests: list[bytes],
        *,
        connections: int = CONNECTIONS,
        cores: Cores | None = None,
        pace: float | None = None,
    ) -> Sent:
        """Send requests, on each connection the next one as soon as it has its answer.

        With a `pace` there are no more than so many a second, and a wait begins when its request
        was due, whether or not a connection was free.

        Raises:
            RuntimeError: a reply was an error, or the client failed.
        """
        self._client.send(_Job(endpoint, requests, connections, cores or asking(), pace))
        sent = self._client.recv()
        if not isinstance(sent, Sent):
            raise RuntimeError(f"the client failed: {sent}")  # noqa: TRY004 - it told of an error
        refused = [body for body in sent.bodies if b'"Error"' in body]
        if refused:
            raise RuntimeError(f"{len(refused)} refused: {refused[:1]}")
        return sent


@contextlib.contextmanager
def client_up() -> Iterator[Load]:
    """Have the client process as long as the context lasts."""
    fresh = multiprocessing.get_context("spawn")
    near, far = fresh.Pipe()
    process = fresh.Process(target=_client, args=(far,), daemon=True)
    process.start()
    try:
        yield Load(near)
    finally:
        process.terminate()
        process.join()


def _client(jobs: Connection) -> None:
    """Carry out one job after the other."""
    # Ctrl-C reaches the whole group; the parent ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        job = jobs.recv()
        try:
            jobs.send(_converse(job))
        except (OSError, ValueError) as error:
            jobs.send(f"{type(error).__name__}: {error}")


def connect(endpoint: str) -> socket.socket:
    """Connect to HOST:PORT."""
    host, _, port = endpoint.rpartition(":")
    return socket.create_connection((host, int(port)))


class _Line:
    """A kept connection, and the reply that it receives."""

    def __init__(self, endpoint: str, ready: selectors.BaseSelector) -> None:
        self._endpoint = endpoint
        self._ready = ready
        self._reply = b""
        self.number = 0
        self.since = 0.0
        self._connect()

    def send(self, number: int, request: bytes, since: float) -> None:
        self.number, self.since = number, since
        self._socket.sendall(request)

    def receive(self) -> bytes | None:
        """Return the body of the reply if it is complete."""
        self._reply += _more(self._socket)
        found = _body(self._reply)
        if found is not None:
            self._reply = b""
            if found[1]:
                # A server that keeps no connections has each request on one of its own.
                self.close()
                self._connect()
        return found and found[0]

    def close(self) -> None:
        self._ready.unregister(self._socket)
        self._socket.close()

    def _connect(self) -> None:
        self._socket = connect(self._endpoint)
        self._ready.register(self._socket, selectors.EVENT_READ, self)


def _converse(job: _Job) -> Sent:
    os.sched_setaffinity(0, job.cores)
    bodies, waits = [b""] * len(job.requests), [0.0] * len(job.requests)
    with selectors.DefaultSelector() as ready:
        lines = [_Line(job.endpoint, ready) for _ in range(job.connections)]
        begin, cpu = time.monotonic(), time.process_time()
        gap = 1 / job.pace if job.pace else 0.0
        coming = deque((number, begin + gap * number) for number in range(len(job.requests)))
        idle = lines.copy()
        while coming or len(idle) < len(lines):
            now = time.monotonic()
            while coming and idle and coming[0][1] <= now:
                number, due = coming.popleft()
                idle.pop().send(number, job.requests[number], due if gap else time.monotonic())
            pause = max(0.0, coming[0][1] - now) if coming and idle else MOST_SILENT
            answered = ready.select(pause)
            if not answered and pause == MOST_SILENT:
                raise TimeoutError(f"no answer for {MOST_SILENT} s from {job.endpoint}")
            for key, _ in answered:
                line: _Line = key.data
                if (body := line.receive()) is not None:
                    bodies[line.number] = body
                    waits[line.number] = time.monotonic() - line.since
                    idle.append(line)
        seconds, cpu = time.monotonic() - begin, time.process_time() - cpu
        for line in lines:
            line.close()
    return Sent(seconds, bodies, waits, cpu)


def exchange(line: socket.socket, request: bytes) -> bytes:
    """Send a request; return the body of the reply."""
    line.sendall(request)
    reply = _more(line)
    while (found := _body(reply)) is None:
        reply += _more(line)
    return found[0]


def _body(reply: bytes) -> tuple[bytes, bool] | None:
    """Return the body, if all of it is there, and whether the server closes the connection."""
    head, end, body = reply.partition(b"\r\n\r\n")
    fields = head.lower()
    if not end or len(body) < int(fields.partition(b"content-length:")[2].split(b"\r\n", 1)[0]):
        return None
    return body, b"connection: close" in fields


def _more(line: socket.socket) -> bytes:
    chunk = line.recv(CHUNK)
    if not chunk:
        raise ConnectionError("the server closed the connection")
    return chunk
