"""What whoever adds records to zones promises, proven on each adapter."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from certdesk.domain.names import DomainName
from certdesk.domain.proof import Challenge, ProofKind, new_challenge
from certdesk.domain.secret import Secret
from certdesk.domain.zones import OpenZone, parse_key
from certdesk.ports import RecordKeeper, UpdateFailed
from certdesk.proving.update import UpdatedRecords
from certdesk.testing.records import MemoryRecords
from tests.knot import knot

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RNG = random.Random(1)  # noqa: S311 -- the same in every run


class World(Protocol):
    """A keeper, a zone that it may change, and what is in it."""

    @property
    def keeper(self) -> RecordKeeper:
        """Who changes it."""
        ...

    zone: OpenZone

    def values(self, record: str) -> set[str]:
        """Give the values of the records at a name."""


@dataclasses.dataclass
class MemoryWorld:
    """A zone in memory."""

    keeper: MemoryRecords
    zone: OpenZone

    def values(self, record: str) -> set[str]:
        """Give the values of the records at a name."""
        return self.keeper.values(record)


@dataclasses.dataclass
class KnotWorld:
    """A zone of Knot DNS."""

    keeper: UpdatedRecords
    zone: OpenZone
    asked: Callable[[str, str], set[str]]

    def values(self, record: str) -> set[str]:
        """Ask the server."""
        return self.asked(record, "TXT") | self.asked(record, "CNAME")


@contextlib.contextmanager
def in_memory(_: Path) -> Iterator[World]:
    """A zone in memory."""
    key = parse_key('key "desk" { algorithm hmac-sha256; secret "b3Vycw=="; };')
    zone = OpenZone(name="example.com", server="192.0.2.1:53", key=key)
    keeper = MemoryRecords()
    keeper.zones["example.com"] = zone
    yield MemoryWorld(keeper, zone)


@contextlib.contextmanager
def of_knot(folder: Path) -> Iterator[World]:
    """A zone of Knot DNS."""
    with knot(folder, "example.com") as server:
        zone = OpenZone(name="example.com", server=server.endpoint, key=parse_key(server.key))
        yield KnotWorld(UpdatedRecords(), zone, server.values)


ADAPTERS = [
    pytest.param(in_memory, id="memory"),
    pytest.param(of_knot, id="knot", marks=pytest.mark.needs("knotd")),
]


@pytest.fixture(params=ADAPTERS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Each adapter with its zone."""
    with request.param(tmp_path) as opened:
        yield opened


def drawn(name: str = "shop.example.com", kind: ProofKind = ProofKind.TXT) -> Challenge:
    """Draw a challenge."""
    return new_challenge(DomainName.parse(name), kind, RNG, NOW)


@pytest.mark.parametrize("kind", [ProofKind.TXT, ProofKind.CNAME])
@pytest.mark.parametrize("name", ["example.com", "a.b.example.com"])
def test_a_record_is_added_and_removed(world: World, name: str, kind: ProofKind) -> None:
    """At the challenge's name, with its value."""
    challenge = drawn(name, kind)
    world.keeper.add(world.zone, challenge)
    assert world.values(challenge.record) == {challenge.value}
    world.keeper.remove(world.zone, challenge)
    assert world.values(challenge.record) == set()


def test_what_is_there_is_added_again_without_harm(world: World) -> None:
    """And is there once."""
    challenge = drawn()
    for _ in range(2):
        world.keeper.add(world.zone, challenge)
    assert world.values(challenge.record) == {challenge.value}


def test_what_is_not_there_is_removed_without_harm(world: World) -> None:
    """Before it was ever added, and a second time."""
    challenge = drawn()
    world.keeper.remove(world.zone, challenge)
    world.keeper.add(world.zone, challenge)
    for _ in range(2):
        world.keeper.remove(world.zone, challenge)
    assert world.values(challenge.record) == set()


def test_others_at_the_same_name_stay(world: World) -> None:
    """Two orders of one name have their records beside each other."""
    mine, theirs = drawn(), drawn()
    world.keeper.add(world.zone, theirs)
    world.keeper.add(world.zone, mine)
    assert world.values(mine.record) == {mine.value, theirs.value}
    world.keeper.remove(world.zone, mine)
    assert world.values(mine.record) == {theirs.value}


def test_another_secret_changes_nothing(world: World) -> None:
    """The text says whose server, and not the secret."""
    secret = Secret(b"another secret of thirty-two byt")
    zone = dataclasses.replace(world.zone, key=dataclasses.replace(world.zone.key, secret=secret))
    challenge = drawn()
    with pytest.raises(UpdateFailed, match=r"^The .*example\.com.* key.*\.$") as refused:
        world.keeper.add(zone, challenge)
    assert secret.text() not in str(refused.value)
    assert world.values(challenge.record) == set()
    world.keeper.add(world.zone, challenge)
    with pytest.raises(UpdateFailed):
        world.keeper.remove(zone, challenge)
    assert world.values(challenge.record) == {challenge.value}


def test_a_key_of_another_name_changes_nothing(world: World) -> None:
    """Whatever its secret."""
    zone = dataclasses.replace(world.zone, key=dataclasses.replace(world.zone.key, name="theirs"))
    with pytest.raises(UpdateFailed, match="does not know the key"):
        world.keeper.add(zone, drawn())


def test_a_name_of_another_zone_is_refused(world: World) -> None:
    """It is not in the zone that is to be changed."""
    with pytest.raises(UpdateFailed, match=r"example\.com"):
        world.keeper.add(world.zone, drawn("shop.example.net"))


def test_a_zone_that_the_server_does_not_have_is_refused(world: World) -> None:
    """Though the key is good."""
    with pytest.raises(UpdateFailed, match=r"example\.net.* does not have"):
        world.keeper.add(
            dataclasses.replace(world.zone, name="example.net"), drawn("shop.example.net")
        )


def test_a_server_that_is_not_there_is_told(world: World) -> None:
    """Nobody listens at its port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UpdateFailed, match=r"example\.com"):
            world.keeper.add(dataclasses.replace(world.zone, server=server), drawn())
