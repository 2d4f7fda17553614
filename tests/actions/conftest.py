"""A desk for all tests of the actions, and accounts on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from certdesk.world.nameserver import NameServer, nameserver
from certdesk.world.webserver import WebServer, webserver
from tests.actions import downloading
from tests.running import Client, Keys, RunningDesk, running

# Small, for the sake of the machine; what is missing is made on the spot.
STOCK = "[keys.stock]\nrsa_2048 = 1\nrsa_4096 = 0\np_256 = 8\n"


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk in a process of its own."""
    with running(tmp_path_factory.mktemp("desk") / "data", settings=STOCK) as desk:
        yield desk


@pytest.fixture(scope="session")
def keys(desk: RunningDesk) -> Keys:
    """The keys of an account that many tests use side by side."""
    return desk.account()


@pytest.fixture(scope="session")
def client(desk: RunningDesk, keys: Keys) -> Client:
    """The official SDK with those keys."""
    return desk.client(keys)


@pytest.fixture
def order(client: Client) -> str:
    """A new order for one name, domain validated (WoTrus DV)."""
    return client.buy()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[downloading.Place]:
    """A desk with certificates to be handed over."""
    with running(tmp_path_factory.mktemp("download") / "desk", settings=STOCK) as desk:
        yield downloading.set_up(desk)


@pytest.fixture(scope="session")
def names() -> Iterator[NameServer]:
    """The name server that `proving` asks; it knows what a test adds."""
    with nameserver() as server:
        yield server


@pytest.fixture(scope="session")
def web() -> Iterator[WebServer]:
    """The web server that `proving` fetches files from; it has what a test puts there."""
    with webserver() as server:
        yield server


@pytest.fixture(scope="session")
def proving(
    tmp_path_factory: pytest.TempPathFactory, names: NameServer, web: WebServer
) -> Iterator[RunningDesk]:
    """A desk that finds the proofs of `names` and `web`, and looks again after a second.

    It has one thread for requests, so that nothing that holds it goes unseen. Many tests have names
    of one domain looked for, which has no limit here.
    """
    settings = f"""{STOCK}
[dns]
resolvers = ["{names.endpoint}"]
dnssec = "off"
[proof]
interval = 1
per_domain = 0
http_port = {web.port}
allow_networks = ["{web.address}/32"]
[http]
threads = 1
"""
    with running(tmp_path_factory.mktemp("proving") / "data", settings=settings) as desk:
        yield desk


@pytest.fixture(scope="session")
def orderer(proving: RunningDesk) -> Client:
    """The official SDK with the keys of an account on `proving`."""
    return proving.client()
