"""The desk's database file as another program sees it, beside the desk or without it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from certdesk.storage.session import Library

Tables = dict[str, list[tuple[Any, ...]]]
"""All rows of every table."""


@contextlib.contextmanager
def opened(folder: Path, mode: str = "ro") -> Iterator[sqlite3.Connection]:
    """Open the file with the SQLite that the desk uses: two versions at once do not mix well."""
    connection = Library.find().module.connect(
        f"file:{folder / 'certdesk.db'}?mode={mode}", uri=True, isolation_level=None, timeout=20
    )
    with contextlib.closing(connection):
        yield connection


def rows(folder: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Read rows."""
    with opened(folder) as connection:
        return connection.execute(query, values).fetchall()


def csr_in_force(folder: Path, certificate_id: str) -> str:
    """Return the CSR that an order has; no reply shows one that the desk made."""
    query = "SELECT csr FROM submissions WHERE certificate_id = ? ORDER BY number DESC LIMIT 1"
    ((csr,),) = rows(folder, query, certificate_id)
    return str(csr)


def change(folder: Path, *statements: str) -> None:
    """Carry out statements in one transaction."""
    with opened(folder, "rw") as connection:
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        connection.execute("COMMIT")


def tables(folder: Path) -> Tables:
    """Read everything that is kept, as of one moment.

    The tables of a full-text index are left out: they follow from what it indexes.
    """
    names = (
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN "
        "(SELECT shadow.name FROM sqlite_schema AS shadow, sqlite_schema AS index_ "
        "WHERE index_.sql LIKE 'CREATE VIRTUAL%' AND shadow.name LIKE index_.name || '%') "
        "ORDER BY name"
    )
    with opened(folder) as connection:
        connection.execute("BEGIN")
        found = connection.execute(names).fetchall()
        return {
            name: connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 -- our tables
            for (name,) in found
        }
