"""What every prover promises, proven on each adapter; a new one joins by a line in ADAPTERS."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Protocol

import pytest

from certdesk.domain.validation.challenge import (
    FILE_PATH,
    Challenge,
    ProofKind,
    Verdict,
    new_challenge,
)
from certdesk.domain.validation.redirects import Ports
from certdesk.domain.values.addresses import networks
from certdesk.domain.values.names import DomainName
from certdesk.ports import Validator
from certdesk.testing.clock import ManualClock
from certdesk.testing.validation import ScriptedValidator
from certdesk.validation.connection_limiter import ConnectionLimiter
from certdesk.validation.dns import DnsProof
from certdesk.validation.exchange import Server
from certdesk.validation.file import FileProof
from certdesk.validation.resolver import Resolver
from certdesk.world.nameserver import NameServer, nameserver
from certdesk.world.webserver import WebServer, webserver

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RNG = random.Random(1)  # noqa: S311 -- the same in every run
NAME = DomainName.parse("shop.example.com")


class World(Protocol):
    """The outside as a prover of one kind sees it, which a test can change."""

    validator: Validator
    kind: ProofKind
    absent: Verdict
    differs: Verdict

    def publish(self, challenge: Challenge, value: str) -> None:
        """Put a value where the challenge wants its own to be."""


class DnsWorld:
    """A name server that a desk asks for one type of record."""

    def __init__(self, kind: ProofKind, dns: NameServer) -> None:
        """Know no records."""
        resolver = Resolver([Server.parse(dns.endpoint)], None, RNG)
        self.validator: Validator = DnsProof(resolver, ManualClock(NOW))
        self.kind = kind
        self.absent = Verdict[f"{kind}_ABSENT"]
        self.differs = Verdict[f"{kind}_DIFFERS"]
        self._dns = dns

    def publish(self, challenge: Challenge, value: str) -> None:
        """Add the record."""
        text = f"{value}." if self.kind is ProofKind.CNAME else value
        self._dns.add(challenge.record, self.kind.value, text)


class FileWorld:
    """A website that a desk asks for files, at the addresses that a name server gives."""

    kind = ProofKind.FILE
    absent = Verdict.FILE_ABSENT
    differs = Verdict.FILE_DIFFERS

    def __init__(self, dns: NameServer, web: WebServer) -> None:
        """Serve no files."""
        for host in (NAME.base, "other.example.com"):
            dns.add(host, "A", web.address)
        self.validator: Validator = FileProof(
            Resolver([Server.parse(dns.endpoint)], None, RNG),
            ManualClock(NOW),
            ports=Ports(web.port, web.port),
            allowed=networks([f"{web.address}/32"]),
            limiter=ConnectionLimiter(0),
        )
        self._web = web

    def publish(self, challenge: Challenge, value: str) -> None:
        """Put the file."""
        self._web.put(challenge.name, f"{FILE_PATH}{challenge.record}", value)


class ScriptedWorld:
    """The stand-in for tests of others."""

    kind = ProofKind.TXT
    absent = Verdict.TXT_ABSENT
    differs = Verdict.TXT_DIFFERS

    def __init__(self) -> None:
        """Have no verdicts."""
        self._scripted = ScriptedValidator(ManualClock(NOW))
        self.validator: Validator = self._scripted

    def publish(self, challenge: Challenge, value: str) -> None:
        """Write the verdict that fits."""
        right = value == challenge.value
        self._scripted.verdicts[challenge.name] = Verdict.PROVED if right else self.differs


@contextlib.contextmanager
def dns_world(kind: ProofKind) -> Iterator[World]:
    """A world with a name server of its own."""
    with nameserver() as dns:
        yield DnsWorld(kind, dns)


@contextlib.contextmanager
def file_world() -> Iterator[World]:
    """A world with a website of its own, which speaks no TLS."""
    with nameserver() as dns, webserver() as web:
        yield FileWorld(dns, web)


ADAPTERS: dict[str, Callable[[], contextlib.AbstractContextManager[World]]] = {
    "TXT": lambda: dns_world(ProofKind.TXT),
    "CNAME": lambda: dns_world(ProofKind.CNAME),
    "FILE": file_world,
    "scripted": lambda: contextlib.nullcontext(ScriptedWorld()),
}


@pytest.fixture(params=ADAPTERS.values(), ids=list(ADAPTERS))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each adapter in turn."""
    with request.param() as opened:
        yield opened


def challenge(world: World) -> Challenge:
    """Draw a challenge of the world's kind."""
    return new_challenge(NAME, world.kind, RNG, NOW)


def test_what_is_published_proves(world: World) -> None:
    """With the evidence: the value, who answered, what was asked, and when."""
    wanted = challenge(world)
    world.publish(wanted, wanted.value)

    found = world.validator.validate(wanted)

    assert (found.verdict, found.reason) == (Verdict.PROVED, "")
    assert found.seen == (wanted.value,)
    assert found.resolver
    assert found.steps
    assert (found.began_at, found.ended_at) == (NOW, NOW)


def test_nothing_proves_nothing(world: World) -> None:
    """And the reason says so."""
    found = world.validator.validate(challenge(world))
    assert found.verdict is world.absent
    assert found.reason
    assert found.seen == ()


def test_another_value_proves_nothing(world: World) -> None:
    """Though it is but a letter longer."""
    wanted = challenge(world)
    world.publish(wanted, f"{wanted.value}a")
    found = world.validator.validate(wanted)
    assert found.verdict is world.differs
    assert found.reason


def test_what_proves_one_name_proves_no_other(world: World) -> None:
    """Each name has its own value, where that is wanted."""
    wanted = challenge(world)
    world.publish(wanted, wanted.value)
    other = new_challenge(DomainName.parse("other.example.com"), world.kind, RNG, NOW)
    assert world.validator.validate(other).verdict is world.absent
