"""Check-ups of the folder and the embedded database: whether they are intact and have room."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from typing import TYPE_CHECKING

import sqlalchemy.exc

from certdesk.domain.operation.checkup import Observation, failure, good, warning
from certdesk.storage.session import Library, Sessions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DISK, DATABASE = "disk", "database"
MIB = 1024 * 1024
TOO_LITTLE = 64 * MIB
LITTLE = 1024 * MIB


class FolderCheckup:
    """A check-up of a folder that the desk writes to."""

    def __init__(self, folder: Path) -> None:
        """Check this folder."""
        self._folder = folder

    def faults(self) -> Iterator[str]:
        """Yield a line if too little room is left; it stays the same while the room shrinks."""
        # What cannot be written to is found by the writes themselves.
        with contextlib.suppress(OSError):
            if shutil.disk_usage(self._folder).free < TOO_LITTLE:
                yield f"less than {TOO_LITTLE // MIB} MiB are free in {self._folder}"

    def examine(self) -> Iterator[Observation]:
        """Write to the folder and read how much room is left."""
        try:
            with tempfile.TemporaryFile(dir=self._folder) as file:
                file.write(b"\0" * 4096)
                file.flush()
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            yield failure(
                DISK,
                f"the desk cannot write to {self._folder}: {error.strerror}",
                (
                    "free some space, or mount the file system for writing; then the desk "
                    "recovers by itself"
                ),
            )
            return
        room = f"{free // MIB} MiB are free in {self._folder}"
        remedy = "free some space, or move the folder to a larger disk"
        if free < TOO_LITTLE:
            yield failure(DISK, room, remedy)
        elif free < LITTLE:
            yield warning(DISK, room, remedy)
        else:
            yield good(DISK, room)


class SqliteCheckup:
    """A check-up of an embedded database, on its own connection."""

    def __init__(self, path: Path) -> None:
        """Check this file."""
        self._path = path

    def examine(self) -> Iterator[Observation]:
        """Have SQLite check the file, which reads all of it."""
        library = Library.find()
        try:
            session = Sessions(self._path, library).reader()
            try:
                read = session.connection.exec_driver_sql
                faults = [str(row[0]) for row in read("PRAGMA quick_check(5)")]
                revision = read("SELECT version_num FROM alembic_version").scalar_one()
                journal = read("PRAGMA journal_mode").scalar_one()
            finally:
                session.discard()
        except sqlalchemy.exc.DBAPIError as error:
            faults, revision, journal = [str(error.orig)], "", ""
        if faults != ["ok"]:
            yield failure(
                DATABASE,
                f"{self._path} is damaged: {'; '.join(faults)}",
                "stop the desk, keep a copy of the file, restore the last backup (guide: Back up)",
            )
            return
        version, synced = library.module.sqlite_version, library.journal[1]
        yield good(
            DATABASE,
            (
                f"undamaged, at revision {revision}; SQLite {version}, journal {journal}, "
                f"synchronous {synced}"
            ),
        )
