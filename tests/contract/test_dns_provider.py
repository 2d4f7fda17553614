"""What a DNS provider promises, proven on each one."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import typing
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from certdesk.domain.validation.challenge import Challenge, ProofKind, new_challenge
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from certdesk.ports import DnsProvider, UpdateFailed, settings_of
from certdesk.testing.records import MemoryRecords
from certdesk.validation.providers import PROVIDERS
from certdesk.validation.providers.rfc2136 import Rfc2136, Rfc2136Settings
from tests.knot import knot
from tests.zones import by_rfc2136

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RNG = random.Random(1)  # noqa: S311 -- the same in every run
ZONE = "example.com"
FORGED = Secret(b"another secret of thirty-two byt")


@dataclasses.dataclass
class World:
    """A provider, with a zone that it may change by `settings`, and what is in it.

    By the other settings it may not: their secret is `FORGED`, or they are of a key that is not
    known, or nobody is where they lead.
    """

    provider: DnsProvider[Any]
    values: Callable[[str], set[str]]
    settings: Any
    forged: Any
    unknown: Any
    unreachable: Any


def by_updates(
    provider: DnsProvider[Any], values: Callable[[str], set[str]], settings: Rfc2136Settings
) -> World:
    """Have a server that takes dynamic updates; nobody listens at port 1."""
    return World(
        provider=provider,
        values=values,
        settings=settings,
        forged=dataclasses.replace(settings, secret=FORGED),
        unknown=dataclasses.replace(settings, key_name="theirs"),
        unreachable=dataclasses.replace(settings, server="127.0.0.1:1"),
    )


@contextlib.contextmanager
def in_memory(_: Path) -> Iterator[World]:
    """A zone in memory."""
    provider, settings = MemoryRecords(), by_rfc2136()
    provider.zones[ZONE] = settings
    yield by_updates(provider, provider.values, settings)


@contextlib.contextmanager
def of_knot(folder: Path) -> Iterator[World]:
    """A zone of Knot DNS."""
    with knot(folder, ZONE) as server:

        def values(record: str) -> set[str]:
            """Ask the server."""
            return server.values(record, "TXT") | server.values(record, "CNAME")

        yield by_updates(Rfc2136(), values, by_rfc2136(server.key, server.endpoint))


ADAPTERS = [
    pytest.param(in_memory, id="memory"),
    pytest.param(of_knot, id="rfc2136", marks=pytest.mark.needs("knotd")),
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
    world.provider.add(ZONE, world.settings, challenge)
    assert world.values(challenge.record) == {challenge.value}
    world.provider.remove(ZONE, world.settings, challenge)
    assert world.values(challenge.record) == set()


@pytest.mark.parametrize("value", ['a"b', 'a" "b', "a\\", "\\065", "a;b"])
def test_a_value_is_published_as_it_is(world: World, value: str) -> None:
    """A CA may draw any printable one, also what means something in a file of a zone."""
    challenge = replace(drawn(), value=value)
    world.provider.add(ZONE, world.settings, challenge)
    assert world.values(challenge.record) == {value}
    world.provider.remove(ZONE, world.settings, challenge)
    assert world.values(challenge.record) == set()


def test_what_is_there_is_added_again_without_harm(world: World) -> None:
    """And is there once."""
    challenge = drawn()
    for _ in range(2):
        world.provider.add(ZONE, world.settings, challenge)
    assert world.values(challenge.record) == {challenge.value}


def test_what_is_not_there_is_removed_without_harm(world: World) -> None:
    """Before it was ever added, and a second time."""
    challenge = drawn()
    world.provider.remove(ZONE, world.settings, challenge)
    world.provider.add(ZONE, world.settings, challenge)
    for _ in range(2):
        world.provider.remove(ZONE, world.settings, challenge)
    assert world.values(challenge.record) == set()


def test_others_at_the_same_name_stay(world: World) -> None:
    """Two orders of one name have their records beside each other."""
    mine, theirs = drawn(), drawn()
    world.provider.add(ZONE, world.settings, theirs)
    world.provider.add(ZONE, world.settings, mine)
    assert world.values(mine.record) == {mine.value, theirs.value}
    world.provider.remove(ZONE, world.settings, mine)
    assert world.values(mine.record) == {theirs.value}


def test_another_secret_changes_nothing(world: World) -> None:
    """The text says whose server, and not the secret."""
    challenge = drawn()
    with pytest.raises(UpdateFailed, match=r"^The .*example\.com.* key.*\.$") as refused:
        world.provider.add(ZONE, world.forged, challenge)
    assert FORGED.text() not in str(refused.value)
    assert world.values(challenge.record) == set()
    world.provider.add(ZONE, world.settings, challenge)
    with pytest.raises(UpdateFailed):
        world.provider.remove(ZONE, world.forged, challenge)
    assert world.values(challenge.record) == {challenge.value}


def test_a_key_of_another_name_changes_nothing(world: World) -> None:
    """Whatever its secret."""
    with pytest.raises(UpdateFailed, match="does not know the key"):
        world.provider.add(ZONE, world.unknown, drawn())


def test_a_name_of_another_zone_is_refused(world: World) -> None:
    """It is not in the zone that is to be changed."""
    with pytest.raises(UpdateFailed, match=r"example\.com"):
        world.provider.add(ZONE, world.settings, drawn("shop.example.net"))


def test_a_zone_that_the_server_does_not_have_is_refused(world: World) -> None:
    """Though the key is good."""
    with pytest.raises(UpdateFailed, match=r"example\.net.* does not have"):
        world.provider.add("example.net", world.settings, drawn("shop.example.net"))


def test_a_server_that_is_not_there_is_told(world: World) -> None:
    """Nobody listens at its port."""
    with pytest.raises(UpdateFailed, match=r"example\.com"):
        world.provider.add(ZONE, world.unreachable, drawn())


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_every_provider_that_is_listed_is_proven_here(provider: DnsProvider[Any]) -> None:
    """One of its name is among the adapters, and each of its settings is text or secret."""
    assert provider.name in {adapter.id for adapter in ADAPTERS}
    kind = typing.get_type_hints(provider.settings)["return"]
    assert set(typing.get_type_hints(kind).values()) <= {str, Secret}
    assert settings_of(provider)
