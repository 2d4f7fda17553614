"""Reading: each read has its own connection and sees one state of the database throughout."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import DBAPIError

from certdesk.ports import StoreUnavailable
from certdesk.storage.session import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from certdesk.ports import Unit
    from certdesk.storage.session import Session

Result = TypeVar("Result")


class Readers:
    """Connections for reading: as many as the most reads that ever ran at once."""

    def __init__(self, connect: Callable[[], Session]) -> None:
        """Begin with none; `connect` opens another if all are in use."""
        self._connect = connect
        self._idle: list[Session] = []
        self._busy = 0
        self._closed = False
        self._changed = threading.Condition()

    def read(self, query: Callable[[Unit], Result]) -> Result:
        """Run `query` on one state of the database.

        Raises:
            StoreUnavailable: the database cannot be read, or the readers are closed.
        """
        session = self._take()
        try:
            session = session or self._connect()
            return _on_one_state(session, query)
        except DBAPIError as error:
            if session is not None:
                session.discard()
                session = None
            raise unavailable(error) from error
        finally:
            self._give_back(session)

    def close(self) -> None:
        """Refuse new reads, wait for those in progress, and close the connections."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._busy == 0)
            while self._idle:
                self._idle.pop().discard()

    def _take(self) -> Session | None:
        with self._changed:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            self._busy += 1
            return self._idle.pop() if self._idle else None

    def _give_back(self, session: Session | None) -> None:
        with self._changed:
            self._busy -= 1
            if session is not None:
                self._idle.append(session)
            self._changed.notify_all()


def _on_one_state(session: Session, query: Callable[[Unit], Result]) -> Result:
    # The first statement that reads fixes the state.
    session.run("BEGIN")
    try:
        return query(session.unit)
    finally:
        session.run("COMMIT")
