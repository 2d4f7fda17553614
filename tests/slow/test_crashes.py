"""A desk killed sixty times and a database server ten times, in the middle of their work."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tencentcloud.common.exception import TencentCloudSDKException

from tests.acceptance.crashing import CHANCE, Ledger, check_sealed, load
from tests.acceptance.processes import NO_RSA_STOCK
from tests.running import Client
from tests.slow.stored import StoredDesk, on_postgres, on_sqlite

if TYPE_CHECKING:
    from tests.postgres import Cluster

KILLS = 60
STOPS = 10
LONGEST_SECONDS = 0.6
RECOVERY_SECONDS = 10
LOST = frozenset({"InternalError", "AuthFailure.SignatureExpire"})
"""What a desk answers while its server is away, and to what was signed in the second before."""


@pytest.fixture(name="on_sqlite")
def desk_on_sqlite(tmp_path: Path) -> Iterator[StoredDesk]:
    """A desk with a file of its own."""
    with on_sqlite(tmp_path, NO_RSA_STOCK) as stored:
        yield stored


@pytest.fixture(name="on_postgres")
def desk_on_postgres(tmp_path: Path, postgres: Cluster) -> Iterator[StoredDesk]:
    """A desk on a server's database."""
    with on_postgres(tmp_path, NO_RSA_STOCK, postgres) as stored:
        yield stored


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "database", ["on_sqlite", pytest.param("on_postgres", marks=pytest.mark.needs("postgres"))]
)
def test_sixty_kills_under_load_lose_nothing_and_leave_nothing_by_half(
    database: str, request: pytest.FixtureRequest
) -> None:
    """After each: every acknowledged purchase and submission is there whole, and work goes on."""
    kept: StoredDesk = request.getfixturevalue(database)
    desk, ledger = kept.desk, Ledger()
    keys = desk.account()
    for _ in range(KILLS):
        before = len(ledger.attempts)
        with load(desk, keys, ledger):
            time.sleep(CHANCE.uniform(0, LONGEST_SECONDS))
            desk.kill()
        desk.start()
        kept.check(keys, ledger, before)
    assert len(ledger.acknowledged()) > KILLS
    desk.stop()
    check_sealed(kept.settings, ledger)


@pytest.mark.needs("postgres")
def test_a_server_stopped_at_once_ten_times_loses_nothing(
    on_postgres: StoredDesk, postgres: Cluster
) -> None:
    """The desk stays, answers that it does not know, and works again when its server does."""
    desk, ledger = on_postgres.desk, Ledger()
    keys, process = desk.account(), desk.pid
    for _ in range(STOPS):
        before = len(ledger.attempts)
        with load(desk, keys, ledger, lost=LOST):
            time.sleep(CHANCE.uniform(0, LONGEST_SECONDS))
            postgres.stop("immediate")
            time.sleep(CHANCE.uniform(0, LONGEST_SECONDS))
            postgres.start()
            wait_until_it_buys(desk.client(keys), ledger)
            time.sleep(LONGEST_SECONDS)
        on_postgres.check(keys, ledger, before)
    assert desk.pid == process
    assert len(ledger.acknowledged()) > STOPS
    desk.stop()
    check_sealed(on_postgres.settings, ledger)


def wait_until_it_buys(client: Client, ledger: Ledger) -> None:
    """Wait until an order can be bought again, no longer than a desk may take for that."""
    enough = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < enough:
        with contextlib.suppress(TencentCloudSDKException):
            bought = client.call("CreateCertificate", ProductId=25, DomainNum=1, TimeSpan=1)
            ledger.purchases[bought["CertificateIds"][0]] = bought["RequestId"]
            return
        time.sleep(0.1)
    pytest.fail("the desk does not come back")
