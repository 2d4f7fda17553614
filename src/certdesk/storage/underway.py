"""The work in progress on a store, so that closing can wait for it."""

from __future__ import annotations

import threading

from certdesk.ports import StoreUnavailable


class Underway:
    """A count of work that was begun and is not finished."""

    def __init__(self) -> None:
        """Begin with nothing in progress."""
        self._count = 0
        self._ended = False
        self._changed = threading.Condition()

    def begin(self, *, further: bool = False) -> None:
        """Count one more; after `end`, only work that is `further` to earlier work.

        Raises:
            StoreUnavailable: `end` was called.
        """
        with self._changed:
            if self._ended and not further:
                raise StoreUnavailable("the store is closed")
            self._count += 1

    def finish(self) -> None:
        """Count one less."""
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def end(self) -> None:
        """Refuse new work, and wait for the rest."""
        with self._changed:
            self._ended = True
            self._changed.wait_for(lambda: self._count == 0)
