"""Whether a check-up finds what is wrong with disk and database."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from pathlib import Path
from random import SystemRandom

import pytest

from certdesk.domain.operation.checkup import Health
from certdesk.domain.values.mark import Mark
from certdesk.storage import checkup
from certdesk.storage.checkup import FolderCheckup, SqliteCheckup
from certdesk.storage.migrate import newest_revision
from certdesk.storage.postgresql.store import PostgresStore
from certdesk.storage.sqlite import SqliteStore
from tests.postgres import Cluster


def test_a_folder_with_room_is_well(tmp_path: Path) -> None:
    """The room is told, and nothing is left there."""
    (found,) = FolderCheckup(tmp_path).examine()
    free = shutil.disk_usage(tmp_path).free // (1024 * 1024)
    assert found.state is Health.OK
    assert abs(int(found.what.split(" ")[0]) - free) < 1024
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["/proc", "/nowhere"])
def test_a_folder_that_takes_nothing_fails(folder: str) -> None:
    """Whatever the reason is, it is told."""
    (found,) = FolderCheckup(Path(folder)).examine()
    assert found.state is Health.FAIL
    assert found.what.startswith(f"the desk cannot write to {folder}: ")


@pytest.mark.parametrize(
    ("limits", "state"),
    [({"LITTLE": 1 << 62}, Health.WARN), ({"TOO_LITTLE": 1 << 62}, Health.FAIL)],
)
def test_little_room_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: dict[str, int], state: Health
) -> None:
    """First as a warning: here the limits are moved, not the disk."""
    for name, value in limits.items():
        monkeypatch.setattr(checkup, name, value)
    (found,) = FolderCheckup(tmp_path).examine()
    assert (found.state, bool(found.remedy)) == (state, True)


def test_a_whole_database_is_well_also_while_it_is_used(tmp_path: Path) -> None:
    """Revision, library and how it is synced are told."""
    path = tmp_path / "desk.db"
    with closing(SqliteStore.open(path)) as store:
        store.write(lambda unit: unit.marks.add(Mark(name="a", value=b"b")))
        (found,) = SqliteCheckup(path).examine()
    assert found.state is Health.OK
    assert found.what.startswith(f"undamaged, at revision {newest_revision()};")
    assert "synchronous " in found.what


@pytest.mark.parametrize("damage", ["a page", "all of it"])
def test_a_damaged_database_is_told_of(tmp_path: Path, damage: str) -> None:
    """What SQLite says of it, and the way back."""
    path = tmp_path / "desk.db"
    with closing(SqliteStore.open(path)) as store:
        store.write(
            lambda unit: [unit.marks.add(Mark(name=f"{n:09}", value=b"x" * 500)) for n in range(99)]
        )
    content = bytearray(path.read_bytes())
    begins = 0 if damage == "all of it" else content.index(b"000000050")
    content[begins : begins + 3000] = b"\xff" * 3000
    path.write_bytes(content)
    (found,) = SqliteCheckup(path).examine()
    assert found.state is Health.FAIL
    assert "is damaged" in found.what
    assert "last backup" in found.remedy


@pytest.mark.needs("postgres")
def test_a_server_is_well_until_it_stops(postgres: Cluster) -> None:
    """Its version and what it keeps to are told; once it is back it is well again."""
    with closing(PostgresStore.open(postgres.database(), rng=SystemRandom())) as store:
        (found,) = store.examine()
        assert found.state is Health.OK
        assert re.match(r"PostgreSQL \d+.* at revision \d{4}; on are fsync, ", found.what)
        postgres.stop()
        try:
            (found,) = store.examine()
        finally:
            postgres.start()
        assert found.state is Health.FAIL
        assert found.what.startswith("the server does not answer: ")
        assert next(iter(store.examine())).state is Health.OK
