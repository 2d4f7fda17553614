"""Serving processes and their parent, killed at random under load, as often as it takes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.crashing import CHANCE, Ledger, check_sealed, load
from tests.acceptance.crowd import crowd, narrowest
from tests.acceptance.processes import NO_RSA_STOCK
from tests.acceptance.serving import PROCESSES, killing_one
from tests.slow.stored import StoredDesk, on_postgres, on_sqlite

LIMIT = 10
LOST = frozenset({"InternalError"})
"""A desk on PostgreSQL may not learn what became of a commit."""

OF_A_PARENT = 9
"""How many serving processes are killed for each parent."""

UNLIMITED = "".join(
    f"quota.{kind} = 10000000\n" for kind in ("orders", "open_orders", "companies", "managers")
)
"""The load brings a company with each order, more than 10,000 in all."""

SETTINGS = f"http.workers = {PROCESSES}\nrate.limit = 0\n{UNLIMITED}{NO_RSA_STOCK}"
LIMITED = "DescribeCertificates"
CROWD_SECONDS = 12.0
LONGEST_SECONDS = 0.5


@contextlib.contextmanager
def stored_on(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[StoredDesk]:
    """Run a desk with several processes on a kind of database."""
    if kind == "sqlite":
        with on_sqlite(folder, SETTINGS) as stored:
            yield stored
    else:
        with on_postgres(folder, SETTINGS, request.getfixturevalue("postgres")) as stored:
            yield stored


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("kind", "kills"),
    [("sqlite", 200), pytest.param("postgresql", 100, marks=pytest.mark.needs("postgres"))],
)
def test_kills_at_random_under_load_lose_nothing_double_nothing_and_keep_the_limit(
    kind: str, kills: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Each acknowledged order is whole, and never over ten requests are answered in a second."""
    ledger, killed = Ledger(), 0
    with stored_on(kind, tmp_path, request) as stored:
        desk, keys, limited = stored.desk, stored.desk.account(), stored.desk.account()
        desk.certdesk("account", "limit", limited.uin, LIMITED, str(LIMIT))
        while killed < kills:
            before = len(ledger.attempts)
            with (
                load(desk, keys, ledger, lost=LOST),
                crowd(
                    desk.endpoint,
                    keys=limited,
                    action=LIMITED,
                    clients=40,
                    per_second=60,
                    seconds=CROWD_SECONDS,
                ) as answers,
            ):
                killed += killing_some(lambda which: killing_one(desk, which))
            served = [each for each in answers if not each.code]
            assert len(served) > LIMIT
            assert narrowest(served, LIMIT + 1) >= 1
            with load(desk, keys, ledger, lost=LOST):
                time.sleep(CHANCE.uniform(0, LONGEST_SECONDS))
                desk.kill()
            killed += 1
            desk.start()
            stored.check(keys, ledger, before)
        assert len(ledger.acknowledged()) > kills
        desk.stop()
        check_sealed(stored.settings, ledger)


def killing_some(kill: Callable[[int], contextlib.AbstractContextManager[None]]) -> int:
    """Kill serving processes at random moments, one after the other; return how many."""
    for _ in range(OF_A_PARENT):
        time.sleep(CHANCE.uniform(0, LONGEST_SECONDS))
        with kill(CHANCE.randrange(PROCESSES)):
            pass
    return OF_A_PARENT
