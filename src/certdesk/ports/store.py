"""Durable transactions."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from certdesk.ports.unit import Unit

Result = TypeVar("Result")


class StoreUnavailable(Exception):
    """The store could not do its work now: locked, full, failing or closed.

    After a write the outcome is unknown where the disk failed at the commit itself; everywhere
    else nothing was written. Look the record up by its key before doing it again.
    """


class Store(Protocol):
    """Durable transactions."""

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Run `commit` in one transaction; return only after it is durable.

        Whatever `commit` raises rolls its own writes back, and nobody else's, and comes out here.
        `commit` is short, does no I/O of its own, and may be run again after a lost race.
        """
        ...

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Begin a `write` and give its outcome to come, so that no thread has to wait for it."""
        ...

    def read(self, look: Callable[[Unit], Result]) -> Result:
        """Run `look` on one consistent view of what is committed; it must not write."""
        ...

    def refusing(self) -> str:
        """Return why all calls are refused, which one of them has found; empty where none is."""
        ...

    def settle(self) -> None:
        """Leave nothing of what was erased in a log of the database, as far as it can be told to.

        An embedded database does so at once; PostgreSQL when it vacuums.
        """
        ...

    def close(self) -> None:
        """Finish what was begun and let the files go."""
        ...
