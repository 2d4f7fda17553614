"""Keeps a filled database of this version of each kind, which all later versions have to open.

`make filled` runs it before a release. What is there of this version is made anew.
"""

from __future__ import annotations

import json
import lzma
import re
import socket
import sqlite3
import subprocess
import tempfile
import tomllib
from contextlib import closing
from pathlib import Path
from random import SystemRandom
from typing import Any

from certdesk.bootstrap import open_desk
from certdesk.cli.logs import log_to_stderr
from certdesk.ports import Store
from certdesk.settings import Settings
from certdesk.storage.postgresql.store import PostgresStore
from certdesk.storage.sqlite import SqliteStore
from certdesk.testing.clock import ManualClock
from tests.postgres import Cluster, cluster
from tests.releases.filling import AT, LONG_AGO, FilledDesk, fill

RELEASES = Path(__file__).parent
PROJECT = RELEASES.parents[1] / "pyproject.toml"
KEY_FILE = RELEASES / "kek.json"
"""The key-encryption key of all of them. It was made for this, and nothing else has it."""

LARGEST = 300_000
"""Bytes of a file, compressed."""

NOTES = ("pace", "sightings", "commits")
"""Tables that a process makes on PostgreSQL for itself."""


def main() -> None:
    """Make the files of this version."""
    log_to_stderr("warning")
    folder = RELEASES / tomllib.loads(PROJECT.read_text("utf-8"))["project"]["version"]
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made, cluster() as postgres:
        embedded, shared = Path(made) / "embedded", Path(made) / "shared"
        url = postgres.database()
        contents = _filled(embedded)
        _keep(folder / "sqlite", contents, _file(embedded / "certdesk.db"))
        contents = _filled(shared, url)
        _keep(folder / "postgresql", contents, _dump(postgres, url))


def _filled(folder: Path, url: str = "") -> dict[str, Any]:
    """Begin a desk and fill it; return what is in it."""
    folder.mkdir(mode=0o700)
    key = folder / KEY_FILE.name
    key.write_bytes(KEY_FILE.read_bytes())
    key.chmod(0o400)
    settings = Settings(data=str(folder), database=url)
    with open_desk(settings, clock=ManualClock(AT - LONG_AGO)):
        pass
    store: Store = (
        PostgresStore.open(url, rng=SystemRandom())
        if url
        else SqliteStore.open(folder / "certdesk.db")
    )
    with closing(store), FilledDesk(folder, store) as desk:
        return fill(desk)


def _file(path: Path) -> bytes:
    """Return a database file, without the room that was left in it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("VACUUM")
    return path.read_bytes()


def _dump(postgres: Cluster, url: str) -> bytes:
    """Return a database as statements that every server takes, whatever its version."""
    asked = ["pg_dump", "--inserts", "--no-owner", "--no-privileges"]
    asked += [f"--exclude-table={name}" for name in NOTES]
    dumped = subprocess.run([*asked, url], check=True, capture_output=True, **postgres.who()).stdout
    # Before the first table are settings of a session, which differ between versions.
    statements = dumped[dumped.index(b"CREATE ") :]
    _check_tells_nothing(statements)
    return re.sub(rb"^(--( .*)?|\\(un)?restrict .*)\n", b"", statements, flags=re.MULTILINE)


def _check_tells_nothing(dumped: bytes) -> None:
    """Refuse a database that tells where it was made; the file was filled by the same actions."""
    for place in (socket.gethostname(), str(Path.cwd()), str(Path.home()), tempfile.gettempdir()):
        assert not re.search(rf"\b{re.escape(place)}\b".encode(), dumped), f"it tells of {place}"


def _keep(place: Path, contents: dict[str, Any], database: bytes) -> None:
    packed = lzma.compress(database, preset=9)
    assert len(packed) < LARGEST, f"{len(packed)} bytes are too many"
    place.with_suffix(".xz").write_bytes(packed)
    place.with_suffix(".json").write_text(f"{json.dumps(contents, indent=2)}\n", "utf-8")


if __name__ == "__main__":
    main()
