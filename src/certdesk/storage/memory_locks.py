"""Named locks of a process, where no other process needs them."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator


class MemoryLocks:
    """A `ports.NamedLocks` between the threads of one process."""

    def __init__(self) -> None:
        """Begin with no lock held."""
        self._change = threading.Lock()
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @contextlib.contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold a lock; see `ports.NamedLocks`."""
        with self._change:
            lock = self._locks[name]
        with lock:
            yield
