"""Several processes of one desk write to one SQLite file."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from certdesk.domain.values.mark import Mark
from certdesk.ports import StoreUnavailable, Unit
from certdesk.storage.lock import DeskBusy
from certdesk.storage.sqlite import WRITE_LOCK_NAME, SqliteStore
from certdesk.storage.write_lock import SharedWriteLock

PROCESSES = Path(__file__).with_name("processes.py")


@contextlib.contextmanager
def joined(store: SqliteStore, work: str, database: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that joins a shared store, and kill it at the end."""
    assert store.lock
    process = subprocess.Popen(
        [sys.executable, PROCESSES, work, database],
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=(store.lock.descriptor,),
    )
    with process:
        yield process
        process.kill()


class Ended:
    """A function that counts its calls."""

    def __init__(self) -> None:
        """Begin at none."""
        self.calls = 0

    def __call__(self) -> None:
        """Count a call."""
        self.calls += 1


def adding(name: str) -> Callable[[Unit], Mark]:
    """Make a commit that adds a mark."""
    return lambda unit: unit.marks.add(Mark(name=name, value=b""))


def test_what_two_processes_acknowledge_is_there_after_one_is_killed(tmp_path: Path) -> None:
    """Both write at the same time; the kernel frees the lock of the killed one."""
    database = tmp_path / "desk.db"
    told: list[int] = []
    with closing(SqliteStore.open(database, shared=True)) as store:
        with joined(store, "write_beside", database) as process:
            assert process.stdout
            for count, line in enumerate(process.stdout):
                told.append(int(line))
                store.write(adding(str(count)))
                if count == 50:
                    break
        store.write(adding("after"))
        stored = store.read(lambda unit: {each.entry_id for each in unit.audit.where()})
        marks = store.read(lambda unit: len(unit.marks.where()))

    assert (stored >= set(told), marks) == (True, 52)


def test_a_stranger_is_locked_out_until_the_last_process_ended(tmp_path: Path) -> None:
    """The lock on the folder outlives the process that took it, while others have inherited it."""
    database = tmp_path / "desk.db"
    store = SqliteStore.open(database, shared=True)
    with joined(store, "write_beside", database) as process:
        assert process.stdout
        process.stdout.readline()
        store.close()

        with pytest.raises(DeskBusy):
            SqliteStore.open(database)

    SqliteStore.open(database).close()


def test_no_process_writes_after_another_lost_a_write(
    tmp_path: Path,
) -> None:
    """The loss is noted before the lock is released; the next to write is told to end."""
    database, ended = tmp_path / "desk.db", Ended()
    with closing(SqliteStore.open(database, shared=True, on_sync_failure=ended)) as store:
        store.write(adding("before"))
        with joined(store, "lose_a_write", database) as process:
            process.wait()

        with pytest.raises(StoreUnavailable):
            store.write(adding("after"))

        names = store.read(lambda unit: [each.name for each in unit.marks.where()])
    assert names == ["before"]
    assert ended.calls == 1
    assert not (tmp_path / WRITE_LOCK_NAME).stat().st_size, "a failing disk takes no note"

    # The disk may have been replaced since; what it lost is found when the file is opened.
    with closing(SqliteStore.open(database, shared=True)) as store:
        store.write(adding("after"))


def test_processes_wait_for_each_other(tmp_path: Path) -> None:
    """The second transaction begins after the first has ended."""
    inherited = os.open(os.devnull, os.O_RDONLY)
    first, second = (
        SharedWriteLock(tmp_path / WRITE_LOCK_NAME, inherited, first=is_first)
        for is_first in (True, False)
    )
    order: list[str] = []
    with first:
        waiting = threading.Thread(target=lambda: _note(second, order))
        waiting.start()
        waiting.join(0.05)
        order.append("first")
    waiting.join()

    assert order == ["first", "second"]


def _note(lock: SharedWriteLock, order: list[str]) -> None:
    with lock:
        order.append("second")


def test_what_came_while_another_process_wrote_shares_a_transaction(tmp_path: Path) -> None:
    """A group is gathered when it is its turn, so processes that wait make fewer transactions."""
    with closing(SqliteStore.open(tmp_path / "desk.db", shared=True)) as store:
        inherited = os.open(os.devnull, os.O_RDONLY)
        with SharedWriteLock(tmp_path / WRITE_LOCK_NAME, inherited, first=False):
            first = store.submit(adding("first"))
            _until_one_waits()
            answered_before = store.submit(lambda _: first.done())

        assert answered_before.result() is False


def _until_one_waits() -> None:
    """Wait until the kernel lists a thread of this process that waits for a lock."""
    while not any(
        line.split()[1] == "->" and int(line.split()[5]) == os.getpid()
        for line in Path("/proc/locks").read_text().splitlines()
    ):
        time.sleep(0.01)
