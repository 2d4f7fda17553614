"""Locks between the processes of a desk."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class NamedLocks(Protocol):
    """Locks that one process of the desk has at a time, by name."""

    def hold(self, name: str) -> AbstractContextManager[object]:
        """Wait for a lock, and hold it while the context lasts.

        A lock ends with its process at the latest.

        Raises:
            StoreUnavailable: it could not be taken, or it was lost before the context ended.
        """
        ...
