"""One question to one DNS server, by UDP, or by TCP if the answer does not fit.

The sockets are our own: dnspython's measure time by the
wall clock, accept answers of any size, and ignore the case of the question.
"""

from __future__ import annotations

import contextlib
import enum
import ipaddress
import re
import socket
import time
from typing import Self

from certdesk.domain.values.addresses import with_port
from certdesk.domain.values.record import Record
from certdesk.validation.query import Query, is_cut
from certdesk.validation.reply import Reply, Unreadable, read

TRY_SECONDS = 2.0
GRACE_SECONDS = 0.1
"""How long to wait for the right answer after one in another case."""
ANSWER_LIMIT = 16 * 1024
DNS_PORT = 53
_SERVER = re.compile(r"(?:\[([0-9a-f:.]+)\]|([0-9.]+)):([0-9]{1,5})", re.ASCII | re.IGNORECASE)


class Unanswered(Exception):
    """A question has no answer that can be trusted.

    `reason` says why in plain words; `steps` lists what was tried before, a line each.
    """

    def __init__(self, reason: str, steps: tuple[str, ...] = (), server: str = "") -> None:
        """Store the reason, what was tried, and which server was asked last (host:port)."""
        super().__init__(reason)
        self.reason = reason
        self.steps = steps
        self.server = server


class Server(Record):
    """A DNS server's address."""

    host: str
    port: int = DNS_PORT

    @classmethod
    def parse(cls, text: str, *, port_needed: bool = False) -> Self:
        """Read `127.0.0.1:53`, `[::1]:53`, or an address alone, whose port is then 53.

        Raises:
            ValueError: it is none of these. A host name is invalid, since no server could resolve
                it.
        """
        match = _SERVER.fullmatch(text)
        if match is None and port_needed:
            raise ValueError("the port is missing")
        host, port = (match[1] or match[2], int(match[3])) if match else (text, DNS_PORT)
        address = ipaddress.ip_address(host)
        if not 0 < port < 1 << 16:
            raise ValueError(f"{port} is not a port")
        return cls(str(address), port)

    @property
    def family(self) -> socket.AddressFamily:
        """IPv4 or IPv6."""
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    def __str__(self) -> str:
        return with_port(self.host, self.port)


class Sent:
    """A query that was sent to a server by UDP, and whose answer is awaited; to be closed."""

    def __init__(self, query: Query, server: Server) -> None:
        """Send it.

        Raises:
            OSError: the server cannot be reached.
        """
        self.query, self.server = query, server
        self._udp = socket.socket(server.family, socket.SOCK_DGRAM)
        try:
            # On a connected socket the system drops packets from other senders. It picks a random
            # port.
            self._udp.connect((server.host, server.port))
            self._udp.send(query.wire)
        except OSError:
            self._udp.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._udp.close()

    def packet(self, deadline: float) -> bytes:
        """Return the next packet from the server.

        Raises:
            TimeoutError: none came by the deadline, which is in `time.monotonic`.
            OSError: the server cannot be reached.
        """
        self._udp.settimeout(_left(deadline))
        return self._udp.recv(ANSWER_LIMIT)


def exchange(query: Query, server: Server, deadline: float, sent: Sent | None = None) -> Reply:
    """Ask `server` and return its answer, with any code; `deadline` is in `time.monotonic`.

    UDP packets that do not answer this very question are ignored, so that an early forged packet
    has no effect. If the query was `sent` already, its answer is awaited.

    Raises:
        Unanswered: no answer came in 2 seconds or by the deadline, or it has more than 16 KiB.
    """
    how = ""
    try:
        with sent or Sent(query, server) as asked:
            found = _by_udp(asked, min(time.monotonic() + TRY_SECONDS, deadline))
        if isinstance(found, Reply):
            return found
        how = f" by {found.value}"
        return _by_tcp(query, server, min(time.monotonic() + TRY_SECONDS, deadline))
    except TimeoutError:
        raise Unanswered(f"no answer came in time{how}") from None
    except OSError as error:
        raise Unanswered(
            f"it cannot be reached{how}: {error.strerror or error} (is it running, and is it "
            "the right one in dns.resolvers?)"
        ) from None


class _ByTcp(enum.Enum):
    """The reason to ask a question by TCP."""

    CUT = "TCP, since the answer was truncated"
    OTHER_LETTERS = "TCP, since its answer changed the case of the name"


def _by_udp(sent: Sent, deadline: float) -> Reply | _ByTcp:
    """Return the answer, or why the question is to be asked by TCP.

    An answer in another case may be forged, so the right one is awaited for a moment.
    """
    instead: _ByTcp | None = None
    while True:
        try:
            packet = sent.packet(deadline)
        except TimeoutError:
            if instead is None:
                raise
            return instead
        if not sent.query.is_answered_by(packet):
            continue
        if sent.query.is_repeated_by(packet):
            if is_cut(packet):
                return _ByTcp.CUT
            with contextlib.suppress(Unreadable):
                return read(packet)
        elif instead is None:
            instead = _ByTcp.OTHER_LETTERS
            deadline = min(deadline, time.monotonic() + GRACE_SECONDS)


def _by_tcp(query: Query, server: Server, deadline: float) -> Reply:
    packet = by_tcp(query.wire, server, deadline)
    try:
        reply = read(packet)
    except Unreadable:
        raise Unanswered("its answer cannot be read") from None
    if not query.is_answered_by(packet) or is_cut(packet):
        raise Unanswered("its answer is for another question")
    return reply


def by_tcp(message: bytes, server: Server, deadline: float) -> bytes:
    """Send a message to `server` by TCP, and return the unparsed answer.

    Raises:
        Unanswered: the connection is closed before it is whole, or it has more than 16 KiB.
        TimeoutError: it did not come by the deadline, which is in `time.monotonic`.
        OSError: the server cannot be reached.
    """
    with socket.socket(server.family, socket.SOCK_STREAM) as tcp:
        tcp.settimeout(_left(deadline))
        tcp.connect((server.host, server.port))
        tcp.settimeout(_left(deadline))
        tcp.sendall(len(message).to_bytes(2, "big") + message)
        size = int.from_bytes(_exactly(tcp, 2, deadline), "big")
        if size > ANSWER_LIMIT:
            raise Unanswered(
                f"its answer has {size} bytes, and the desk reads at most {ANSWER_LIMIT}"
            )
        return _exactly(tcp, size, deadline)


def _exactly(tcp: socket.socket, size: int, deadline: float) -> bytes:
    read = bytearray()
    while len(read) < size:
        tcp.settimeout(_left(deadline))
        more = tcp.recv(size - len(read))
        if not more:
            raise Unanswered("it closed the connection before its answer was complete")
        read += more
    return bytes(read)


def _left(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
