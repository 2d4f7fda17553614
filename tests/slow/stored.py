"""Desks on each kind of database, and the checks of what they have stored."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certdesk.settings import Settings
from tests.acceptance.crashing import Ledger, Read, check_answers, check_records
from tests.acceptance.database import rows
from tests.running import Client, Keys, RunningDesk, running

if TYPE_CHECKING:
    from tests.postgres import Cluster

SQLITE_WHOLE = "PRAGMA integrity_check"
POSTGRES_WHOLE = """
SELECT DISTINCT 'ok' FROM (
    SELECT bt_index_check(indexrelid, true) FROM pg_index JOIN pg_class ON oid = indexrelid
    JOIN pg_am ON pg_am.oid = relam WHERE amname = 'btree' AND relpersistence = 'p'
) AS checked
"""
"""Asks whether each index agrees with its table; amcheck raises an error where one does not."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StoredDesk:
    """A desk on one of the databases, how its records are read, and how they are seen to be whole.

    `whole` is a query whose answer is `ok`.
    """

    desk: RunningDesk
    settings: Settings
    read: Read
    whole: str

    def check(self, keys: Keys, ledger: Ledger, since: int) -> None:
        """Look at everything that is kept, and ask for what was sent since an attempt."""
        assert self.read(self.whole) == [("ok",)]
        check_records(self.read, ledger)
        check_answers(self.read, Client(self.desk.endpoint, keys), ledger, since)


@contextlib.contextmanager
def on_sqlite(folder: Path, settings: str) -> Iterator[StoredDesk]:
    """Run a desk with a file of its own."""
    with running(folder / "data", settings=settings) as desk:
        yield StoredDesk(
            desk=desk,
            settings=Settings(data=str(desk.folder)),
            read=functools.partial(rows, desk.folder),
            whole=SQLITE_WHOLE,
        )


@contextlib.contextmanager
def on_postgres(folder: Path, settings: str, postgres: Cluster) -> Iterator[StoredDesk]:
    """Run a desk on a server's database."""
    url = postgres.database()

    def read(query: str) -> list[tuple[Any, ...]]:
        with postgres.connect(url) as connection:
            return connection.execute(query.encode()).fetchall()

    with postgres.connect(url) as connection:
        connection.execute("CREATE EXTENSION amcheck")
    with running(folder / "data", settings=f'database = "{url}"\n{settings}') as desk:
        yield StoredDesk(
            desk=desk,
            settings=Settings(data=str(desk.folder), database=url),
            read=read,
            whole=POSTGRES_WHOLE,
        )
