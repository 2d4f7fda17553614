"""Commands beside, before and after a server; how a server and a sandbox start and end."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.processes import (
    NO_RSA_STOCK,
    READY,
    begun,
    certdesk,
    keys_in,
    names_of,
    printed,
    serving,
)
from tests.acceptance.watching import until
from tests.actions.submitting import PERSONAL
from tests.running import Client, RunningDesk, running
from tests.web.raw import Wire, head

IMPORTED = re.compile(r"^import time:.*\| +(\S+)$", re.MULTILINE)
"""A line of PYTHONPROFILEIMPORTTIME, and the module that it names."""

NEEDED_LATER = {
    "alembic",
    "badkeys",
    "certdesk.storage.postgresql.store",
    "email_validator",
    "gmpy2",
    "phonenumbers",
    "prometheus_client",
    "rich.console",
    "sqlalchemy.dialects.postgresql",
}

SLOW = {"CsrEncryptAlgo": "RSA", "CsrKeyParameter": "2048"}
"""A kind of key that the desk has none of in stock."""


def add_accounts(data: str, count: int) -> list[subprocess.CompletedProcess[str]]:
    """Run `certdesk account add` so many times at once."""
    with ThreadPoolExecutor(count) as threads:
        names = [f"account {number}" for number in range(count)]
        return list(threads.map(lambda name: add_account(data, name), names))


def add_account(data: str, name: str) -> subprocess.CompletedProcess[str]:
    """Add an account; on a slow machine the others take longer than a command waits for them."""
    while True:
        done = certdesk("account", "add", name, "--data", data)
        if "is busy and does not answer" not in done.stderr:
            return done


def test_commands_at_once_without_a_server_take_turns(data: str) -> None:
    """Each opens the folder for itself, and the first of them makes it."""
    added = add_accounts(data, 3)
    assert len({printed(done)["Uin"] for done in added}) == 3
    assert names_of(data) == ["account 0", "account 1", "account 2"]


def test_commands_while_a_server_starts_are_carried_out_once(data: str, tmp_path: Path) -> None:
    """Some come before it, some after; none fails, none is done twice, and it starts.

    On a slow machine they have the folder for longer than it waits: it is started again then.
    """
    words = ["serve", "--data", data, "--listen", "127.0.0.1:0"]
    with ThreadPoolExecutor(1) as threads, ExitStack() as held:
        adding = threads.submit(add_accounts, data, 3)
        while not starts(held, tmp_path / "log", *words):
            pass
        assert all(printed(done) for done in adding.result())
        assert names_of(data) == ["account 0", "account 1", "account 2"]


def starts(held: ExitStack, log: Path, *words: str) -> bool:
    """Run a server until `held` ends; False where a command had its folder for too long."""
    try:
        held.enter_context(serving(log, *words))
    except AssertionError:
        assert "is in use by process" in log.read_text()
        return False
    return True


def test_commands_while_a_server_ends_are_carried_out_once(data: str, tmp_path: Path) -> None:
    """What the server took in hand it finishes; the rest is done without it."""
    with serving(tmp_path / "log", "serve", "--data", data, "--listen", "127.0.0.1:0") as served:
        with ThreadPoolExecutor(1) as threads:
            adding = threads.submit(add_accounts, data, 6)
            while len(names_of(data)) < 1:
                pass
            served.process.terminate()
            assert all(printed(done) for done in adding.result())
        assert served.process.wait() == 0
    assert names_of(data) == [f"account {number}" for number in range(6)]


def test_commands_work_while_the_desk_is_busy(desk: RunningDesk) -> None:
    """Threads of their own: twelve clients that never rest do not keep the operator out."""
    keys = desk.account()
    ended = threading.Event()

    def work() -> None:
        client = desk.client(keys)
        certificate = client.buy()
        while not ended.is_set():
            client.submit(certificate)

    with ThreadPoolExecutor(12) as threads:
        working = [threads.submit(work) for _ in range(12)]
        try:
            for _ in range(3):
                company = desk.company(desk.account())
                assert desk.certdesk("company", "show", str(company))["Company"]["CompanyId"]
        finally:
            ended.set()
        assert [each.result() for each in working] == [None] * 12


def test_a_long_path_to_the_folder_is_no_obstacle(tmp_path: Path) -> None:
    """A socket's address has 108 bytes at most; the folder's path may have more."""
    folder = tmp_path / ("long " * 30).strip() / "数据"
    added = printed(certdesk("account", "add", "early", "--data", str(folder)))
    with running(folder, settings=NO_RSA_STOCK) as desk:
        assert [each["Name"] for each in desk.certdesk("account", "list")] == ["early"]
        assert desk.client(keys_in(added)).buy()


def test_a_database_elsewhere_is_used_by_server_and_commands(data: str, tmp_path: Path) -> None:
    """`--database` moves the file; key file and socket stay in the folder."""
    options = ["--data", data, "--database", f"sqlite:///{tmp_path / 'elsewhere' / 'desk.db'}"]
    keys = keys_in(printed(certdesk("account", "add", "early", *options)))
    with serving(tmp_path / "log", "serve", *options, "--listen", "127.0.0.1:0") as served:
        assert Client(served.endpoint, keys).buy()
        assert len(printed(certdesk("account", "list", *options))) == 1
    assert (tmp_path / "elsewhere" / "desk.db").is_file()
    assert not (Path(data) / "certdesk.db").exists()


def test_a_start_imports_nothing_that_the_first_answer_does_not_need(
    data: str, tmp_path: Path
) -> None:
    """They took a third of a start; a desk that has its database already uses none of them."""
    keys = keys_in(printed(certdesk("account", "add", "early", "--data", data)))
    words = ["serve", "--data", data, "--listen", "127.0.0.1:0"]
    profile = {"PYTHONPROFILEIMPORTTIME": "1"}
    with serving(tmp_path / "log", *words, variables=profile) as served:
        assert Client(served.endpoint, keys).call("DescribeCertificates")["TotalCount"] == 0
        imported = set(IMPORTED.findall(served.errors.read_text()))
    assert "sqlalchemy" in imported
    assert imported & NEEDED_LATER == set()


# --- starting and ending ------------------------------------------------------------------------


def test_a_sandbox_tells_its_keys_and_then_that_it_is_ready(tmp_path: Path) -> None:
    """Two lines on stdout, both of use, whatever it serves; the folder is gone afterwards."""
    variables = {"TMPDIR": str(tmp_path)}
    words = ["sandbox", "--listen", "127.0.0.1:0"]
    with serving(tmp_path / "log", *words, variables=variables) as served:
        told, ready = served.lines
        sandbox = json.loads(told)
        assert set(sandbox) == {"SecretId", "SecretKey", "Uin", "Endpoint"}
        assert ready == READY + sandbox["Endpoint"]
        client = Client(served.endpoint, keys_in(sandbox))
        assert client.submit(client.buy())["RequestId"]
        (folder,) = [path for path in tmp_path.iterdir() if path.is_dir()]
        assert names_of(str(folder)) == ["sandbox"]
        served.process.terminate()
        assert served.process.wait() == 0
        assert served.process.stdout
        assert served.process.stdout.read() == ""
        assert "SANDBOX" in served.errors.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_a_sandbox_with_a_folder_keeps_it(data: str, tmp_path: Path) -> None:
    """What is in it is there afterwards."""
    with serving(tmp_path / "log", "sandbox", "--data", data, "--listen", "127.0.0.1:0"):
        pass
    assert names_of(data) == ["sandbox"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_in_hand_finish(tmp_path: Path, how: signal.Signals) -> None:
    """Exit code 0, every request that was begun is answered, and no socket is left (row 4).

    A request is in hand once the desk asks for its body.
    """
    data, config = str(tmp_path / "data"), tmp_path / "desk.toml"
    config.write_text("[keys]\nmakers = 1\n")
    keys = keys_in(printed(certdesk("account", "add", "a", "--data", data)))
    words = ["serve", "--data", data, "--config", str(config), "--listen", "127.0.0.1:0"]
    with ExitStack() as held, serving(tmp_path / "log", *words) as served:
        client = Client(served.endpoint, keys)
        bought = [client.buy() for _ in range(3)]
        bodies = [json.dumps(PERSONAL | SLOW | {"CertId": each}).encode() for each in bought]
        lines = [held.enter_context(Wire(served.endpoint)) for _ in bodies]
        for line, body in zip(lines, bodies, strict=True):
            more = (f"Content-Length: {len(body)}", "Expect: 100-continue")
            line.send(head(served.endpoint, keys, "CertificateInfoSubmit", body, *more))
            assert line.answer().status == 100
        served.process.send_signal(how)
        until(lambda: not listens(served.endpoint))
        for line, body in zip(lines, bodies, strict=True):
            line.send(body)
        assert [line.answer().code for line in lines] == [""] * 3
        assert served.process.wait() == 0
        logged = served.errors.read_text()
        assert "Traceback" not in logged
        assert logged.index("the desk serves") < logged.index("the desk is stopping")
        assert logged.index("the desk is stopping") < logged.index("the desk has stopped")
    assert not Path(data, "admin.sock").exists()
    with serving(tmp_path / "log", *words) as served:
        client = Client(served.endpoint, keys)
        assert all(client.detail(each)["CertificatePrivateKey"] for each in bought)


def listens(endpoint: str) -> bool:
    """Whether somebody takes connections there."""
    try:
        with Wire(endpoint):
            return True
    except ConnectionRefusedError:
        return False


def test_a_server_that_is_told_to_end_while_it_starts_ends(data: str) -> None:
    """However early the signal comes, the next start finds everything in order."""
    for moment in (0.3, 0.7):
        with begun(subprocess.DEVNULL, "serve", "--data", data, "--listen", "127.0.0.1:0"):
            time.sleep(moment)
    printed(certdesk("account", "add", "first", "--data", data))
    assert names_of(data) == ["first"]
