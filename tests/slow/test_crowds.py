"""A crowd above the limit, and connections that stall: the limit holds, and no others suffer."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.crowd import WHILE_STARTING_SECONDS, crowd, narrowest
from tests.acceptance.processes import NO_RSA_STOCK
from tests.acceptance.stalling import stalling
from tests.footprint import open_files, resident_kib
from tests.running import Keys, RunningDesk, running
from tests.web.raw import Wire, request

if TYPE_CHECKING:
    from tests.postgres import Cluster

LIMIT = 10
CROWD = 100
CROWD_SECONDS = 6.0
RATIO = 3.0
LISTEN_SECONDS = 4.0
STALL_SECONDS = 30.0
PATIENCE_SECONDS = 15.0
PAUSE_SECONDS = 0.02
SETTINGS = f"rate.limit = {LIMIT}\nhttp.connections_per_address = 300\n{NO_RSA_STOCK}"
ROOM = f"http = {{ connections = 1000, connections_per_address = 1000 }}\n{NO_RSA_STOCK}"
"""For stalled connections that stand for those of many addresses."""


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[list[RunningDesk]]:
    """A desk with a file of its own and the usual limit."""
    with running(tmp_path / "desk", settings=SETTINGS) as desk:
        yield [desk]


@pytest.fixture
def together(tmp_path: Path, postgres: Cluster) -> Iterator[list[RunningDesk]]:
    """Two desks on one database, with the usual limit."""
    settings = f'database = "{postgres.database()}"\n{SETTINGS}'
    with running(tmp_path / "one", settings=settings) as one:
        (tmp_path / "two").mkdir(mode=0o700)
        key_file = tmp_path / "two" / "kek.json"
        key_file.write_bytes((tmp_path / "one" / "kek.json").read_bytes())
        key_file.chmod(0o400)
        with running(tmp_path / "two", settings=settings) as two:
            yield [one, two]


@pytest.mark.parametrize(
    "kind", ["alone", pytest.param("together", marks=pytest.mark.needs("postgres"))]
)
def test_a_hundred_clients_at_ten_times_the_limit_get_ten_a_second(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """No more within any second, by whichever desk; another account waits about as long as ever."""
    desks: list[RunningDesk] = request.getfixturevalue(kind)
    first = desks[0]
    greedy, modest = first.account(), first.account()
    first.certdesk("account", "limit", modest.uin, "DescribeCompanies", "1000")
    time.sleep(1.1)
    endpoints = [desk.endpoint for desk in desks]
    kib = resident_kib(first.pid)

    quiet = median_seconds(first, modest)
    with crowd(
        *endpoints,
        keys=greedy,
        action="DescribeCompanies",
        clients=CROWD,
        per_second=10 * LIMIT,
        seconds=CROWD_SECONDS,
    ) as told:
        time.sleep(WHILE_STARTING_SECONDS + 1)
        loud = median_seconds(first, modest)

    served = [each for each in told if not each.code]
    say(f"{len(told)} asked, {len(served)} served; eleven in {narrowest(served, LIMIT + 1):.3f} s")
    say(f"another account: {1000 * quiet:.2f} ms alone, {1000 * loud:.2f} ms beside the crowd")
    assert {each.code for each in told} == {"", "RequestLimitExceeded"}
    assert len(told) >= 0.9 * 10 * LIMIT * CROWD_SECONDS
    assert narrowest(served, LIMIT + 1) >= 1
    assert len(served) >= 0.5 * LIMIT * CROWD_SECONDS
    assert loud <= RATIO * quiet
    assert resident_kib(first.pid) <= kib + 30 * 1024


def median_seconds(desk: RunningDesk, keys: Keys) -> float:
    """Ask again and again for a while, and tell how long an answer took; all have to be good."""
    return statistics.median(times(desk, keys, LISTEN_SECONDS))


def times(desk: RunningDesk, keys: Keys, seconds: float) -> Iterator[float]:
    """Ask again and again, with a pause between; give how long each answer took."""
    end = time.monotonic() + seconds
    with Wire(desk.endpoint) as wire:
        while time.monotonic() < end:
            data = request(desk.endpoint, keys, "DescribeCompanies", b"{}")
            began = time.monotonic()
            wire.send(data)
            assert wire.answer().code == ""
            yield time.monotonic() - began
            time.sleep(PAUSE_SECONDS)


@pytest.mark.parametrize(("settings", "least"), [(ROOM, 540), (NO_RSA_STOCK, 60)])
def test_connections_that_stall_harm_nobody(tmp_path: Path, settings: str, least: int) -> None:
    """400 idle ones, slow heads and slow bodies: others are all served, and nothing is left.

    Whether there is room for all of them, or for those that one address may have.
    """
    with running(tmp_path / "desk", settings=settings) as desk:
        keys, slow_ones = desk.account(), desk.account()
        client = desk.client(keys)
        client.submit(client.buy())
        files, kib = open_files(desk.pid), resident_kib(desk.pid)
        with stalling(desk, slow_ones, idle=400, slow_heads=100, slow_bodies=100) as lines:
            end, orders, held = time.monotonic() + STALL_SECONDS, 0, 0
            while time.monotonic() < end:
                order = client.buy()
                client.submit(order)
                assert client.detail(order)["SubmittedData"] is not None
                orders += 1
                held = max(held, open_files(desk.pid) - files)
            waited = sorted(times(desk, keys, LISTEN_SECONDS))
        say(
            f"{orders} orders beside {len(lines)} stalled connections, which were made "
            f"{sum(line.connections for line in lines)} times; at most {held} at once"
        )
        say(
            f"answers in {1000 * statistics.median(waited):.2f} ms, {1000 * waited[-1]:.0f} at most"
        )
        assert held >= least
        assert orders >= STALL_SECONDS
        enough = time.monotonic() + PATIENCE_SECONDS
        while open_files(desk.pid) > files + 10 and time.monotonic() < enough:
            time.sleep(0.1)
        say(f"afterwards {open_files(desk.pid)} files, {files} before")
        assert open_files(desk.pid) <= files + 10
        assert resident_kib(desk.pid) <= kib + 30 * 1024
        assert "Traceback" not in desk.log


def test_large_forms_of_strangers_hold_nobody_up(tmp_path: Path) -> None:
    """Four of them, a megabyte each and all day long: another's answer takes about as long."""
    settings = f"http.wrong_per_minute = 0\nrate.limit = 0\n{NO_RSA_STOCK}"
    with running(tmp_path / "desk", settings=settings) as desk:
        keys = desk.account()
        quiet = median_seconds(desk, keys)
        ended = threading.Event()
        threads = [
            threading.Thread(target=send_forms, args=(desk, f"127.0.9.{number}", ended))
            for number in range(1, 5)
        ]
        for thread in threads:
            thread.start()
        try:
            loud = median_seconds(desk, keys)
        finally:
            ended.set()
            for thread in threads:
                thread.join()
    say(f"{1000 * quiet:.2f} ms alone, {1000 * loud:.2f} ms beside strangers' forms")
    assert loud <= RATIO * quiet


def send_forms(desk: RunningDesk, source: str, ended: threading.Event) -> None:
    """Send large forms of nobody, with a pause between, until told to end."""
    common = f"Action=A&Version=1&Timestamp={time.time():.0f}&SecretId=nobody&Signature=s&Nonce=1"
    pairs = "".join(f"&a{number}=%41" for number in range(1900))
    body = f"{common}{pairs}&b={'%41' * 330_000}".encode()
    head = (
        f"POST / HTTP/1.1\r\nHost: {desk.endpoint}\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    ).encode()
    with Wire(desk.endpoint, source) as wire:
        while not ended.wait(0.1):
            wire.send(head + body)
            assert wire.answer().code == "AuthFailure.SecretIdNotFound"


def say(text: str) -> None:
    """Tell what was measured; pytest shows it with `-s`, and where a test fails."""
    print(text)  # noqa: T201 -- the figures are the result
