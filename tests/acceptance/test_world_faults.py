"""The world fails around a desk that runs: it says so, loses nothing, and goes on by itself.

A disk that is full or read-only is made by libfiu, which answers the process's system calls as the
kernel would; that needs no rights, unlike a disk of one's own.
"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import Self

import pytest
import requests
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.workflow.probe import PROBE_SECONDS
from tests.acceptance.database import opened, rows
from tests.acceptance.watching import RED, WELL, told, until
from tests.conformance.raw import Answer, Call, encode
from tests.conformance.test_languages import OF_THE_GATEWAY
from tests.footprint import open_files
from tests.running import NO_KEYS_AHEAD, Client, Keys, RunningDesk

SETTINGS = "keys.stock = { rsa_2048 = 0, rsa_4096 = 0, p_256 = 5 }\n"
LOCKED_SECONDS = 30
FEW_FILES = 16
ENOSPC, EROFS = 28, 30
NOTHING_WRITTEN = "the desk cannot write to the database: "


class Faulty:
    """A desk, and the means to make its disk fail."""

    def __init__(self, folder: Path) -> None:
        """Prepare one in a folder; `running` starts it."""
        self._control = str(folder / "fiu")
        under = ["fiu-run", "-x", "-f", self._control]
        self.desk = RunningDesk(folder / "desk", settings=SETTINGS, under=under)

    @contextlib.contextmanager
    def running(self) -> Iterator[RunningDesk]:
        """Run it as long as the context lasts."""
        try:
            self.desk.start()
            yield self.desk
        finally:
            self.desk.stop()

    @contextlib.contextmanager
    def refusing(self, number: int, *calls: str) -> Iterator[None]:
        """Have the kernel refuse some calls of the process with an error number."""
        self._order(*(f"enable name={call},failinfo={number}" for call in calls))
        try:
            yield
        finally:
            self._order(*(f"disable name={call}" for call in calls))

    def _order(self, *orders: str) -> None:
        words = [word for order in orders for word in ("-c", order)]
        control = str(which("fiu-ctrl"))
        subprocess.run(
            [control, "-f", self._control, *words, str(self.desk.pid)], check=True, timeout=30
        )


class Buying:
    """Somebody who buys one order after the other, and notes which were acknowledged."""

    def __init__(self, client: Client) -> None:
        """Buy nothing yet."""
        self._client = client
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._buy_on)
        self.bought: list[str] = []
        self.codes: set[str] = set()

    def __enter__(self) -> Self:
        """Begin to buy."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Buy no more."""
        self._ended.set()
        self._thread.join()

    def goes_on(self) -> None:
        """Wait until one more was bought."""
        before = len(self.bought)
        until(lambda: len(self.bought) > before)

    def _buy_on(self) -> None:
        while not self._ended.is_set():
            try:
                self.bought.append(self._client.buy())
            except TencentCloudSDKException as error:
                self.codes.add(str(error.code))
            time.sleep(0.05)


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[Faulty]:
    """A desk that runs and whose disk can be made to fail."""
    faulty = Faulty(tmp_path)
    with faulty.running():
        yield faulty


def full_disk(faulty: Faulty) -> contextlib.AbstractContextManager[None]:
    """Have no room for anything."""
    return faulty.refusing(ENOSPC, "posix/io/rw/pwrite")


def read_only_disk(faulty: Faulty) -> contextlib.AbstractContextManager[None]:
    """Refuse all writes, as a disk does that the system has made read-only."""
    return faulty.refusing(EROFS, "posix/io/rw/pwrite")


@contextlib.contextmanager
def locked_database(faulty: Faulty) -> Iterator[None]:
    """Have another program hold the database for half a minute."""
    with opened(faulty.desk.folder, "rw") as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        yield
        time.sleep(max(0.0, began + LOCKED_SECONDS - time.monotonic()))
        other.execute("ROLLBACK")


def asked_in_chinese(desk: RunningDesk, keys: Keys) -> Answer:
    """Try to buy as a client of the mainland edition does."""
    body = encode({"ProductId": 25, "DomainNum": 1, "TimeSpan": 1})
    chinese = {"X-TC-Language": "zh-CN"}
    return Call(
        endpoint=desk.endpoint, keys=keys, action="CreateCertificate", body=body, extra=chinese
    ).send()


Fault = Callable[[Faulty], contextlib.AbstractContextManager[None]]


@pytest.mark.needs("fiu-run")
@pytest.mark.parametrize(
    "fault", [full_disk, read_only_disk, locked_database], ids=lambda fault: fault.__name__
)
def test_a_disk_that_takes_no_writes_is_told_and_got_over(faulty: Faulty, fault: Fault) -> None:
    """No write is acknowledged meanwhile, reads go on, and nothing that was acknowledged is lost.

    The same process goes on once the cause has ended.
    """
    desk, keys = faulty.desk, faulty.desk.account()
    first = desk.pid
    with Buying(desk.client(keys)) as buying:
        buying.goes_on()
        with fault(faulty):
            until(lambda: told(desk.url).text.startswith(NOTHING_WRITTEN))
            assert told(desk.url).status == told(desk.url, "/readyz").status == RED
            until(lambda: buying.codes == {"InternalError"})
            assert asked_in_chinese(desk, keys).message.startswith(OF_THE_GATEWAY["InternalError"])
            assert "fail  database      the desk cannot write to it" in desk.run("doctor").stdout
            assert desk.client(keys).call("DescribeManagers", CompanyId=1)["Managers"] == []
        until(lambda: told(desk.url).status == WELL)
        buying.goes_on()
    assert "Traceback" not in desk.log
    assert [desk.log.count(said) for said in ('"writes fail"', '"writes work again"')] == [1, 1]

    assert buying.codes == {"InternalError"}
    assert desk.pid == first
    kept = {name for (name,) in rows(desk.folder, "SELECT certificate_id FROM orders")}
    assert kept == set(buying.bought)
    assert rows(desk.folder, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts disks")
def test_a_disk_that_is_almost_full_is_told_and_one_that_is_full_all_the_time(
    tmp_path: Path,
) -> None:
    """Small writes succeed on a full disk, the probe's own too: health does not go by them."""
    with small_disk(tmp_path / "disk") as disk:
        desk = RunningDesk(disk / "desk", settings=NO_KEYS_AHEAD)
        try:
            desk.start()
            assert told(desk.url).text.startswith(f"less than 64 MiB are free in {desk.folder}")
            keys = desk.account()
            with Buying(desk.client(keys)) as buying:
                buying.goes_on()
                fill(disk)
                until(lambda: bool(buying.codes))
                seen = {told(desk.url).status for _ in every_moment_of(PROBE_SECONDS + 1)}
                assert seen == {RED}
                assert '"writes work again"' not in desk.log
                (disk / "filling").unlink()
                resized(disk, 256)
                until(lambda: told(desk.url).status == WELL)
                buying.goes_on()
            assert '"writes work again"' in desk.log
        finally:
            desk.stop()


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of 48 MiB."""
    folder.mkdir()
    ran("mount", "-t", "tmpfs", "-o", "size=48m", "certdesk", str(folder))
    try:
        yield folder
    finally:
        ran("umount", str(folder))


def resized(disk: Path, mib: int) -> None:
    """Make the disk larger."""
    ran("mount", "-o", f"remount,size={mib}m", str(disk))


def ran(*words: str) -> None:
    """Run a program of the system."""
    subprocess.run(words, check=True, timeout=30)


def fill(disk: Path) -> None:
    """Use up all room."""
    with contextlib.suppress(OSError), (disk / "filling").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def every_moment_of(seconds: float) -> Iterator[None]:
    """Come back again and again for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield
        time.sleep(0.2)


def test_a_desk_without_file_descriptors_is_told_and_got_over(tmp_path: Path) -> None:
    """Who has a connection is answered; whoever comes is let in once there are some again."""
    desk = RunningDesk(tmp_path / "desk", settings=SETTINGS)
    try:
        desk.start()
        keys = desk.account()
        with Buying(desk.client(keys)) as buying, requests.Session() as watcher:
            buying.goes_on()
            assert watcher.get(f"{desk.url}/healthz", timeout=30).status_code == WELL
            with crowded(desk):
                until(lambda: _status(watcher, desk) == RED)
                text = watcher.get(f"{desk.url}/healthz", timeout=30).text
                assert text.startswith("no file or connection can be opened: Too many open files\n")
            until(lambda: told(desk.url).status == WELL)
            buying.goes_on()

        kept = {name for (name,) in rows(desk.folder, "SELECT certificate_id FROM orders")}
        assert set(buying.bought) <= kept
        assert buying.codes <= {"InternalError", "ClientNetworkError"}
    finally:
        desk.stop()


@contextlib.contextmanager
def crowded(desk: RunningDesk) -> Iterator[None]:
    """Leave a desk few file descriptors, and take them all by connections that say nothing."""
    usual = resource.prlimit(desk.pid, resource.RLIMIT_NOFILE)
    left = open_files(desk.pid) + FEW_FILES
    resource.prlimit(desk.pid, resource.RLIMIT_NOFILE, (left, usual[1]))
    host, _, port = desk.endpoint.rpartition(":")
    with contextlib.ExitStack() as held:
        for _ in range(2 * FEW_FILES):
            held.enter_context(socket.create_connection((host, int(port))))
        yield
        resource.prlimit(desk.pid, resource.RLIMIT_NOFILE, usual)


def _status(session: requests.Session, desk: RunningDesk) -> int:
    return session.get(f"{desk.url}/healthz", timeout=30).status_code
