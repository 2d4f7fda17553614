"""Stores on PostgreSQL, and what tests write to them and wait for."""

from __future__ import annotations

from contextlib import closing
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from certdesk.domain.records import Mark
from certdesk.storage.postgres import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from certdesk.ports import Unit


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
