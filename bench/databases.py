"""Databases of measured desks: SQLite's file, and a PostgreSQL server that is kept for later runs.

Neither is in /tmp, which may be memory: what is measured has to reach a disk.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from certdesk.storage.session import Library
from tests.postgres import Cluster
from tools.servers import find


@dataclasses.dataclass(frozen=True)
class Database:
    """A database of a PostgreSQL server, and the server's first process."""

    cluster: Cluster
    url: str

    @property
    def pid(self) -> int:
        """The process above all others of the server."""
        return int((self.cluster.folder / "data" / "postmaster.pid").read_text().split()[0])

    def lost(self) -> int:
        """Return how often the server has refused a transaction for the sake of another one."""
        log = (self.cluster.folder / "log").read_text("utf-8", "replace")
        return log.count("ERROR:  could not serialize") + log.count("ERROR:  deadlock detected")


def has_postgresql() -> bool:
    """Tell whether the server is installed."""
    return find("postgres") is not None


@contextlib.contextmanager
def cluster_up(folder: Path) -> Iterator[Cluster]:
    """Run the PostgreSQL server of `folder`, which keeps its databases."""
    # Whoever reaches its socket may do anything in it.
    folder.mkdir(mode=0o700, exist_ok=True)
    cluster = Cluster(folder)
    if (folder / "data" / "postmaster.pid").exists():
        # A killed run has left it behind, perhaps without a server.
        with contextlib.suppress(subprocess.CalledProcessError):
            cluster.stop("fast")
    # What it has said in earlier runs is of no use, and `Database.lost` reads it all.
    (folder / "log").unlink(missing_ok=True)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop("fast")


def new_database(cluster: Cluster, name: str) -> Database:
    """Make an empty database, in place of the one that an earlier run has left."""
    with cluster.connect("postgres") as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name}".encode())
    return Database(cluster, cluster.url(name))


def kept_database(cluster: Cluster, name: str, folder: Path) -> Database:
    """Return the database of the desk of a folder, made if it is not there.

    Then the folder is emptied: what it has belongs to a database that was removed.
    """
    with cluster.connect("postgres") as connection:
        asked = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(asked, (name,)).fetchone() is None:
            shutil.rmtree(folder, ignore_errors=True)
            connection.execute(f"CREATE DATABASE {name}".encode())
    return Database(cluster, cluster.url(name))


@contextlib.contextmanager
def sqlite(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open a desk's file for reading, with the desk's own library: others may be too old."""
    address = f"file:{folder / 'certdesk.db'}?mode=ro"
    with contextlib.closing(Library.find().module.connect(address, uri=True)) as database:
        yield database


@contextlib.contextmanager
def postgresql(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Open a desk's database."""
    with contextlib.closing(psycopg.connect(url, autocommit=True)) as database:
        yield database
