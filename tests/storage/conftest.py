"""A database of PostgreSQL, a store on it, and another program beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from certdesk.storage.postgresql.store import PostgresStore
from tests.storage.stores import opened

if TYPE_CHECKING:
    import psycopg

    from tests.postgres import Cluster


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
