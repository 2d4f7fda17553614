from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from certdesk.storage.lock import DeskBusy, DeskLock

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import pathlib, sys, time
from certdesk.storage.lock import DeskLock
lock = DeskLock.acquire(pathlib.Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""

LEAVE = """
import pathlib, subprocess, sys
from certdesk.storage.lock import DeskLock
lock = DeskLock.acquire(pathlib.Path(sys.argv[1]))
left = subprocess.Popen([sys.executable, "-c", "input()"], stdin=0, pass_fds=[lock.descriptor])
print(left.pid, flush=True)
"""


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    """Until it is released nobody gets it, not even the same process."""
    with DeskLock.acquire(tmp_path / "desk.lock"), pytest.raises(DeskBusy):
        DeskLock.acquire(tmp_path / "desk.lock")

    DeskLock.acquire(tmp_path / "desk.lock").release()


def test_releasing_twice_releases_nobody_elses(tmp_path: Path) -> None:
    """The second release does not reach whoever has the lock by then."""
    first = DeskLock.acquire(tmp_path / "desk.lock")
    first.release()
    with DeskLock.acquire(tmp_path / "desk.lock"):
        first.release()
        with pytest.raises(DeskBusy):
            DeskLock.acquire(tmp_path / "desk.lock")


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    """A killed process leaves the file and not the lock; until then the refusal names it."""
    lock = tmp_path / "desk.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, lock], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(DeskBusy, match=f"in use by process {holder.pid}$"):
            DeskLock.acquire(lock)
        holder.send_signal(signal.SIGKILL)

    DeskLock.acquire(lock).release()


def test_a_lock_that_outlives_its_process_is_told(tmp_path: Path) -> None:
    """The refusal names the process that has it now, and how to end it."""
    lock = tmp_path / "desk.lock"
    command = [sys.executable, "-c", LEAVE, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout
        heir = int(owner.stdout.readline())
        owner.wait()
        told = (
            f"in use by process {heir}, which process {owner.pid} had started .* `kill -9 {heir}`"
        )
        with pytest.raises(DeskBusy, match=told):
            DeskLock.acquire(lock)
        owner.communicate(b"\n")

    DeskLock.acquire(lock, wait_seconds=30).release()


def test_a_program_that_is_started_does_not_inherit_the_lock(tmp_path: Path) -> None:
    """A helper that outlives the desk does not keep the next one out."""
    lock = DeskLock.acquire(tmp_path / "desk.lock")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as helper:
        lock.release()

        DeskLock.acquire(tmp_path / "desk.lock").release()
        helper.communicate(b"\n")
