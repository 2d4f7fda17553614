"""Stores on PostgreSQL, and what tests write to them and wait for."""

from __future__ import annotations

import time
from contextlib import closing
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from certdesk.domain.records import Mark
from certdesk.storage.postgres import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from certdesk.ports import Unit

PATIENCE_SECONDS = 30


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


def wait_until(holds: Callable[[], object]) -> None:
    """Wait until something holds that another process or thread brings about."""
    enough = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < enough
        time.sleep(0.01)


def waiting(foreign: psycopg.Connection[Any]) -> int:
    """Count the connections to the database that wait for a lock."""
    found = foreign.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ).fetchone()
    assert found
    return int(found[0])
