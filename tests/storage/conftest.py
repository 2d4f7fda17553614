"""A database of PostgreSQL, a store on it, and another program beside it; migrated databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any

import pytest

from certdesk.storage.postgres import PostgresStore
from certdesk.storage.sqlite import SqliteStore
from tests.storage.before import postgres_before, sqlite_before
from tests.storage.stores import opened

if TYPE_CHECKING:
    import psycopg

    from certdesk.ports import Store
    from tests.postgres import Cluster
    from tests.storage.before import Fill, Migrated


@pytest.fixture
def url(postgres: Cluster) -> str:
    """An empty database."""
    return postgres.emptied_database()


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    """A store on the empty database."""
    with opened(url) as made:
        yield made


@pytest.fixture
def foreign(postgres: Cluster, url: str) -> Iterator[psycopg.Connection[Any]]:
    """Another program's connection to the same database."""
    with postgres.connect(url) as connection:
        yield connection


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))])
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Migrated]:
    """A new database that an older version has filled, on either kind; stores are closed."""
    with ExitStack() as opened_stores:

        def migrate(fill: Fill) -> Store:
            store: Store
            if request.param == "sqlite":
                with sqlite_before(tmp_path / "desk.db") as connection:
                    fill(connection)
                store = opened_stores.enter_context(closing(SqliteStore.open(tmp_path / "desk.db")))
            else:
                url = request.getfixturevalue("postgres").database()
                with postgres_before(url) as connection:
                    fill(connection)
                made = PostgresStore.open(url, rng=SystemRandom())
                store = opened_stores.enter_context(closing(made))
            return store

        yield migrate
