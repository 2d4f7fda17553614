"""How often one address is connected to, whatever the names are that lead there."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.validation.challenge import Challenge, Finding, Verdict
from certdesk.domain.validation.redirects import Ports
from certdesk.domain.values.addresses import networks
from certdesk.testing.clock import ManualClock
from certdesk.validation.connection_limiter import LONGEST_PAUSE, AddressPaused, ConnectionLimiter
from certdesk.validation.exchange import Server
from certdesk.validation.file import FileProof
from certdesk.validation.resolver import Resolver
from tests.validation.sites import NAME, NOW, PATH, SITE, VALUE, Sites, challenge

BESIDE = "127.0.0.3"
"""An address of this machine at which nobody listens."""

CLOSED = 9
PORT = 80


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        """Stand at nothing."""
        self.at = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.at


@pytest.fixture
def seconds() -> Seconds:
    """A clock that stands still."""
    return Seconds()


def validator(world: Sites, limiter: ConnectionLimiter, ports: Ports | None = None) -> FileProof:
    """Give who looks at many names, one after the other."""
    return FileProof(
        Resolver([Server.parse(world.dns.endpoint)], None, random.Random(1)),  # noqa: S311 -- query ids
        ManualClock(NOW),
        ports=ports or world.ports,
        allowed=networks(["127.0.0.2/31", "127.9.0.0/16"]),
        limiter=limiter,
    )


def test_names_of_many_domains_are_one_address(world: Sites, seconds: Seconds) -> None:
    """Twenty names of twenty domains lead to a server that is asked ten times a minute."""
    validate = validator(world, ConnectionLimiter(10, seconds)).validate
    for number in range(20):
        world.name(f"files.shop{number}.test")
        validate(challenge(f"files.shop{number}.test"))
    assert len(world.http.requests) == 5
    assert len(world.https.requests) == 5
    seconds.at = 60
    world.http.put("files.shop1.test", PATH, VALUE)
    assert validate(challenge("files.shop1.test")).verdict is Verdict.PROVED


def test_an_address_is_counted_too_where_a_dead_one_is_tried_before(
    world: Sites, seconds: Seconds
) -> None:
    """Whoever owns a domain can put any address before the one that is to be bombarded."""
    validate = validator(world, ConnectionLimiter(10, seconds)).validate
    for number in range(20):
        name = f"dead{number}.shop.test"
        world.dns.add(name, "A", f"127.9.0.{number + 1}")
        world.dns.add(name, "A", SITE)
        validate(challenge(name))
    assert len(world.http.requests) + len(world.https.requests) == 10


def test_no_address_is_left_alone_for_what_another_one_did(world: Sites, seconds: Seconds) -> None:
    """One that takes connections and breaks them hides no other, and is no address that refuses."""
    limiter = ConnectionLimiter(0, seconds)
    port = world.http.port  # where TLS fails
    validate = validator(world, limiter, Ports(CLOSED, port)).validate
    world.dns.add("broken.shop.test", "A", SITE)
    world.dns.add("broken.shop.test", "A", BESIDE)
    for _ in range(5):
        assert any("TLS failed" in step for step in validate(challenge("broken.shop.test")).steps)
    for address in (SITE, BESIDE):
        assert list(limiter.admit([ip_address(address)], port)) == [ip_address(address)]


def test_a_port_that_refuses_is_left_alone_for_longer_each_time(
    world: Sites, seconds: Seconds
) -> None:
    """After three failures, for ten seconds, twenty, and at last for two minutes."""
    limiter = ConnectionLimiter(0, seconds)
    validate = validator(world, limiter, Ports(CLOSED, CLOSED + 1)).validate
    tried: list[float] = []
    for second in range(0, 900, 10):
        seconds.at = second
        if any("not connected" in step and f"port {CLOSED}:" in step for step in steps(validate)):
            tried.append(second)
    pauses = [later - before for before, later in itertools.pairwise(tried)]
    assert pauses == [10, 10, 10, 20, 40, 80, *[120] * (len(pauses) - 6)]
    assert len(pauses) > 10


def steps(validate: Callable[[Challenge], Finding]) -> tuple[str, ...]:
    """Look at a name, and give what was done."""
    return validate(challenge(NAME)).steps


def test_that_nobody_answered_is_told_apart(world: Sites) -> None:
    """By that looks at the domain become rarer; a page that is not there is an answer."""
    assert world.validate().answered
    assert not world.validate(ports=Ports(CLOSED, CLOSED + 1)).answered
    world.dns.fail("gone.shop.test")
    assert not world.validate("gone.shop.test").answered


@given(
    attempts=st.lists(
        st.tuples(st.integers(0, 3), st.floats(0, 30), st.booleans()), min_size=1, max_size=60
    ),
    per_minute=st.integers(1, 20),
)
def test_no_minute_has_more_connections_than_two_minutes_may_have(
    attempts: list[tuple[int, float, bool]], per_minute: int
) -> None:
    """For every address, and for a whole /64 of IPv6."""
    seconds = Seconds()
    limiter = ConnectionLimiter(per_minute, seconds)
    admitted: list[float] = []
    for host, later, answered in attempts:
        seconds.at += later
        address = [ip_address(f"2001:db8::{host + 1}")]
        try:
            list(limiter.admit(address, PORT))
        except AddressPaused:
            continue
        admitted.append(seconds.at)
        (limiter.answered if answered else limiter.failed)(address, PORT)
    for start in admitted:
        assert sum(start <= at < start + 60 for at in admitted) <= 2 * per_minute


def test_who_answers_again_is_asked_as_before(seconds: Seconds) -> None:
    """The owner of a server that was down waits two minutes at most."""
    limiter, address = ConnectionLimiter(0, seconds), [ip_address(SITE)]
    for _ in range(20):
        limiter.failed(address, PORT)
    with pytest.raises(AddressPaused, match=f"port {PORT} of {SITE} did not answer several times"):
        list(limiter.admit(address, PORT))
    seconds.at = LONGEST_PAUSE
    assert list(limiter.admit(address, PORT)) == address
    limiter.answered(address, PORT)
    limiter.failed(address, PORT)
    assert list(limiter.admit(address, PORT)) == address
