"""Stores of each kind, and what tests write to them and wait for."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from random import SystemRandom
from typing import TYPE_CHECKING, Any

import pytest

from certdesk.domain.values.mark import Mark
from certdesk.storage.postgresql.store import PostgresStore
from certdesk.storage.sqlite import SqliteStore
from certdesk.testing.store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from certdesk.ports import Store, Unit
    from tests.postgres import Cluster

WITH_SQL = ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))]
KINDS = ["memory", *WITH_SQL]
"""The kinds of stores, as parameters of a fixture or a test."""


@contextmanager
def of_kind(
    kind: str, folder: Path, test: pytest.FixtureRequest, *, lasting: bool = False
) -> Iterator[Store]:
    """Open an empty store; a `lasting` one is there for more than one test."""
    if kind == "postgresql":
        cluster: Cluster = test.getfixturevalue("postgres")
        with opened(cluster.database() if lasting else cluster.emptied_database()) as store:
            yield store
    else:
        made = MemoryStore() if kind == "memory" else SqliteStore.open(folder / "desk.db")
        with closing(made) as other:
            yield other


@contextmanager
def of_two_desks(kind: str, folder: Path, test: pytest.FixtureRequest) -> Iterator[list[Store]]:
    """Open the stores of two desks on one empty database, where it can have two."""
    with ExitStack() as held:
        if kind == "postgresql":
            url = test.getfixturevalue("postgres").database()
            yield [held.enter_context(opened(url)) for _ in range(2)]
        elif kind == "sqlite":
            path = folder / "desk.db"
            first = held.enter_context(closing(SqliteStore.open(path, shared=True)))
            assert first.lock is not None
            other = SqliteStore.join(path, first.lock.descriptor, on_sync_failure=lambda: None)
            yield [first, held.enter_context(closing(other))]
        else:
            yield [held.enter_context(of_kind(kind, folder, test))] * 2


def opened(url: str, **options: Any) -> closing[PostgresStore]:  # noqa: ANN401 -- as `open` takes them
    """Open a store for as long as a context lasts."""
    return closing(PostgresStore.open(url, rng=SystemRandom(), **options))


def mark(name: str) -> Mark:
    """Make a mark."""
    return Mark(name=name, value=b"\x00")


def names(unit: Unit) -> list[str]:
    """Give the names of all marks."""
    return [each.name for each in unit.marks.where()]


def add(*names: str) -> Callable[[Unit], None]:
    """Make a commit that adds marks."""

    def commit(unit: Unit) -> None:
        for name in names:
            unit.marks.add(mark(name))

    return commit
