"""A desk for all tests of the actions, and accounts on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
