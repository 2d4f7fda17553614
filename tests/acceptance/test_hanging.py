"""A desk whose process stands still: commands say so soon, and what they gave up is not done."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.acceptance.processes import certdesk
from tests.acceptance.serving import stopped
from tests.acceptance.test_lost_answers import TAKEN_IN_HAND
from tests.acceptance.watching import until
from tests.children import gone, serving_processes_of
from tests.running import NO_KEYS_AHEAD, RunningDesk, running

SETTINGS = f"http.workers = 2\nrate.limit = 0\n{NO_KEYS_AHEAD}"
GAVE_UP = "an operator's command ended before it had its answer"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk with two serving processes."""
    with running(tmp_path_factory.mktemp("hanging") / "data", settings=SETTINGS) as desk:
        yield desk


def test_commands_name_the_process_that_hangs_and_are_not_done_later(desk: RunningDesk) -> None:
    """Doctor goes on with all that it can check without the desk."""
    with stopped(desk.pid), ThreadPoolExecutor(2) as threads:
        adding = threads.submit(desk.run, "account", "add", "late")
        examined = json.loads(desk.run("doctor", "--json").stdout)
        added = adding.result()
    told = f"the desk in {desk.folder} does not answer; its process is {desk.pid}"
    desk_found, *others = examined["Findings"]

    assert (added.returncode, added.stderr) == (3, f"certdesk: {told}\n")
    assert (desk_found["Check"], desk_found["State"], desk_found["What"]) == ("desk", "fail", told)
    assert "kill -9" in desk_found["Remedy"]
    assert {"disk", "files", "resolver"} <= {each["Check"] for each in others}
    until(lambda: desk.log.count(GAVE_UP) == 2)
    assert desk.certdesk("account", "list") == []


def test_a_desk_that_hangs_with_a_request_in_hand_is_told(tmp_path: Path) -> None:
    """The person is asked to look whether it was done."""
    with stalling_server(tmp_path):
        done = certdesk("account", "add", "once", "--data", str(tmp_path))

    told = f"the desk in {tmp_path} does not answer; check whether it did what you requested"
    assert (done.returncode, done.stderr) == (3, f"certdesk: {told}\n")


def test_a_command_that_leaves_early_is_an_event_and_no_error(desk: RunningDesk) -> None:
    """The desk finishes what it has in hand, and tells it in one line."""
    before = desk.log.count(GAVE_UP)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(desk.folder / "admin.sock"))
        client.sendall(b'{"Action": "Examine"}\n')
        assert client.recv(1) == TAKEN_IN_HAND
    until(lambda: desk.log.count(GAVE_UP) == before + 1)

    assert "Traceback" not in desk.log


def test_the_process_that_outlives_its_parent_is_named(tmp_path: Path) -> None:
    """One that stands still keeps the next desk out, until the operator ends it."""
    desk = RunningDesk(tmp_path / "data", settings=SETTINGS)
    desk.start()
    left = max(serving_processes_of(desk.pid))
    parent = desk.pid
    os.kill(left, signal.SIGSTOP)
    desk.kill()
    try:
        with ThreadPoolExecutor(1) as threads:
            examining = threads.submit(desk.run, "doctor", "--json")
            refused = desk.run("serve", "--listen", "127.0.0.1:0")
        examined = json.loads(examining.result().stdout)
    finally:
        os.kill(left, signal.SIGKILL)
    assert gone(left)
    desk.start()
    desk.stop()

    assert refused.returncode == 3
    assert f"in use by process {left}, which process {parent} had started" in refused.stderr
    assert f"`kill -9 {left}`" in refused.stderr
    (found,) = examined["Findings"]
    assert (found["Check"], found["State"]) == ("desk", "fail")
    assert f"in use by process {left}, which process {parent} had started" in found["What"]
    assert "kill -9" in found["Remedy"]


@contextlib.contextmanager
def stalling_server(folder: Path) -> Iterator[None]:
    """Take a request in hand on the desk's socket, and say nothing more."""
    with socket.socket(socket.AF_UNIX) as listener, ThreadPoolExecutor(1) as threads:
        listener.bind(str(folder / "admin.sock"))
        listener.listen()
        listener.settimeout(30)
        accepting = threads.submit(listener.accept)
        accepting.add_done_callback(lambda accepted: accepted.result()[0].sendall(TAKEN_IN_HAND))
        yield
        accepting.result()[0].close()
