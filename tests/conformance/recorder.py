"""Stands between a client and a desk and keeps what the client sends, byte by byte."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import threading
from collections.abc import Iterator, Mapping

from tests.conformance.raw import Answer, send


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request as it was on the line; names of headers as they were spelt."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def to(self, endpoint: str) -> Answer:
        """Send it again."""
        return send(endpoint, self.headers, self.body, method=self.method, target=self.target)

    def header(self, name: str) -> str:
        """Give a header's value, empty where it is absent; the name in any letters."""
        return next((value for key, value in self.headers.items() if key.lower() == name), "")

    def with_header(self, name: str, value: str) -> Sent:
        """Give the request with one header changed; the name in any letters."""
        headers = {key: value if key.lower() == name else old for key, old in self.headers.items()}
        return dataclasses.replace(self, headers=headers)


class Recorder:
    """Listens on a port of its own and passes everything on to a desk."""

    def __init__(self, endpoint: str) -> None:
        """Pass on to the desk at HOST:PORT."""
        self._desk = endpoint
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent: list[Sent] = []

    def serve(self) -> None:
        """Take one connection after the other until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client:
                    self._pass_on(client)

    def stop(self) -> None:
        """Take no more connections."""
        # Closing alone does not wake a thread that waits in accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _pass_on(self, client: socket.socket) -> None:
        """Read one request, keep it, and answer it with the desk's answer."""
        request = _read(client)
        self.sent.append(request)
        answer = request.to(self._desk)
        head = f"HTTP/1.1 {answer.status} x\r\nContent-Length: {len(answer.body)}\r\n"
        kept = {name: answer.headers[name] for name in ("content-type",) if name in answer.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
        client.sendall(f"{head}{lines}Connection: close\r\n\r\n".encode() + answer.body)


@contextlib.contextmanager
def recording(endpoint: str) -> Iterator[Recorder]:
    """Record what is sent to a desk as long as the context lasts."""
    recorder = Recorder(endpoint)
    thread = threading.Thread(target=recorder.serve)
    thread.start()
    try:
        yield recorder
    finally:
        recorder.stop()
        thread.join()


def _read(client: socket.socket) -> Sent:
    """Read one request whole."""
    stream = client.makefile("rb")
    method, target, _ = stream.readline().decode("latin-1").split()
    headers: dict[str, str] = {}
    while line := stream.readline().decode("latin-1").strip("\r\n"):
        name, _, value = line.partition(":")
        headers[name] = value.strip(" ")
    lower = {name.lower(): value for name, value in headers.items()}
    if lower.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(stream.readline(), 16):
            body += stream.read(size)
            stream.readline()
        stream.readline()
    else:
        body = stream.read(int(lower.get("content-length", "0")))
    # How the body is delimited is for whoever sends it again to say.
    left_out = ("content-length", "transfer-encoding", "connection")
    kept = {name: value for name, value in headers.items() if name.lower() not in left_out}
    return Sent(method=method, target=target, headers=kept, body=body)
