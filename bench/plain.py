"""The floor of a durable write: plain SQLite with one writer that commits in groups."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from certdesk.storage.session import Library


@contextlib.contextmanager
def plain_writer(
    path: Path, row: Sequence[object], threads: int
) -> Iterator[Callable[[int], object]]:
    """Give a function that inserts `row` so many times, from threads that each wait for the disk.

    The settings are those of the desk: write-ahead log, a sync at every commit.
    """
    database = Library.find().module.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode=wal")
    database.execute("PRAGMA synchronous=FULL")
    database.execute(f"CREATE TABLE kept ({', '.join(f'c{i}' for i in range(len(row)))})")
    statement = f"INSERT INTO kept VALUES ({', '.join('?' * len(row))})"  # noqa: S608 - question marks
    jobs: queue.SimpleQueue[Future[None] | None] = queue.SimpleQueue()

    def write() -> None:
        while (first := jobs.get()) is not None:
            group = [first, *(jobs.get() for _ in range(jobs.qsize()))]
            database.execute("BEGIN IMMEDIATE")
            database.executemany(statement, [row] * len(group))
            database.execute("COMMIT")
            for job in group:
                if job is not None:
                    job.set_result(None)

    def insert(_: int) -> None:
        done: Future[None] = Future()
        jobs.put(done)
        done.result()

    with contextlib.closing(database), ThreadPoolExecutor(threads + 1) as pool:
        writer = pool.submit(write)
        try:
            yield lambda count: list(pool.map(insert, range(count)))
        finally:
            jobs.put(None)
            writer.result()
