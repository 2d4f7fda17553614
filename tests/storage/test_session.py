from __future__ import annotations

import sqlite3
from contextlib import closing
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from certdesk.storage.session import Library, Sessions

if TYPE_CHECKING:
    from pathlib import Path


def module(version: str) -> ModuleType:
    """Make a stand-in for a DB-API module with that version of SQLite."""
    made = ModuleType("sqlite3")
    made.__dict__["sqlite_version"] = version
    made.__dict__["sqlite_version_info"] = tuple(map(int, version.split(".")))
    return made


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("3.40.1", ("delete", "EXTRA")),
        ("3.51.2", ("delete", "EXTRA")),
        ("3.51.3", ("wal", "FULL")),
        ("3.60.0", ("wal", "FULL")),
        ("4.0.0", ("wal", "FULL")),
    ],
)
def test_write_ahead_needs_a_sqlite_without_the_reset_bug(
    version: str, expected: tuple[str, str]
) -> None:
    """The bug was there up to 3.51.2; either way a commit reaches the disk."""
    assert Library.of(module(version)).journal == expected


# What SQLite gives for `PRAGMA synchronous`: 2 is FULL, 3 is EXTRA.
WAYS = {
    "write-ahead": (True, {"journal_mode": "wal", "synchronous": 2}),
    "rollback journal": (False, {"journal_mode": "delete", "synchronous": 3}),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_writer_syncs_every_commit(tmp_path: Path, way: str) -> None:
    """The settings are in force on the connection that writes."""
    write_ahead, expected = WAYS[way]
    sessions = Sessions(tmp_path / "desk.db", Library(sqlite3, write_ahead), 7.5)
    common = {"foreign_keys": 1, "trusted_schema": 0, "secure_delete": 1, "busy_timeout": 7500}

    settings = pragmas(sessions, "writer", *expected, *common)

    assert settings == expected | common


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    """SQLite itself refuses, whatever code runs on the connection."""
    sessions = Sessions(tmp_path / "desk.db", Library(sqlite3, write_ahead=False), 5)

    assert pragmas(sessions, "reader", "query_only") == {"query_only": 1}


def pragmas(sessions: Sessions, kind: str, *names: str) -> dict[str, object]:
    """Read settings of a new connection."""
    session = sessions.writer() if kind == "writer" else sessions.reader()
    with closing(session.connection) as connection:
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}
