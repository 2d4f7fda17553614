"""The rate limit of an account: never more requests than the limit in any second.

It is a sliding window. A request takes a place when it is admitted; the place is free again a
second later, but not before the request is answered. A client that keeps exactly to the limit is
never refused. With a limit of ten, eleven requests that are sent and answered within one second are
never all admitted. (A window over the times of admission alone would allow twice as many answers in
one second when the first requests take long.)
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable

from certdesk.ports import RateLimitExceeded, Slot

SECOND = 1.0
MOST_WINDOWS = 10_000
"""With more windows (one an account and action), idle ones are dropped."""


class Window:
    """The places that an account's requests for an action have taken."""

    def __init__(self) -> None:
        """Begin with no place taken."""
        self._running = 0
        self._free_at: list[float] = []

    def count(self, now: float) -> int:
        """Count the places taken: requests in progress, and those still within their second."""
        while self._free_at and self._free_at[0] <= now:
            heapq.heappop(self._free_at)
        return self._running + len(self._free_at)

    def take(self) -> None:
        """Take a place."""
        self._running += 1

    def leave(self, taken: float) -> None:
        """Record the answer to a request that took its place at `taken`."""
        self._running -= 1
        heapq.heappush(self._free_at, taken + SECOND)


class MemoryRateLimiter:
    """The rate limits of all accounts in one process."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Take the time in seconds from `monotonic`."""
        self._monotonic = monotonic
        self._windows: dict[tuple[str, str], Window] = {}
        self._lock = threading.Lock()

    def take(self, uin: str, action: str, limit: int) -> Slot:
        """Take a place.

        Raises:
            RateLimitExceeded: `limit` places are taken.
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
        """Release the place when its second is over."""
        with self._lock:
            self._windows[slot.uin, slot.action].leave(slot.taken)

    def _open(self, uin: str, action: str, now: float) -> Window:
        if len(self._windows) >= MOST_WINDOWS:
            self._windows = {
                other: window for other, window in self._windows.items() if window.count(now)
            }
        window = self._windows[uin, action] = Window()
        return window
