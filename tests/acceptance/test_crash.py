"""`kill -9` at any moment: what was acknowledged is there whole, and nothing is there by half.

`tests/slow` does it oftener.
"""

from __future__ import annotations

import functools
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from certdesk.settings import Settings
from tests.acceptance.crashing import (
    CHANCE,
    Ledger,
    check_answers,
    check_records,
    check_sealed,
    load,
)
from tests.acceptance.database import rows
from tests.acceptance.processes import NO_RSA_STOCK, begun, certdesk
from tests.running import Client, RunningDesk

KILLS = 10
LONGEST_SECONDS = 0.6


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    """A desk that a test starts and kills as it likes."""
    desk = RunningDesk(tmp_path / "data", settings=NO_RSA_STOCK)
    yield desk
    desk.stop()


# A quarter of a minute on two free cores; ten starts take their time where others want them too.
def test_ten_kills_under_load_lose_nothing_and_leave_nothing_by_half(desk: RunningDesk) -> None:
    """After each: every acknowledged purchase and submission is there whole, and work goes on."""
    ledger = Ledger()
    desk.start()
    keys = desk.account()
    for _ in range(KILLS):
        before = len(ledger.attempts)
        with load(desk, keys, ledger):
            time.sleep(CHANCE.uniform(0, LONGEST_SECONDS))
            desk.kill()
        desk.start()
        assert rows(desk.folder, "PRAGMA integrity_check") == [("ok",)]
        read = functools.partial(rows, desk.folder)
        check_records(read, ledger)
        check_answers(read, Client(desk.endpoint, keys), ledger, before)
    assert len(ledger.acknowledged()) > KILLS
    desk.stop()
    check_sealed(Settings(data=str(desk.folder)), ledger)


def test_kills_while_the_desk_makes_its_first_files_cost_nothing(tmp_path: Path) -> None:
    """However early the end comes, the next start goes on from there (key file, schema, marks)."""
    folder = tmp_path / "data"
    words = ("serve", "--data", str(folder), "--listen", "127.0.0.1:0")
    for _ in range(6):
        with begun(subprocess.DEVNULL, *words) as process:
            time.sleep(CHANCE.uniform(0.4, 1.2))
            process.kill()
    added = certdesk("account", "add", "a", "--data", str(folder))
    assert added.returncode == 0, added.stderr
    assert rows(folder, "PRAGMA integrity_check") == [("ok",)]
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []
