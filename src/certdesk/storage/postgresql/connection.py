"""A connection that waits for an answer for a limited time.

If the server's machine hangs, its kernel may still accept bytes. Then neither the server's time
limits nor TCP's end the wait. This module needs the driver, and with it PostgreSQL's client
library, so it is imported only when a PostgreSQL database is opened.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

Result = TypeVar("Result")

ANSWER_SECONDS = 8.0
"""Longer than any statement may take, so that a working server never times out."""


class Cursor(psycopg.Cursor[Any]):
    """A cursor that its connection lends again once it is closed: to make one costs a third."""

    connection: Connection
    is_lent = True

    def close(self) -> None:
        """Return it to its connection; a second time does nothing."""
        if self.is_lent:
            self.is_lent = False
            self.connection.idle_cursors.append(self)


class Connection(psycopg.Connection[Any]):
    """A connection that is closed if the server sends nothing for `answer_seconds`."""

    answer_seconds = ANSWER_SECONDS
    limited = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- as the driver has it
        """Begin with no cursor."""
        super().__init__(*args, **kwargs)
        self.idle_cursors: list[Cursor] = []

    def cursor(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- as the driver has it
        """Lend a cursor."""
        if args or kwargs:
            return super().cursor(*args, **kwargs)
        if not self.idle_cursors:
            return Cursor(self)
        cursor = self.idle_cursors.pop()
        cursor.is_lent = True
        return cursor

    def wait(self, gen: Generator[Any, Any, Result], *args: Any, **kwargs: Any) -> Result:  # noqa: ANN401 -- as the driver has it
        """Wait for what the driver waits for.

        Raises:
            psycopg.OperationalError: there was no answer; the connection is closed.
        """
        if not self.limited:
            return super().wait(gen, *args, **kwargs)
        try:
            return super().wait(_limited(gen, self.answer_seconds), *args, **kwargs)
        except _Silence:
            self.close()
            raise

    @contextlib.contextmanager
    def unlimited(self) -> Iterator[None]:
        """Wait without a limit inside the context."""
        self.limited = False
        try:
            yield
        finally:
            self.limited = True


class _Silence(psycopg.OperationalError):
    """The server did not answer in time."""


def _limited(waiting: Generator[Any, Any, Result], seconds: float) -> Generator[Any, Any, Result]:
    """Yield what the driver waits for; it is resumed several times a second with nothing ready."""
    latest = time.monotonic() + seconds
    try:
        wanted = next(waiting)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > latest:
                raise _Silence(f"the server has not answered for {seconds:g} seconds")
            wanted = waiting.send(ready)
    except StopIteration as end:
        result: Result = end.value
        return result
