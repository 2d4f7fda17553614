"""One question to one DNS server, by UDP, or by TCP if the answer does not fit.

dnspython reads and writes the messages. The sockets are our own: dnspython's measure time by the
wall clock, accept answers of any size, and ignore the case of the question.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import ipaddress
import random
import re
import socket
import time
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rdatatype

from certdesk.domain.values.addresses import with_port

TRY_SECONDS = 2.0
GRACE_SECONDS = 0.1
"""How long to wait for the right answer after one in another case."""
PAYLOAD = 1232
"""The size of a UDP answer, in bytes, that is nowhere fragmented (DNS flag day 2020)."""

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


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
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
            raise ValueError("there is no port")
        host, port = (match[1] or match[2], int(match[3])) if match else (text, DNS_PORT)
        address = ipaddress.ip_address(host)
        if not 0 < port < 1 << 16:
            raise ValueError(f"{port} is no port")
        return cls(str(address), port)

    @property
    def family(self) -> socket.AddressFamily:
        """IPv4 or IPv6."""
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    def __str__(self) -> str:
        return with_port(self.host, self.port)


def question(
    name: dns.name.Name, rdtype: dns.rdatatype.RdataType, rng: random.Random, *, dnssec: bool
) -> dns.message.Message:
    """Make a query with a random id and a name in random case, which the answer must repeat.

    The random case is known as 0x20: an attacker who guesses port and id must guess it as well.
    After an answer in another case, the question is asked again by TCP, which a third party cannot
    inject into.
    """
    mixed = dns.name.Name([_mixed(label, rng) for label in name.labels])
    return dns.message.make_query(
        mixed, rdtype, use_edns=0, want_dnssec=dnssec, payload=PAYLOAD, id=rng.getrandbits(16)
    )


def exchange(query: dns.message.Message, server: Server, deadline: float) -> dns.message.Message:
    """Ask `server` and return its answer, with any code; `deadline` is in `time.monotonic`.

    UDP packets that do not answer this very question are ignored, so that an early forged packet
    has no effect.

    Raises:
        Unanswered: no answer came in 2 seconds or by the deadline, or it has more than 16 KiB.
    """
    how = ""
    try:
        found = _by_udp(query, server, min(time.monotonic() + TRY_SECONDS, deadline))
        if isinstance(found, dns.message.Message):
            return found
        how = f" by {found.value}"
        return _by_tcp(query, server, min(time.monotonic() + TRY_SECONDS, deadline))
    except TimeoutError:
        raise Unanswered(f"no answer came in time{how}") from None
    except OSError as error:
        raise Unanswered(
            f"it cannot be reached{how}: {error.strerror or error} (is it running, and is it the "
            "one that dns.resolvers should name?)"
        ) from None


def _mixed(label: bytes, rng: random.Random) -> bytes:
    halves = label.lower(), label.upper()
    return bytes(rng.choice(letters) for letters in zip(*halves, strict=True))


class _ByTcp(enum.Enum):
    """The reason to ask a question by TCP."""

    CUT = "TCP, since the answer was cut"
    OTHER_LETTERS = "TCP, since it repeats the question in other letters"


def _by_udp(
    query: dns.message.Message, server: Server, deadline: float
) -> dns.message.Message | _ByTcp:
    """Return the answer, or why the question is to be asked by TCP.

    An answer in another case may be forged, so the right one is awaited for a moment.
    """
    instead: _ByTcp | None = None
    with socket.socket(server.family, socket.SOCK_DGRAM) as udp:
        # On a connected socket the system drops packets from other senders. It picks a random port.
        udp.connect((server.host, server.port))
        udp.send(query.to_wire())
        while True:
            try:
                udp.settimeout(_left(deadline))
                wire = udp.recv(ANSWER_LIMIT)
            except TimeoutError:
                if instead is None:
                    raise
                return instead
            with contextlib.suppress(_Unreadable):
                head = _read(wire, question_only=True)
                if _answers(query, head) and _repeats_letters(query, head):
                    return _ByTcp.CUT if head.flags & dns.flags.TC else _read(wire)
                if _answers(query, head) and instead is None:
                    instead = _ByTcp.OTHER_LETTERS
                    deadline = min(deadline, time.monotonic() + GRACE_SECONDS)


def _by_tcp(query: dns.message.Message, server: Server, deadline: float) -> dns.message.Message:
    wire = by_tcp(query.to_wire(), server, deadline)
    try:
        response = _read(wire)
    except _Unreadable:
        raise Unanswered("its answer cannot be read") from None
    if not _answers(query, response) or response.flags & dns.flags.TC:
        raise Unanswered("what it sent does not answer the question")
    return response


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
            raise Unanswered(f"its answer has {size} bytes, and at most {ANSWER_LIMIT} are read")
        return _exactly(tcp, size, deadline)


def _exactly(tcp: socket.socket, size: int, deadline: float) -> bytes:
    read = bytearray()
    while len(read) < size:
        tcp.settimeout(_left(deadline))
        more = tcp.recv(size - len(read))
        if not more:
            raise Unanswered("it closed the connection before its answer was whole")
        read += more
    return bytes(read)


def _left(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


class _Unreadable(Exception):
    """A packet is not a DNS message."""


def _read(wire: bytes, *, question_only: bool = False) -> dns.message.Message:
    try:
        return dns.message.from_wire(
            wire, question_only=question_only, ignore_trailing=question_only
        )
    except Exception:  # noqa: BLE001 - dnspython's are many, and any bytes may come
        raise _Unreadable from None


def _answers(query: dns.message.Message, response: dns.message.Message) -> bool:
    """Return whether a message is a response with the same question, in any letter case."""
    return len(response.question) == 1 and query.is_response(response)


def _repeats_letters(query: dns.message.Message, response: dns.message.Message) -> bool:
    """Return whether a response repeats the question in the same letter case."""
    return response.question[0].name.labels == query.question[0].name.labels
