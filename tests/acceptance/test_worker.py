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
    elsewhere = "postgresql://127.0.0.1:1/none"
    refused = RunningDesk(tmp_path / "desk").run("worker", "--database", elsewhere)
    assert refused.returncode == 3
    assert "ca.base_url" in refused.stderr


def test_a_server_that_nobody_reaches_is_told_in_readable_lines(tmp_path: Path) -> None:
    """The library's hint is indented with a tab, which a terminal would not get as such."""
    desk = RunningDesk(tmp_path / "desk", settings='ca.base_url = "http://ca.example.com"\n')
    refused = desk.run("worker", "--database", "postgresql://127.0.0.1:1/none")
    lines = [line for line in refused.stderr.splitlines() if line.startswith("certdesk: ")]

    assert refused.returncode == 3
    assert "cannot be opened: connection failed" in lines[0]
    assert lines[1].startswith("certdesk: Is the server running")


def test_a_worker_needs_a_database_that_others_may_use_too(tmp_path: Path) -> None:
    """On SQLite it would take the folder of the desk that serves."""
    desk = RunningDesk(tmp_path / "desk", settings='ca.base_url = "http://ca.example.com"\n')
    refused = desk.run("worker")
    wrong = desk.run("worker", "--database", "mysql://127.0.0.1/none")

    told = "database: a worker needs PostgreSQL; with SQLite certdesk serve does this work"
    assert (refused.returncode, refused.stderr) == (3, f"certdesk: {told}\n")
    assert (wrong.returncode, "mysql is not supported" in wrong.stderr) == (3, True)
    assert not desk.folder.exists()
