"""A small world on the loopback to look for files in: names, two websites, and canaries.

The websites are at 127.0.0.2, which the prover is allowed. Everything else on this machine is
refused to it, and canaries listen there on the same ports.
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

from certdesk.domain.validation.challenge import FILE_PATH, Challenge, Finding, ProofKind
from certdesk.domain.validation.redirects import Ports
from certdesk.domain.values.addresses import networks
from certdesk.testing.clock import ManualClock
from certdesk.validation.connection_limiter import ConnectionLimiter
from certdesk.validation.exchange import Server
from certdesk.validation.file import FileProof
from certdesk.validation.resolver import Resolver
from certdesk.validation.transfer import Limits
from certdesk.world.nameserver import NameServer, nameserver
from certdesk.world.webserver import WebServer, self_signed, webserver

Opened = TypeVar("Opened")

SITE = "127.0.0.2"
NAME = "files.shop.test"
FILE = "0123456789abcdef0123456789abcdef.txt"
PATH = f"{FILE_PATH}{FILE}"
VALUE = "20260301070235abcdefghijklmnopqrstuvwxyz0123456789"
NOW = datetime(2026, 3, 1, 7, 2, 35, tzinfo=UTC)
SOON = Limits(dns=1, connect=1, tls=1, total=1.5)
"""Limits for tests in which time has to run out."""


class Canary:
    """A port that nobody may connect to."""

    def __init__(self, address: str) -> None:
        """Be at an address; `listen` listens."""
        self._address = address
        self.port = 0
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)

    def listen(self, port: int) -> None:
        """Listen; the system accepts, and nothing answers."""
        self._socket.bind((self._address, port))
        self._socket.listen(64)
        self._socket.settimeout(0)
        self.port = int(self._socket.getsockname()[1])

    def reached(self) -> bool:
        """Tell whether anybody has connected since it was last asked."""
        try:
            self._socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


@contextlib.contextmanager
def canaries(*addresses: str, port: int = 0) -> Iterator[list[Canary]]:
    """Listen at addresses as long as the context lasts, at one port.

    Raises:
        OSError: the port is taken at one of them.
    """
    with contextlib.ExitStack() as opened:
        listening: list[Canary] = []
        for address in addresses:
            each = opened.enter_context(contextlib.closing(Canary(address)))
            each.listen(port or (listening[0].port if listening else 0))
            listening.append(each)
        yield listening


@dataclasses.dataclass
class Sites:
    """Names, the websites that they lead to, and what must not be reached."""

    dns: NameServer
    http: WebServer
    https: WebServer
    canaries: list[Canary]

    @property
    def ports(self) -> Ports:
        """Where the two websites are."""
        return Ports(self.http.port, self.https.port)

    def name(self, *names: str) -> None:
        """Let names lead to the websites."""
        for name in names:
            self.dns.add(name, "A", SITE)

    def validate(
        self,
        name: str = NAME,
        *,
        limits: Limits | None = None,
        allowed: tuple[str, ...] = (f"{SITE}/32",),
        ports: Ports | None = None,
    ) -> Finding:
        """Look for the proof of a name."""
        resolver = Resolver([Server.parse(self.dns.endpoint)], None, random.Random(1))  # noqa: S311 -- query ids
        validator = FileProof(
            resolver,
            ManualClock(NOW),
            ports=ports or self.ports,
            allowed=networks(allowed),
            limits=limits,
            limiter=ConnectionLimiter(0),
        )
        return validator.validate(challenge(name))

    def reached(self) -> bool:
        """Tell whether a canary was."""
        return any(each.reached() for each in self.canaries)


def challenge(name: str = NAME) -> Challenge:
    """Give what is to be published for a name."""
    return Challenge(name=name, kind=ProofKind.FILE, label=FILE, value=VALUE)


@contextlib.contextmanager
def sites() -> Iterator[Sites]:
    """Run the world as long as the context lasts; `NAME` is in it."""
    with contextlib.ExitStack() as opened:
        dns = opened.enter_context(nameserver())
        http, beside_http = opened.enter_context(retried(lambda: guarded_site(None)))
        https, beside_https = opened.enter_context(retried(lambda: guarded_site(self_signed())))
        world = Sites(dns, http, https, beside_http + beside_https)
        world.name(NAME)
        yield world


@contextlib.contextmanager
def guarded_site(tls: ssl.SSLContext | None) -> Iterator[tuple[WebServer, list[Canary]]]:
    """Run a website, and canaries at its port of the machine's other addresses."""
    with (
        webserver(address=SITE, tls=tls) as web,
        canaries("127.0.0.1", "::1", port=web.port) as listening,
    ):
        yield web, listening


@contextlib.contextmanager
def retried(
    make: Callable[[], contextlib.AbstractContextManager[Opened]],
) -> Iterator[Opened]:
    """Open what takes one port at several addresses, until a port is free at all of them."""
    with contextlib.ExitStack() as opened:
        while True:
            with contextlib.suppress(OSError):
                made = opened.enter_context(make())
                break
        yield made
