"""Places in the rate limit on PostgreSQL, when the process that holds them is killed."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.serving import PROCESSES
from tests.acceptance.watching import WELL, told, until
from tests.children import serving_processes_of
from tests.postgres import wait_until
from tests.running import NO_KEYS_AHEAD, RunningDesk
from tests.web.raw import Wire, request

if TYPE_CHECKING:
    from tests.postgres import Cluster

pytestmark = pytest.mark.needs("postgres")

LIMIT = 10
HELD = "SELECT count(*) FROM pace WHERE free_at > clock_timestamp() + interval '10 seconds'"
BLOCKING = "LOCK TABLE orders IN EXCLUSIVE MODE"
BUY = b'{"ProductId": 25, "DomainNum": 1, "TimeSpan": 1}'


def test_places_of_requests_in_progress_are_free_when_their_process_was_killed(
    postgres: Cluster, tmp_path: Path
) -> None:
    """The parent frees them, or the next start of the desk: the account need not wait."""
    url = postgres.database()
    settings = f'database = "{url}"\nhttp.workers = {PROCESSES}\nrate.limit = {LIMIT}\n'
    desk = RunningDesk(tmp_path / "data", settings=settings + NO_KEYS_AHEAD)
    desk.start()
    try:
        with ten_in_progress(desk, postgres, url):
            for process in serving_processes_of(desk.pid):
                os.kill(process, signal.SIGKILL)
        wait_until(lambda: held(postgres, url) == 0)

        until(lambda: len(serving_processes_of(desk.pid)) == PROCESSES)
        until(lambda: told(desk.url).status == WELL)
        with ten_in_progress(desk, postgres, url):
            desk.kill()
        desk.start()
        assert held(postgres, url) == 0
    finally:
        desk.stop()


@contextlib.contextmanager
def ten_in_progress(desk: RunningDesk, postgres: Cluster, url: str) -> Iterator[None]:
    """Have ten purchases wait for the database, which is all that the account may have."""
    keys = desk.account()
    with contextlib.ExitStack() as lines, postgres.connect(url) as foreign:
        foreign.autocommit = False
        foreign.execute(BLOCKING)
        for number in range(LIMIT):
            line = lines.enter_context(Wire(desk.endpoint))
            line.send(request(desk.endpoint, keys, "CreateCertificate", BUY + b" " * number))
        wait_until(lambda: held(postgres, url) == LIMIT)
        yield


def held(postgres: Cluster, url: str) -> int:
    """Count the places of requests that are in progress, as far as the database knows."""
    with postgres.connect(url) as connection:
        ((count,),) = connection.execute(HELD).fetchall()
    return int(count)
