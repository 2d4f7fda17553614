"""The opening of a PostgreSQL database; only a desk that uses one imports this module."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from certdesk.bootstrap.world import strong_random
from certdesk.ports import Store
from certdesk.storage.postgresql.admission import PostgresAdmission
from certdesk.storage.postgresql.store import PostgresStore


def _nothing() -> None:
    """Do nothing."""


@contextlib.contextmanager
def open_server(
    url: str,
    *,
    is_first_service: Callable[[Store], bool],
    beginning: Callable[[], None] = _nothing,
) -> Iterator[tuple[PostgresStore, PostgresAdmission]]:
    """Open the store and the admission while the context lasts.

    `beginning` is called before an empty database gets its tables, and `is_first_service` when the
    store is open.

    Raises:
        StoreUnavailable: the database cannot be used.
    """
    with contextlib.ExitStack() as opened:
        store = PostgresStore.open(url, rng=strong_random(), beginning=beginning)
        opened.callback(store.close)
        # It is the same server: if it is unreachable, nothing else works either.
        admission = PostgresAdmission(
            url, first_service=is_first_service(store), lock=store.locks.statement
        )
        opened.callback(admission.close)
        yield store, admission
