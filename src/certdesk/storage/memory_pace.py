"""The rate limit of an account: never more requests than the limit in any second.

A moving window: a place is taken when a request is let in and free again a second later, but not
before the request is answered. A client that keeps to the limit exactly is never refused, and no
eleven requests that were sent and answered within one second are all let in. (A window over the
times of entry alone would let twice as many answers into one second when the first take long.)
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable

from certdesk.ports import RateLimitExceeded, Slot

SECOND = 1.0
MOST_WINDOWS = 10_000
"""Windows of account and action kept before idle ones are looked for and dropped."""


class Window:
    """The places that an account has taken for an action."""

    def __init__(self) -> None:
        """Begin with none taken."""
        self._running = 0
        self._free_at: list[float] = []

    def count(self, now: float) -> int:
        """Count the places taken: by requests in progress, and by others in their second."""
        while self._free_at and self._free_at[0] <= now:
            heapq.heappop(self._free_at)
        return self._running + len(self._free_at)

    def take(self) -> None:
        """Take a place."""
        self._running += 1

    def leave(self, taken: float) -> None:
        """Note that a request is answered that took its place at `taken`."""
        self._running -= 1
        heapq.heappush(self._free_at, taken + SECOND)


class MemoryPace:
    """The pace of all accounts in one process."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Count by `monotonic` seconds."""
        self._monotonic = monotonic
        self._windows: dict[tuple[str, str], Window] = {}
        self._lock = threading.Lock()

    def take(self, uin: str, action: str, limit: int) -> Slot:
        """Take a place.

        Raises:
            PaceExceeded: `limit` places are taken.
        """
        with self._lock:
            now = self._monotonic()
            window = self._windows.get((uin, action)) or self._open(uin, action, now)
            count = window.count(now)
            if count >= limit:
                raise RateLimitExceeded(count + 1)
            window.take()
        return Slot(uin, action, now)

    def leave(self, slot: Slot) -> None:
        """Let the place go when its second is over."""
        with self._lock:
            self._windows[slot.uin, slot.action].leave(slot.taken)

    def _open(self, uin: str, action: str, now: float) -> Window:
        if len(self._windows) >= MOST_WINDOWS:
            self._windows = {
                other: window for other, window in self._windows.items() if window.count(now)
            }
        window = self._windows[uin, action] = Window()
        return window
