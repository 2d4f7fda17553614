"""What is being done with a store, so that its end can wait for it."""

from __future__ import annotations

import threading

from certdesk.ports import StoreUnavailable


class Underway:
    """Counts what was begun and is not finished."""

    def __init__(self) -> None:
        """Begin with nothing under way."""
        self._count = 0
        self._ended = False
        self._changed = threading.Condition()

    def begin(self, *, further: bool = False) -> None:
        """Count one more; after the end only what is `further` to something begun before.

        Raises:
            StoreUnavailable: the end has come.
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
        """Let nothing new begin, and wait for the rest."""
        with self._changed:
            self._ended = True
            self._changed.wait_for(lambda: self._count == 0)
