"""Who asks, by which name, and whether there is room: the rules, without a server."""

from __future__ import annotations

import asyncio
import functools
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.values.addresses import block_of
from certdesk.settings import Settings, SettingsError
from certdesk.web.body import SHARE, SMALL, BodyRoom, BodyShare, BodyTooSlow, NoRoom, read_body
from certdesk.web.connections.listening import make_room_for_files
from certdesk.web.connections.seats import SEAT, Seat, SeatLimits, Seats, slowed
from certdesk.web.edge import edge_of
from certdesk.web.forms import Head, V1Form
from certdesk.web.gcra import MOST, RateLimiter
from certdesk.web.hosts import hosts_of
from certdesk.web.peers import Peers
from certdesk.web.thread_pool import ThreadPool

ADDRESSES = st.ip_addresses()
LIMITS = SeatLimits(all=6, block=3, shaking=2)


class Time:
    """A clock that a test turns."""

    now = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


# --- clients and proxies ------------------------------------------------------------------------


def client(peer: object, *lines: str, proxies: tuple[str, ...] = ("10.0.0.0/8",)) -> str:
    """Give the client of a request with these X-Forwarded-For lines."""
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in lines]
    peers = Peers(proxies=tuple(map(ip_network, proxies)))
    return str(peers.client({"client": (str(peer), 1), "headers": headers}))


@pytest.mark.parametrize(
    ("peer", "lines", "found"),
    [
        ("192.0.2.1", ["198.51.100.1"], "192.0.2.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.1", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("10.0.0.1", ["203.0.113.1, nobody, 10.0.0.2"], "None"),
        ("10.0.0.1", ["unknown"], "None"),
        ("10.0.0.1", [""], "None"),
        ("10.0.0.1", ["127.0.0.1, unknown"], "None"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    ],
)
def test_the_client_is_the_rightmost_hop_that_is_no_proxy(
    peer: str, lines: list[str], found: str
) -> None:
    """Read from the right; a hop that is no address makes the client unknown."""
    assert client(peer, *lines) == found


@given(ADDRESSES, st.lists(st.text(st.characters(max_codepoint=255), max_size=20), max_size=4))
def test_nothing_that_a_client_writes_changes_who_it_is(peer: object, hops: list[str]) -> None:
    """Neither directly nor to the left of what the proxy adds."""
    assert client(peer, ",".join(hops), proxies=()) == client(peer, proxies=())
    assert client("10.0.0.1", ",".join([*hops, "198.51.100.1"])) == "198.51.100.1"


@given(ADDRESSES)
def test_an_address_counts_as_itself_and_one_of_ipv6_as_its_64(address: object) -> None:
    """The block has the address in it, and no other of the same /64 has another block."""
    found = ip_address(str(address))
    block = ip_network(block_of(found))
    assert found in block
    assert block.prefixlen == (32 if isinstance(found, IPv4Address) else 64)


@given(ADDRESSES)
def test_plain_http_is_for_loopback_and_named_peers(address: object) -> None:
    """Nobody else."""
    peers = Peers(plain=(ip_network("172.17.0.0/16"), ip_network("fd00::/8")))
    found = ip_address(str(address))
    named = any(found in network for network in peers.plain)
    assert peers.may_speak_plainly(found) == (found.is_loopback or named)


# --- names --------------------------------------------------------------------------------------


@given(st.text(st.characters(max_codepoint=255), max_size=30))
def test_no_host_but_those_named_is_the_desks(host: str) -> None:
    """Whatever is written around a name."""
    hosts = hosts_of("0.0.0.0", (), ["desk.example"])  # noqa: S104 -- where it listens
    allowed = hosts.allow(host, "192.0.2.5")
    named = ("desk.example", "localhost", "127.0.0.1", "::1", "192.0.2.5", "0.0.0.0")  # noqa: S104 -- as above
    assert not allowed or any(name in host.lower() for name in named)


def test_a_desk_on_every_address_is_asked_by_the_one_that_was_connected_to() -> None:
    """And not by another one, which may be somebody else's."""
    hosts = hosts_of("::", (), [])
    assert hosts.allow("192.0.2.5:8080", "192.0.2.5")
    assert hosts.allow("192.0.2.5", "::ffff:192.0.2.5")
    assert hosts.allow("[2001:DB8::5]:80", "2001:db8::5")
    assert not hosts.allow("192.0.2.6", "192.0.2.5")


# --- seats --------------------------------------------------------------------------------------


def take_in_hand(seat: Seat) -> None:
    """Note that the whole request is there."""
    seat.busy = True


@given(st.integers(0, 2**32), st.integers(1, 60))
def test_there_are_never_more_connections_than_seats(seed: int, steps: int) -> None:
    """Whatever comes, goes, waits and asks; and no request in hand is given up."""
    rng, now = random.Random(seed), Time()  # noqa: S311 -- repeatable
    seats, taken, closed = Seats(LIMITS, now), list[Seat](), list[Seat]()
    steps_of_one: list[Callable[[Seat], None]] = [seats.shaken, seats.turn, take_in_hand]
    for _ in range(steps):
        now.now += rng.choice([0, 0.4, 1])
        block = rng.choice(["a", "b", "c", None])
        held: list[Seat] = []
        found = seats.take(
            block, functools.partial(closed.extend, held), shaking=rng.random() < 0.5
        )
        if found is not None:
            held.append(found)
            taken.append(found)
        present = [seat for seat in taken if seat not in closed]
        if present:
            seat = rng.choice(present)
            rng.choice(steps_of_one)(seat)
        assert len(seats) == len(present) <= LIMITS.all
        assert sum(seat.shaking for seat in present) <= LIMITS.shaking
        assert all(sum(s.block == name for s in present) <= LIMITS.block for name in "abc")
        assert not any(seat.busy for seat in closed)


def nothing() -> None:
    """Do nothing at the end of a connection."""


def test_the_longest_waiting_gives_way() -> None:
    """Unless its request is there; nobody is let in where all of them are."""
    now = Time()
    seats, closed = Seats(LIMITS, now), list[str]()
    first, second, third = (
        seats.take("a", functools.partial(closed.append, name), shaking=False)
        for name in ("busy", "rests", "silent")
    )
    assert first is not None
    assert second is not None
    assert third is not None
    first.busy = True
    now.now += 1
    seats.turn(second)
    assert seats.take("b", nothing, shaking=False) is not None
    assert closed == []
    fourth = seats.take("a", nothing, shaking=False)
    assert closed == ["silent"]
    assert fourth is not None
    second.busy = fourth.busy = True
    assert seats.take("a", nothing, shaking=False) is None
    slowed({SEAT: second})
    assert seats.take("a", nothing, shaking=False) is not None
    assert closed == ["silent", "rests"]
    seats.leave(third)
    assert len(seats) == 4


def test_a_crowd_of_one_address_makes_room_for_all_others() -> None:
    """The oldest of those that take no answer first; another address keeps its older one."""
    now = Time()
    seats, closed = Seats(LIMITS, now), list[str]()

    def sit(block: str, name: str) -> Seat:
        now.now += 1
        seat = seats.take(block, functools.partial(closed.append, name), shaking=False)
        assert seat is not None
        return seat

    sit("a", "single")
    sit("b", "writing").is_writing = lambda: True
    for block, name in (("b", "first"), ("b", "second"), ("c", "pair"), ("c", "of two")):
        sit(block, name)
    sit("d", "newcomer")
    assert closed == ["first"]
    sit("b", "comes again")
    assert closed == ["first", "second"]


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=60))
def test_a_newcomer_of_an_address_with_few_connections_costs_only_the_others(came: str) -> None:
    """Where none is busy, none of an address with fewer connections than another is closed."""
    seats, closed, held = Seats(LIMITS, Time()), list[str](), Counter[str]()
    for block in came:
        most = max(held.values(), default=0)
        before = len(closed)
        seats.take(block, functools.partial(closed.append, block), shaking=False)
        assert all(held[gone] == most for gone in closed[before:])
        held.update(block)
        held.subtract(closed[before:])


# --- rate limits --------------------------------------------------------------------------------


@given(st.lists(st.sampled_from([0, 0.1, 1, 3, 30]), max_size=60))
def test_no_asker_has_more_turns_than_its_number_in_the_time(pauses: list[float]) -> None:
    """Twenty at once, and a further one each three seconds, however the asking is spread."""
    now = Time()
    limiter, free, began = RateLimiter(20, 60, now), 0, now.now
    for pause in pauses:
        now.now += pause
        free += limiter.wait("a", 0) == 0
        assert free <= 20 + (now.now - began) / 3
        assert limiter.wait("b", 0) == 0 or free > 0


def test_waits_grow_by_a_turn_up_to_the_longest() -> None:
    """Beyond that nothing is counted, so that a flood does not lock its address out."""
    now = Time()
    limiter = RateLimiter(20, 60, now)
    waits = [limiter.wait("a", 30) for _ in range(100)]
    assert waits[:23] == [0] * 20 + [3, 6, 9]
    assert max(waits) == 33
    now.now += 34
    assert limiter.wait("a", 30) == 0 or limiter.wait("a", 30) <= 33
    now.now += 100
    assert limiter.wait("a", 30) == 0


def test_only_so_many_askers_are_remembered() -> None:
    """A flood from everywhere does not fill the memory."""
    limiter = RateLimiter(1, 60, Time())
    for number in range(MOST + 10):
        limiter.wait(number, 0)
    assert len(limiter) <= MOST


# --- bodies -------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 6 * SMALL)), max_size=40))
def test_bodies_never_take_more_memory_than_there_is(asked: list[tuple[str, int]]) -> None:
    """In all, or of one address; and all of it comes back."""
    room, shares = BodyRoom(8 * SMALL), list[tuple[str, int, BodyShare]]()
    for block, size in asked:
        share = BodyShare(room, functools.partial(str, block))
        try:
            share.grow_to(size)
        except NoRoom:
            continue
        shares.append((block, size if size > SMALL else 0, share))
        assert len(room) == sum(size for _, size, _ in shares) <= 8 * SMALL
        assert sum(size for name, size, _ in shares if name == block) <= 8 * SMALL // SHARE
    for *_, share in shares:
        share.grow_to(0)
    assert len(room) == 0


def test_a_body_that_only_drips_is_given_up_before_its_time_is_over() -> None:
    """1 KiB a second after the first ten, by a clock that jumps."""
    loop = asyncio.new_event_loop()
    now = [loop.time()]
    loop.time = lambda: now[0]  # type: ignore[method-assign]  # a clock that the test moves
    dripped = 0

    async def receive() -> dict[str, object]:
        nonlocal dripped
        dripped += 1
        now[0] += 1
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"a", "more_body": True}

    async def reading() -> None:
        with pytest.raises(BodyTooSlow):
            await read_body(receive, None, limit=1000, seconds=30)

    loop.run_until_complete(reading())
    loop.close()
    assert dripped <= 12


# --- forms --------------------------------------------------------------------------------------


def test_a_strangers_form_is_looked_through_and_not_taken_apart() -> None:
    """Its claim is read without reading the pairs, of which there may be any number."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    common = f"Action=A&Version=1&Timestamp={int(now.timestamp())}&SecretId=me&Signature=s&Nonce=1"
    body = b"a&" * 500_000 + common.encode()
    form = V1Form(Head(method="POST", query=b"", headers={"host": "desk.example"}))
    claim = form.claim(body, now)
    assert (claim.secret_id, claim.action) == ("me", "A")
    assert "pairs" not in vars(claim)
    assert not claim.is_cheap(body)


# --- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (Settings(proxies=("10.0.0.1/8",)), "http.proxies"),
        (Settings(plain_networks=("everybody",)), "http.plain_networks"),
        (Settings(hosts=("a@b",)), "http.hosts"),
    ],
)
def test_a_limit_that_cannot_be_names_its_setting(settings: Settings, named: str) -> None:
    """And what is wrong with it."""
    with ThreadPool(1, "stranger") as threads, pytest.raises(SettingsError, match=named):
        edge_of(settings, threads)


def test_connections_that_the_system_has_no_files_for_are_refused_at_the_start() -> None:
    """Rather than at the worst moment."""
    with pytest.raises(SettingsError, match=r"http\.connections"):
        make_room_for_files(10**9)
