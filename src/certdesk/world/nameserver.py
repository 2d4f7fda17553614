r"""A DNS server on loopback, for tests and the demo, with scripted answers by UDP and TCP.

    with nameserver() as dns:
        dns.add("_dnsauth.shop.example.com", "TXT", "20260301…")
        RunningDesk(folder, settings=f'dns.resolvers = ["{dns.endpoint}"]\ndns.dnssec = "off"\n')

It answers as a resolver does: it follows CNAME records to their end, and answers NXDOMAIN for a
name with no records at or below it. It checks no signatures, so a desk must be set not to require
that.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset

Script = Callable[[dns.message.Message, bool], Iterable[bytes]]
"""A function that returns the packets to send for a query; its second argument says whether it came
by TCP."""

STRING = 255
CHAIN = 20


class NameServer:
    """A name server: its records by name and type, and the questions it was asked."""

    def __init__(self) -> None:
        """Begin without records; `nameserver` runs the server."""
        self.endpoint = ""
        self.checked = False
        """Whether answers claim that their signatures were checked (AD)."""
        self.silent = False
        """Whether the server answers no questions."""
        self.questions: list[tuple[str, str]] = []
        """Name in lower case and type of every question, in order."""
        self._records: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], list[dns.rdata.Rdata]]
        self._records = {}
        self._failing: dict[dns.name.Name, dns.rcode.Rcode] = {}
        self._scripts: dict[dns.name.Name, Script] = {}

    def add(self, name: str, rdtype: str, *texts: str) -> None:
        """Add records; the text of a TXT record is its value."""
        self.add_text(name, rdtype, *(_quoted(text) if rdtype == "TXT" else text for text in texts))

    def add_text(self, name: str, rdtype: str, *texts: str) -> None:
        """Add records, written as in a zone file."""
        kind = dns.rdatatype.from_text(rdtype)
        key = (dns.name.from_text(name), kind)
        made = [dns.rdata.from_text(dns.rdataclass.IN, kind, text) for text in texts]
        # A thread that is reading the list keeps the old one.
        self._records[key] = self._records.get(key, []) + made

    def remove(self, name: str, rdtype: str) -> None:
        """Remove all records of a type."""
        self._records.pop((dns.name.from_text(name), dns.rdatatype.from_text(rdtype)), None)

    def records(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> list[dns.rdata.Rdata]:
        """The records of a name and a type."""
        return self._records.get((name, kind), [])

    def exists(self, name: dns.name.Name) -> bool:
        """Whether anything is at a name or below it."""
        return any(owner.is_subdomain(name) for owner, _ in list(self._records))

    def fail(self, name: str, rcode: str = "SERVFAIL") -> None:
        """Answer every question for a name with an error; NOERROR ends that."""
        code = dns.rcode.from_text(rcode)
        self._failing[dns.name.from_text(name)] = code
        if code is dns.rcode.NOERROR:
            del self._failing[dns.name.from_text(name)]

    def script(self, name: str, script: Script) -> None:
        """Let `script` make the packets for every question for a name."""
        self._scripts[dns.name.from_text(name)] = script

    def note(self, name: str, rdtype: str) -> None:
        """Record a question, for later inspection."""
        self.questions.append((name, rdtype))

    def asked(self, rdtype: str) -> list[str]:
        """Return the names that were asked for a type, in order."""
        return [name for name, kind in self.questions if kind == rdtype]

    def packets(self, wire: bytes, *, tcp: bool) -> list[bytes]:
        """Return the packets to send for a message; none if it is not a query."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return []
        asked = query.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        self.note(name, dns.rdatatype.to_text(asked.rdtype))
        if self.silent:
            return []
        if asked.name in self._scripts:
            return list(self._scripts[asked.name](query, tcp))
        return [fitting(self.response(query), query, tcp=tcp)]

    def response(self, query: dns.message.Message) -> dns.message.Message:
        """Return the correct answer to a query."""
        response = dns.message.make_response(query, recursion_available=True)
        if self.checked:
            response.flags |= dns.flags.AD
        asked = query.question[0]
        if asked.name in self._failing:
            response.set_rcode(self._failing[asked.name])
            return response
        name = asked.name
        for _ in range(CHAIN):
            kind = asked.rdtype
            records = self.records(name, kind)
            if not records:
                kind = dns.rdatatype.CNAME
                records = self.records(name, kind)
            if not records:
                break
            response.answer.append(dns.rrset.from_rdata_list(name, 0, records))
            if kind == asked.rdtype:
                return response
            name = cast("Any", records[0]).target
        if not self.exists(name):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response


def fitting(message: dns.message.Message, query: dns.message.Message, *, tcp: bool) -> bytes:
    """Return a message's bytes; by UDP one too long for the client is truncated (TC)."""
    # Shuffling would use the random numbers of the test that runs beside this thread, and
    # Hypothesis would attribute that to the test.
    wire = message.to_wire(max_size=65535, want_shuffle=False)
    if tcp or len(wire) <= max(query.payload, 512):
        return wire
    cut = dns.message.make_response(query, recursion_available=True)
    cut.flags |= dns.flags.TC
    return cut.to_wire()


@contextlib.contextmanager
def nameserver(dns_server: NameServer | None = None, port: int = 0) -> Iterator[NameServer]:
    """Serve while the context lasts, on a free port or this one; end all threads then."""
    dns_server = dns_server or NameServer()
    with contextlib.ExitStack() as opened:
        udp, tcp = _listening(dns_server, opened, port)
        host, port = udp.server_address[:2]
        dns_server.endpoint = f"{host!s}:{port}"
        for server in (udp, tcp):
            serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            serving.start()
            opened.callback(serving.join)
            opened.callback(server.shutdown)
        yield dns_server


class _Udp(socketserver.ThreadingUDPServer):
    dns_server: NameServer
    max_packet_size = 65535


class _Tcp(socketserver.ThreadingTCPServer):
    dns_server: NameServer
    allow_reuse_address = True
    request_queue_size = 64


class _UdpHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, back = self.request
        for packet in cast("_Udp", self.server).dns_server.packets(wire, tcp=False):
            back.sendto(packet, self.client_address)


class _TcpHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        # Either side may close the connection at any time.
        with contextlib.suppress(OSError, EOFError):
            wire = _exactly(self.request, int.from_bytes(_exactly(self.request, 2), "big"))
            for packet in cast("_Tcp", self.server).dns_server.packets(wire, tcp=True):
                self.request.sendall(len(packet).to_bytes(2, "big") + packet)


def _listening(
    dns_server: NameServer, opened: contextlib.ExitStack, port: int
) -> tuple[_Udp, _Tcp]:
    """Listen on one port by UDP and TCP; a port that is free for UDP may be taken for TCP."""
    while True:
        udp = _Udp(("127.0.0.1", port), _UdpHandler)
        try:
            tcp = _Tcp(("127.0.0.1", udp.server_address[1]), _TcpHandler)
        except OSError:
            udp.server_close()
            if port:
                raise
            continue
        for server in (udp, tcp):
            server.dns_server = dns_server
            opened.callback(server.server_close)
        return udp, tcp


def _exactly(connection: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        more = connection.recv(size - len(read))
        if not more:
            raise EOFError
        read += more
    return read


def _quoted(text: str) -> str:
    """Return a TXT record's value, split into strings, with each byte as a number."""
    value = text.encode()
    strings = [value[at : at + STRING] for at in range(0, len(value), STRING)] or [b""]
    return " ".join('"' + "".join(f"\\{byte:03}" for byte in one) + '"' for one in strings)
