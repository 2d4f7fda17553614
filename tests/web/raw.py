"""A client that sends exactly the bytes it is given, as no HTTP library would."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import select
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any, Self

from certdesk.domain.values.secret import Secret
from certdesk.wire.signature import authorize
from tests.running import Keys

WAIT_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Answer:
    """One HTTP response; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def response(self) -> dict[str, Any]:
        """The members of the envelope."""
        response = json.loads(self.body)["Response"]
        assert isinstance(response, dict)
        return response

    @property
    def code(self) -> str:
        """The API's error code; empty for a success."""
        return str(self.response.get("Error", {}).get("Code", ""))


class Wire:
    """One TCP connection to a desk."""

    def __init__(self, endpoint: str, source: str = "") -> None:
        """Connect to HOST:PORT, from the address `source` where one is given."""
        host, _, port = endpoint.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), WAIT_SECONDS, (source, 0))
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes; that the desk has hung up already shows when its answer is read."""
        with contextlib.suppress(ConnectionError):
            self._socket.sendall(data)

    def answer(self) -> Answer:
        """Read one response."""
        head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in head[1:] if line]
        headers = {name.lower(): value for name, value in pairs}
        status = int(head[0].split()[1])
        # 1xx comes ahead of the answer proper and never has a body.
        body = b"" if status < 200 else self._exactly(int(headers["content-length"]))
        return Answer(status, headers, body)

    def answers_there(self) -> int:
        """Count the answers that have come so far; whether it was closed does not matter."""
        with contextlib.suppress(ConnectionError):
            while self.hears(0) and (data := self._socket.recv(65536)):
                self._rest += data
        return self._rest.count(b"HTTP/1.1 ")

    def hung_up(self) -> bool:
        """Tell whether the desk closes the connection without another byte."""
        try:
            return not self._rest and not self._socket.recv(1)
        except ConnectionResetError:
            return True

    def hears(self, seconds: float) -> bool:
        """Tell whether bytes, or the end of them, come within `seconds`."""
        return bool(select.select([self._socket], [], [], seconds)[0])

    def _until(self, end: bytes) -> bytes:
        while end not in self._rest:
            self._more()
        found, _, self._rest = self._rest.partition(end)
        return found

    def _exactly(self, count: int) -> bytes:
        while len(self._rest) < count:
            self._more()
        found, self._rest = self._rest[:count], self._rest[count:]
        return found

    def _more(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError(f"the desk hung up after {self._rest[:80]!r}")
        self._rest += data


def head(
    endpoint: str, keys: Keys, action: str, payload: bytes, *more: str, method: str = "POST"
) -> bytes:
    """Write the head of a signed request, without a word on its length, with `more` lines."""
    headers = authorize(
        secret_id=keys.secret_id,
        secret_key=Secret(keys.secret_key),
        action=action,
        payload=payload,
        timestamp=int(time.time()),
        host=endpoint,
    )
    lines = [f"{method} / HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, *more]).encode() + b"\r\n\r\n"


def request(endpoint: str, keys: Keys, action: str, payload: bytes, *more: str) -> bytes:
    """Write a whole signed request."""
    return head(endpoint, keys, action, payload, f"Content-Length: {len(payload)}", *more) + payload


def call(endpoint: str, keys: Keys, action: str, payload: bytes, *more: str) -> Answer:
    """Send a signed request on a connection of its own, with `more` lines in its head."""
    with Wire(endpoint) as wire:
        wire.send(request(endpoint, keys, action, payload, *more))
        return wire.answer()


def chunked(*pieces: bytes) -> Iterator[bytes]:
    """Write pieces as chunks, without the last one."""
    for piece in pieces:
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
