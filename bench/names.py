"""A name server that knows what it is told, in a process of its own, for very many names.

That of the tests looks through all its names for each answer. This one is told records at a second
address: a datagram with a name, a zero byte and a text; its reply says that it knows it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import select
import signal
import socket
from collections import defaultdict
from collections.abc import Iterator
from multiprocessing.connection import Connection

from bench.machine import asking, on

HEAD = 12
TXT = 16
ANSWERS, AUTHORITY = b"\x81\x80", b"\x00\x00\x00\x00"
"""An answer of a server that recurses, without an error; and nothing in the last two sections."""

IN_THE_QUESTION = b"\xc0\x0c"
"""The name of a record is that of the question (RFC 1035, 4.1.4)."""

CLASS_AND_LIFE = b"\x00\x01\x00\x00\x00\x3c"
SIZE = 4096


@dataclasses.dataclass(frozen=True)
class Names:
    """A running name server: where it is asked, where it is told, and its process."""

    endpoint: str
    told_at: str
    pid: int

    def publish(self, name: str, text: str, line: socket.socket) -> None:
        """Have a TXT record; `line` is a connected datagram socket (`telling`)."""
        line.send(f"{name.lower()}\0{text}".encode())
        line.recv(SIZE)

    def telling(self) -> socket.socket:
        """Return a line to tell it records."""
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        host, _, port = self.told_at.rpartition(":")
        line.connect((host, int(port)))
        line.settimeout(10)
        return line


@contextlib.contextmanager
def names_up() -> Iterator[Names]:
    """Run a name server as long as the context lasts."""
    fresh = multiprocessing.get_context("spawn")
    near, far = fresh.Pipe()
    process = fresh.Process(target=_serve, args=(far,), daemon=True)
    with on(asking()):
        process.start()
    try:
        endpoint, told_at = near.recv()
        yield Names(endpoint, told_at, process.pid or 0)
    finally:
        process.terminate()
        process.join()


def _serve(parent: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    known = defaultdict[bytes, list[bytes]](list)
    with _datagrams() as asked, _datagrams() as told:
        parent.send([f"127.0.0.1:{each.getsockname()[1]}" for each in (asked, told)])
        while True:
            ready, _, _ = select.select([asked, told], [], [])
            if told in ready:
                said, sender = told.recvfrom(SIZE)
                name, _, text = said.partition(b"\0")
                known[name].append(text)
                told.sendto(b"known", sender)
            if asked in ready:
                query, sender = asked.recvfrom(SIZE)
                asked.sendto(answer(query, known), sender)


def answer(query: bytes, known: dict[bytes, list[bytes]]) -> bytes:
    """Answer a question with what is known; of anything else there is none."""
    labels, place = [], HEAD
    while size := query[place]:
        labels.append(query[place + 1 : place + 1 + size])
        place += 1 + size
    end = place + 5
    kind = int.from_bytes(query[place + 1 : place + 3], "big")
    texts = known.get(b".".join(labels).lower(), []) if kind == TXT else []
    number = len(texts).to_bytes(2, "big")
    head = query[:2] + ANSWERS + b"\x00\x01" + number + AUTHORITY
    return head + query[HEAD:end] + b"".join(map(_record, texts))


def _record(text: bytes) -> bytes:
    data = bytes([len(text)]) + text
    kind = TXT.to_bytes(2, "big")
    return IN_THE_QUESTION + kind + CLASS_AND_LIFE + len(data).to_bytes(2, "big") + data


def _datagrams() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    made.bind(("127.0.0.1", 0))
    return made
