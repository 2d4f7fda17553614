"""Durable transactions."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from certdesk.ports.unit import Unit

Result = TypeVar("Result")


class StoreUnavailable(Exception):
    """The store could not do its work now: locked, full, failing or closed.

    After a write the outcome is unknown if the disk failed at the commit itself; otherwise nothing
    was written. Look the record up by its key before doing it again.
    """


class Store(Protocol):
    """Durable transactions."""

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Run `commit` in one transaction; return only after it is durable.

        Any exception of `commit` rolls back its own writes only, and is raised here. `commit` is
        short, does no I/O of its own, and may be run again after a lost race.
        """
        ...

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Begin a `write` and return the future of its outcome, so that no thread has to wait."""
        ...

    def read(self, query: Callable[[Unit], Result]) -> Result:
        """Run `query` on one consistent view of what is committed; it must not write."""
        ...

    def refusing(self) -> str:
        """Return why all calls or writes are refused, as one has found; empty if they are not."""
        ...

    def checkpoint(self) -> None:
        """Remove erased data from the logs of the database, as far as it allows that.

        An embedded database does so at once; PostgreSQL when it vacuums.
        """
        ...

    def close(self) -> None:
        """Finish what was begun and close the files."""
        ...
