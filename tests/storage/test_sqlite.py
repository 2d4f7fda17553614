from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from certdesk.domain.values.mark import Mark
from certdesk.ports import StoreUnavailable
from certdesk.storage.lock import DeskBusy
from certdesk.storage.session import Library
from certdesk.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from certdesk.ports import Unit

PROCESSES = Path(__file__).with_name("processes.py")
ROLLBACK_JOURNAL = Library(sqlite3, write_ahead=False)


def mark(name: str) -> Mark:
    """Make a mark."""
    return Mark(name=name, value=b"\x00")


def names(unit: Unit) -> list[str]:
    """Give the names of all marks."""
    return [each.name for each in unit.marks.where()]


def process(work: str, database: Path) -> subprocess.Popen[str]:
    """Start one of the processes."""
    return subprocess.Popen(
        [sys.executable, PROCESSES, work, database], stdout=subprocess.PIPE, text=True
    )


def foreign(database: Path, library: Library) -> closing[sqlite3.Connection]:
    """Open the database as another program would.

    It has to be the store's own library: two SQLites in one process do not see each other's locks.
    """
    return closing(library.module.connect(database, isolation_level=None))


def mode(path: Path) -> str:
    """Give the permissions of a file as `ls` shows them."""
    return stat.filemode(path.stat().st_mode)


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    """A store ends; its records do not."""
    with closing(SqliteStore.open(tmp_path / "desk.db")) as store:
        store.write(lambda unit: unit.marks.add(mark("kek")))

    with closing(SqliteStore.open(tmp_path / "desk.db")) as store:
        assert store.read(lambda unit: unit.marks.get("kek")) == mark("kek")


def test_a_closed_store_is_one_file(tmp_path: Path) -> None:
    """What was in the log is in the database: copying that one file is a backup."""
    with closing(SqliteStore.open(tmp_path / "desk.db")) as store:
        store.write(lambda unit: unit.marks.add(mark("kek")))

    assert {path.name for path in tmp_path.iterdir()} == {"desk.db", "desk.lock"}


def test_nobody_else_may_read_the_files(tmp_path: Path) -> None:
    """Folder, database, log and lock are the owner's alone, whatever the umask."""
    before = os.umask(0)
    try:
        with closing(SqliteStore.open(tmp_path / "data" / "desk.db")) as store:
            store.write(lambda unit: unit.marks.add(mark("kek")))
            files = {path.name: mode(path) for path in (tmp_path / "data").iterdir()}
    finally:
        os.umask(before)

    assert mode(tmp_path / "data") == "drwx------"
    assert set(files.values()) == {"-rw-------"}


def test_a_folder_has_one_store(tmp_path: Path) -> None:
    """A second one is refused, and told which process has the folder."""
    with (
        closing(SqliteStore.open(tmp_path / "desk.db")),
        pytest.raises(DeskBusy, match=f"process {os.getpid()}"),
    ):
        SqliteStore.open(tmp_path / "desk.db")

    SqliteStore.open(tmp_path / "desk.db").close()


def test_who_waits_gets_the_folder_when_it_is_free(tmp_path: Path) -> None:
    """A command that was told to wait opens the store as soon as the other closes it."""
    first = SqliteStore.open(tmp_path / "desk.db")
    with ThreadPoolExecutor() as pool:
        second = pool.submit(SqliteStore.open, tmp_path / "desk.db", wait_seconds=60)
        first.close()

        second.result().close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """It is left as it is, and the folder is free again."""
    (tmp_path / "desk.db").write_text("Dear diary, this is not a database.\n" * 200)

    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="file is not a database"):
            SqliteStore.open(tmp_path / "desk.db")


def test_a_killed_process_has_kept_what_it_acknowledged(tmp_path: Path) -> None:
    """After `kill -9` every acknowledged entry is there, and the folder is free."""
    with process("write_for_ever", tmp_path / "desk.db") as writing:
        assert writing.stdout
        acknowledged = [int(writing.stdout.readline()) for _ in range(200)]
        writing.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writing.stdout if line.endswith("\n")]

    with closing(SqliteStore.open(tmp_path / "desk.db")) as store:
        stored = store.read(lambda unit: [each.entry_id for each in unit.audit.where()])

    assert stored[: len(acknowledged)] == acknowledged
    # The last one may have been written and not yet told.
    assert len(stored) - len(acknowledged) in {0, 1}


def test_a_full_disk_refuses_and_room_heals(tmp_path: Path) -> None:
    """What does not fit is refused, what was acknowledged stays, and later writes work."""
    with process("write_until_the_disk_is_full", tmp_path / "desk.db") as writing:
        assert writing.stdout
        told = writing.stdout.read().split()

    with closing(SqliteStore.open(tmp_path / "desk.db")) as store:
        stored = store.read(lambda unit: unit.audit.where())

    assert told[-2] == "full"
    assert [str(each.entry_id) for each in stored] == told[:-2] + told[-1:]
    assert [each.subject for each in stored[-2:]] == ["before", "after"]


def test_a_foreign_lock_refuses_all_that_wait_and_then_heals(tmp_path: Path) -> None:
    """While another program has the file, writes fail after a time; then they work again."""
    database, library = tmp_path / "desk.db", Library.find()
    with closing(SqliteStore.open(database, busy_seconds=0.01, library=library)) as store:
        with foreign(database, library) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(2):
                with pytest.raises(StoreUnavailable):
                    store.write(lambda unit: unit.marks.add(mark("lost")))
            other.execute("ROLLBACK")

        store.write(lambda unit: unit.marks.add(mark("kept")))

        assert store.read(names) == ["kept"]


def test_a_commit_that_fails_at_the_end_is_not_acknowledged(tmp_path: Path) -> None:
    """Where a foreign reader keeps the file, nothing is written and the writer goes on."""
    database = tmp_path / "desk.db"
    store = SqliteStore.open(database, busy_seconds=0.01, library=ROLLBACK_JOURNAL)
    with closing(store):
        with foreign(database, ROLLBACK_JOURNAL) as other:
            other.execute("BEGIN")
            other.execute("SELECT * FROM marks").fetchall()
            with pytest.raises(StoreUnavailable):
                store.write(lambda unit: unit.marks.add(mark("lost")))
            other.execute("ROLLBACK")

        store.write(lambda unit: unit.marks.add(mark("kept")))

        assert store.read(names) == ["kept"]


def test_a_read_keeps_its_state_while_a_write_is_committed(tmp_path: Path) -> None:
    """A read that began before a write does not see it, and does not delay it."""
    with closing(SqliteStore.open(tmp_path / "desk.db")) as store, ThreadPoolExecutor() as pool:

        def read(unit: Unit) -> tuple[list[str], list[str]]:
            before = names(unit)
            pool.submit(store.write, lambda other: other.marks.add(mark("new"))).result()
            return before, names(unit)

        seen = store.read(read)

        assert (seen, store.read(names)) == (([], []), ["new"])


def test_a_store_that_closes_has_kept_what_it_acknowledged(tmp_path: Path) -> None:
    """A write during closing is either refused or there when the store opens again."""
    first = SqliteStore.open(tmp_path / "desk.db")

    def work(number: int) -> str | None:
        if number == 20:
            first.close()
        try:
            return first.write(lambda unit: unit.marks.add(mark(f"{number:02}"))).name
        except StoreUnavailable:
            return None

    with ThreadPoolExecutor(8) as pool:
        acknowledged = [name for name in pool.map(work, range(40)) if name]

    with closing(SqliteStore.open(tmp_path / "desk.db")) as store:
        assert store.read(names) == acknowledged


def test_an_error_shows_no_values(tmp_path: Path) -> None:
    """The database's own message would list every value of the row."""
    nameless = Mark(name=cast("Any", None), value=b"s3cr3t")
    with (
        closing(SqliteStore.open(tmp_path / "desk.db")) as store,
        pytest.raises(StoreUnavailable) as raised,
    ):
        store.write(lambda unit: unit.marks.add(nameless))

    shown = "".join(traceback.format_exception(raised.value))

    assert "NOT NULL" in shown
    assert "s3cr3t" not in shown
