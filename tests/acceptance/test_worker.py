"""`certdesk worker`: the background work by itself, on the database of the desks that serve."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from certdesk.world.nameserver import nameserver
from tests.acceptance.processes import NO_RSA_STOCK
from tests.postgres import Cluster
from tests.running import PROGRAM, RunningDesk

SECONDS = 60


@pytest.mark.needs("postgres")
def test_a_worker_goes_on_with_what_a_desk_was_asked(postgres: Cluster, tmp_path: Path) -> None:
    """The desk that took the order has ended; the worker looks for its proof."""
    database = postgres.emptied_database()
    with nameserver() as names:
        settings = (
            f'database = "{database}"\nvault.key_file = "{tmp_path / "kek.json"}"\n'
            f'dns.resolvers = ["{names.endpoint}"]\ndns.dnssec = "off"\nproof.interval = 1\n'
            'ca.base_url = "http://desk.example.com"\n' + NO_RSA_STOCK
        )
        desk = RunningDesk(tmp_path / "serving", settings=settings)
        desk.start()
        client = desk.client()
        bought = client.buy(104)
        client.submit(bought, CertCommonName="shop.example.com")
        with postgres.connect(database) as beside:
            beside.execute("LISTEN certdesk_due")
            client.call("CertificateOrderSubmit", CertId=bought)
            # A worker that runs meanwhile is told.
            assert list(beside.notifies(timeout=SECONDS, stop_after=1))
        desk.stop()
        looks = len(names.asked("TXT"))

        command = [PROGRAM, "worker", "--config", str(tmp_path / "serving.toml")]
        command += ["--data", str(tmp_path / "working")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "certdesk worker at work\n"
            end = time.monotonic() + SECONDS
            while len(names.asked("TXT")) < looks + 2:
                assert time.monotonic() < end, "nothing is looked for"
                time.sleep(0.05)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(SECONDS) == 0


def test_a_worker_that_does_not_know_where_its_desks_answer_does_not_start(tmp_path: Path) -> None:
    """It would write addresses into certificates where nobody is."""
    refused = RunningDesk(tmp_path / "desk").run("worker")
    assert refused.returncode == 3
    assert "ca.base_url" in refused.stderr
