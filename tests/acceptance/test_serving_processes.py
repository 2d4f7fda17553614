"""Several processes serve one desk: what they share is exact, also while one of them is killed."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import functools
import itertools
import json
import os
import re
import resource
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from tests.acceptance.crashing import Ledger, check_answers, check_records, load
from tests.acceptance.crowd import crowd, narrowest
from tests.acceptance.database import rows
from tests.acceptance.processes import NO_RSA_STOCK
from tests.acceptance.processes import serving as serving_alone
from tests.acceptance.serving import PROCESSES, killing_one, stopped
from tests.acceptance.watching import RED, WELL, sample, told, until
from tests.children import gone, serving_processes_of
from tests.conformance.raw import Call
from tests.running import NO_KEYS_AHEAD, Client, RunningDesk, running

LIMIT = 10
SETTINGS = f"http.workers = {PROCESSES}\nrate.limit = {LIMIT}\n{NO_RSA_STOCK}"
UNLIMITED = f"http.workers = {PROCESSES}\nrate.limit = 0\n"
KILLS = 4
ON_ONE_CORE = ["taskset", "-c", "0"]
NEWEST = -1
REPLACED = "another serving process serves"
ENDED = "a serving process ended, another is started"
FAULTY = re.compile(
    "serving process [01]: no file or connection can be opened: Too many open files"
)
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
NO_ACCIDENT_SECONDS = 5.5
"""Seconds after which no two honest requests share a signature."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk with the usual rate limit."""
    with running(tmp_path_factory.mktemp("processes") / "data", settings=SETTINGS) as desk:
        yield desk


def test_the_rate_limit_is_exact_over_all_processes_while_one_is_killed(desk: RunningDesk) -> None:
    """Never more than ten requests of an account are answered in any second, seen from outside."""
    keys = desk.account()
    with crowd(
        desk.endpoint,
        keys=keys,
        action="DescribeCertificates",
        clients=40,
        per_second=60,
        seconds=6,
    ) as answers:
        time.sleep(4)
        with killing_one(desk):
            pass

    served = [each for each in answers if not each.code]
    assert len(served) > 3 * LIMIT
    assert narrowest(served, LIMIT + 1) >= 1


def test_what_one_process_has_seen_no_other_takes(desk: RunningDesk) -> None:
    """A captured purchase is refused on every connection, whichever process accepts it."""
    keys = desk.account()
    body = json.dumps({"ProductId": 25, "DomainNum": 1, "TimeSpan": 1}).encode()
    call = Call(endpoint=desk.endpoint, keys=keys, action="CreateCertificate", body=body)
    call = dataclasses.replace(call, timestamp=int(time.time()))
    assert call.send().code == "ok"
    time.sleep(NO_ACCIDENT_SECONDS)

    assert {call.send().code for _ in range(8)} == {"AuthFailure.SignatureExpire"}


def test_a_killed_process_is_replaced_and_health_says_so(desk: RunningDesk) -> None:
    """While the other serves; the counters go on from where they were."""
    client = desk.client()
    before = counted(desk)
    client.call("DescribeManagers", CompanyId=1)
    # The process tells the parent after it has answered.
    until(lambda: counted(desk) == before + 1)
    with killing_one(desk):
        until(lambda: told(desk.url).status == RED)

    assert "ended by signal 9" in told(desk.url).text
    assert "a serving process ended" in desk.log
    assert counted(desk) == before + 1


def test_a_process_is_replaced_as_soon_as_it_can_be(desk: RunningDesk) -> None:
    """Neither a want of files nor a write that hangs ends the desk or keeps the next one away."""
    before, other = desk.log.count(REPLACED), max(serving_processes_of(desk.pid))
    usual = resource.prlimit(desk.pid, resource.RLIMIT_NOFILE)
    with killing_one(desk), holding_writes(desk):
        resource.prlimit(desk.pid, resource.RLIMIT_NOFILE, (0, usual[1]))
        os.kill(other, signal.SIGKILL)
        until(lambda: "no process can be started" in desk.log)
        resource.prlimit(desk.pid, resource.RLIMIT_NOFILE, usual)
        until(lambda: desk.log.count(REPLACED) == before + 2)


def test_a_process_that_ends_again_and_again_is_started_after_longer_pauses(
    desk: RunningDesk,
) -> None:
    """Although each gets ready; the log tells the pauses."""
    before = len(pauses(desk))
    for _ in range(2):
        with killing_one(desk, NEWEST):
            pass

    new = pauses(desk)[before:]
    assert len(new) == 2
    assert new == sorted(set(new))


def pauses(desk: RunningDesk) -> list[float]:
    """Give the seconds that the log tells after each end of a process."""
    lines = [json.loads(line) for line in desk.log.splitlines() if ENDED in line]
    return [line["pause_seconds"] for line in lines]


def test_a_process_that_hangs_is_killed_and_replaced(tmp_path: Path) -> None:
    """It is alive, so nothing but its silence shows it; the log, health and doctor say so."""
    settings = f"{UNLIMITED}http.silent_seconds = 6\n{NO_KEYS_AHEAD}"
    with running(tmp_path / "data", settings=settings) as desk:
        other, hanging = sorted(serving_processes_of(desk.pid))
        with stopped(other):
            os.kill(hanging, signal.SIGSTOP)
            until(lambda: [state for state, _ in silent(desk)] == ["fail", "fail"])
        until(lambda: f"(process {hanging}) has not answered for" in told(desk.url).text)
        assert gone(hanging)
        until(lambda: REPLACED in desk.log)
        until(lambda: told(desk.url).status == WELL)

        assert told(desk.url).text.count("did not answer for 6 s and was killed") == 1
        assert "ended by signal" not in told(desk.url).text
        assert "a serving process hangs, it is killed" in desk.log
        assert ended(desk, "silence") == 1
        assert len(serving_processes_of(desk.pid)) == PROCESSES


def test_a_missing_process_is_told_with_how_many_serve(desk: RunningDesk) -> None:
    """By health, doctor and the metrics, as what it is and not as background work."""
    before = ended(desk, "signal")
    number = sorted(serving_processes_of(desk.pid))
    os.kill(number[0], signal.SIGKILL)
    until(lambda: len({*serving_processes_of(desk.pid)} - {*number}) == 1)
    (starting,) = {*serving_processes_of(desk.pid)} - {*number}
    with stopped(starting):
        until(lambda: told(desk.url).status == RED)
        missing = told(desk.url).text.splitlines()[0]
        warned = [what for state, what in of_desk(desk) if state == "warn"]
        page = told(desk.url, "/metrics").text
    until(lambda: told(desk.url).status == WELL)
    replaced = [what for state, what in of_desk(desk) if state == "warn"]

    assert "ended" in missing
    assert missing.endswith("1 of 2 serves")
    assert missing in warned
    assert sample(page, "certdesk_serving_processes", state="missing") == 1
    assert 'certdesk_background_work{work="serving processes"}' not in page
    assert ended(desk, "signal") == before + 1
    assert any(what.endswith(f"process {starting} serves now") for what in replaced)


def test_doctor_and_the_log_tell_which_processes_serve(desk: RunningDesk) -> None:
    """By the numbers that other programs show."""
    serve = sorted(serving_processes_of(desk.pid))
    (running,) = [what for state, what in of_desk(desk) if state == "ok"]
    logged = [json.loads(line) for line in desk.log.splitlines() if '"pid"' in line]

    assert f"parent {desk.pid}, 2 serving processes (" in running
    assert all(str(process) in running for process in serve)
    assert {*serve} <= {line["pid"] for line in logged}


def of_desk(desk: RunningDesk) -> list[tuple[str, str]]:
    """Give what doctor says about the desk's processes: the states and the texts."""
    findings = json.loads(desk.run("doctor", "--json").stdout)["Findings"]
    return [(each["State"], each["What"]) for each in findings if each["Check"] == "desk"]


def silent(desk: RunningDesk) -> list[tuple[str, str]]:
    """Give what doctor says about processes that do not answer."""
    return [each for each in of_desk(desk) if "has not answered for" in each[1]]


def ended(desk: RunningDesk, how: str) -> float:
    """Give how many processes have ended, by the metrics."""
    page = told(desk.url, "/metrics").text
    return sample(page, "certdesk_serving_processes_ended_total", how=how) or 0


def test_what_is_wrong_with_one_process_is_told_of_it(desk: RunningDesk) -> None:
    """The parent watches the desk, but has other files and connections than those that serve."""
    faulty = serving(desk)[0]
    usual = resource.prlimit(faulty, resource.RLIMIT_NOFILE)
    resource.prlimit(faulty, resource.RLIMIT_NOFILE, (0, usual[1]))
    try:
        until(lambda: FAULTY.search(told(desk.url).text) is not None)
        assert told(desk.url).status == RED
        assert FAULTY.search(desk.run("doctor").stdout)
        assert FAULTY.search(desk.log)
    finally:
        resource.prlimit(faulty, resource.RLIMIT_NOFILE, usual)
    until(lambda: told(desk.url).status == WELL)


@contextlib.contextmanager
def holding_writes(desk: RunningDesk) -> Iterator[None]:
    """Let no process write, as one that is stopped in its transaction."""
    with (desk.folder / "write.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def counted(desk: RunningDesk) -> float:
    """Give how many requests DescribeManagers has answered, by the metrics."""
    page = told(desk.url, "/metrics").text
    labels = {"action": "DescribeManagers", "code": "ok"}
    return sample(page, "certdesk_requests_total", **labels) or 0


def test_connections_that_come_at_once_are_shared(desk: RunningDesk) -> None:
    """Each process accepts one, and leaves the next one to the others for a moment."""
    host, _, port = desk.endpoint.rpartition(":")
    with contextlib.ExitStack() as held:
        clients = [
            held.enter_context(socket.create_connection((host, int(port)))) for _ in range(32)
        ]
        ports = {client.getsockname()[1] for client in clients}
        until(lambda: sum(accepted(process, ports) for process in serving(desk)) == len(ports))
        shares = [accepted(process, ports) for process in serving(desk)]

    assert min(shares) >= 4


def serving(desk: RunningDesk) -> list[int]:
    """Give the processes that serve a desk."""
    return serving_processes_of(desk.pid)


def accepted(process: int, ports: set[int]) -> int:
    """Count the connections of a process to clients at these ports of this machine."""
    files = {str(file.readlink()) for file in Path(f"/proc/{process}/fd").iterdir()}
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    of_clients = [line for line in lines if int(line[2].rpartition(":")[2], 16) in ports]
    return sum(f"socket:[{line[9]}]" in files for line in of_clients)


def test_no_key_of_the_stock_is_used_twice(tmp_path: Path) -> None:
    """The stock is one for all processes, and is filled again."""
    settings = UNLIMITED + "keys.stock = { rsa_2048 = 0, rsa_4096 = 0, p_256 = 4 }\n"
    with running(tmp_path / "data", settings=settings) as desk:
        keys = desk.account()
        orders = [desk.client(keys).buy() for _ in range(16)]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda order: Client(desk.endpoint, keys).submit(order), orders))
        public_keys = rows(desk.folder, "SELECT spki_sha256 FROM submissions")
        until(lambda: desk.certdesk("vault", "status")["KeyStock"]["ECC prime256v1"] == 4)

    assert len(set(public_keys)) == len(orders)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_full_queue_for_keys_is_told_whichever_process_makes_them(
    tmp_path: Path, processes: int
) -> None:
    """Here nothing may wait: the answer says what to do instead."""
    settings = f"http.workers = {processes}\nkeys.queue = 0\nkeys.stock = {{ rsa_2048 = 0 }}\n"
    with running(tmp_path / "data", settings=settings) as desk:
        client = desk.client()
        order = client.buy()
        with pytest.raises(TencentCloudSDKException, match="too many keys") as refused:
            client.submit(order, CsrEncryptAlgo="RSA", CsrKeyParameter="2048")
    assert refused.value.get_code() == "FailedOperation"


def test_a_quota_holds_for_all_processes_together(tmp_path: Path) -> None:
    """However the purchases of an account are shared among them."""
    settings = UNLIMITED + "quota.orders = 6\n"
    with running(tmp_path / "data", settings=settings) as desk:
        keys = desk.account()

        def buy(_: int) -> bool:
            with contextlib.suppress(TencentCloudSDKException):
                return bool(Client(desk.endpoint, keys).buy())
            return False

        with ThreadPoolExecutor(8) as threads:
            bought = sum(threads.map(buy, range(40)))
        held = rows(desk.folder, "SELECT count(*) FROM orders")
    assert (bought, held) == (6, [(6,)])


def test_kills_of_processes_under_load_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """`tests/slow` does it oftener, and on PostgreSQL."""
    ledger = Ledger()
    with running(tmp_path / "data", settings=UNLIMITED + NO_KEYS_AHEAD) as desk:
        keys = desk.account()
        with load(desk, keys, ledger):
            for which in range(KILLS):
                time.sleep(0.5)
                with killing_one(desk, which % PROCESSES):
                    pass
        read = functools.partial(rows, desk.folder)
        assert read("PRAGMA integrity_check") == [("ok",)]
        check_records(read, ledger)
        check_answers(read, Client(desk.endpoint, keys), ledger, 0)
    assert len(ledger.acknowledged()) > KILLS


def test_all_end_with_their_parent_and_another_desk_starts_then(tmp_path: Path) -> None:
    """The lock on the folder is held until the last process has ended."""
    desk = RunningDesk(tmp_path / "data", settings=UNLIMITED + NO_KEYS_AHEAD)
    desk.start()
    served = serving_processes_of(desk.pid)
    desk.kill()
    desk.start()
    try:
        assert all(gone(process) for process in served)
        assert desk.client().call("DescribeManagers", CompanyId=1)
    finally:
        desk.stop()


def test_a_signal_ends_all_processes(tmp_path: Path) -> None:
    """The parent lets them finish, takes no more connections, and ends in good order itself.

    systemd and terminals signal all processes of a service, not the parent alone.
    """
    desk = RunningDesk(tmp_path / "data", settings=UNLIMITED + NO_KEYS_AHEAD)
    desk.start()
    served = serving_processes_of(desk.pid)
    client = desk.client()
    with ThreadPoolExecutor(2) as threads, holding_writes(desk):
        buying = threads.submit(client.buy)
        until(lambda: waiting_to_write(served))
        for process, number in itertools.product(served, STOPPING):
            os.kill(process, number)
        stopping = threads.submit(desk.stop)
        until(lambda: refused(desk.endpoint))
    stopping.result()

    assert all(gone(process) for process in served)
    assert rows(desk.folder, "SELECT certificate_id FROM orders") == [(buying.result(),)]
    assert "Traceback" not in desk.log


def test_the_end_does_not_wait_for_a_process_that_hangs(tmp_path: Path) -> None:
    """The log tells for which it waits; it is killed as soon as it counts as hanging."""
    settings = f"{UNLIMITED}http.silent_seconds = 3\n{NO_KEYS_AHEAD}"
    desk = RunningDesk(tmp_path / "data", settings=settings)
    desk.start()
    hanging = max(serving_processes_of(desk.pid))
    os.kill(hanging, signal.SIGSTOP)
    desk.stop()

    assert gone(hanging)
    assert "the desk is stopping" in desk.log
    logged = [json.loads(line) for line in desk.log.splitlines()]
    told_of = {line["event"]: line["pid"] for line in logged if "pid" in line}
    assert told_of["the end waits for a serving process"] == hanging
    assert told_of["a serving process does not end, it is killed"] == hanging


def waiting_to_write(processes: list[int]) -> bool:
    """Tell whether one of these processes waits for `write.lock`, as the kernel lists it."""
    waiters = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return any(words[1] == "->" and int(words[5]) in processes for words in waiters)


def refused(endpoint: str) -> bool:
    """Tell whether nobody listens there."""
    host, port = endpoint.split(":")
    try:
        socket.create_connection((host, int(port))).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_sandbox_has_one_process(tmp_path: Path) -> None:
    """It says so, whether an option asks for more or its settings, which may be a desk's."""
    desk = RunningDesk(tmp_path / "data", settings=UNLIMITED + NO_KEYS_AHEAD)
    refused = desk.run("sandbox", "--workers", "2")
    assert "--workers" not in desk.run("sandbox", "--help").stdout
    assert refused.returncode == 2
    assert "a sandbox has one process: leave --workers out" in refused.stderr

    with serving_alone(tmp_path / "log", "sandbox", "--config", str(tmp_path / "data.toml")) as one:
        assert "http.workers has no effect: a sandbox has one process" in one.errors.read_text()


def test_the_log_tells_how_the_desk_starts_and_ends(tmp_path: Path) -> None:
    """What serves where, also that more processes than cores are of no use."""
    desk = RunningDesk(tmp_path / "data", settings=f"{UNLIMITED}{NO_KEYS_AHEAD}", under=ON_ONE_CORE)
    desk.start()
    parent = desk.pid
    desk.stop()
    logged = {line["event"]: line for line in map(json.loads, desk.log.splitlines())}

    began = logged["the desk serves"]
    assert (began["pid"], began["processes"], began["database"]) == (parent, 2, "SQLite")
    assert began["url"] == desk.url
    warned = logged["more serving processes than processor cores make none faster"]
    assert (warned["processes"], warned["cores"]) == (2, 1)
    assert list(logged)[-1] == "the desk has stopped"
