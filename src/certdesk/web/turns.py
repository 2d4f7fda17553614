"""The rate limiter for strangers (the generic cell rate algorithm)."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Hashable

from starlette.responses import PlainTextResponse, Response

TOO_MANY = 429
MOST = 50_000
"""The most clients remembered at a time, about 10 MB."""


class Turns:
    """A rate limiter: each client has `count` turns at once, and another each `seconds / count`.

    A client is an address, a link or an account. Nothing is stored for clients with all their
    turns.
    """

    def __init__(
        self, count: int, seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the time in seconds from `monotonic`; a `count` of 0 is no limit."""
        self._interval = seconds / count if count else 0.0
        self._seconds = seconds
        self._monotonic = monotonic
        self._full_at: dict[Hashable, float] = {}
        self._lock = threading.Lock()

    def wait(self, asker: Hashable, longest: float, count: int | None = None) -> float:
        """Take the client's next turn; return the seconds until then, 0 for now.

        A turn more than `longest` seconds away is not taken. `count` is the client's own number of
        turns, if it has one; 0 is no limit.
        """
        interval = self._interval
        if count is not None:
            interval = self._seconds / count if count else 0.0
        with self._lock:
            now = self._monotonic()
            full_at = max(self._full_at.get(asker, now), now) + interval
            wait = max(0.0, full_at - now - self._seconds) if interval else 0.0
            if wait <= longest and interval:
                self._make_room(now)
                self._full_at[asker] = full_at
        return wait

    def __len__(self) -> int:
        """Return how many clients are remembered."""
        return len(self._full_at)

    def _make_room(self, now: float) -> None:
        if len(self._full_at) < MOST:
            return
        self._full_at = {asker: at for asker, at in self._full_at.items() if at > now}
        if len(self._full_at) >= MOST:
            # With so many addresses, an attacker has as many free first turns anyway.
            self._full_at.clear()


def too_many(wait: float) -> Response:
    """Return the refusal of a client that must wait `wait` seconds (RFC 6585, 4).

    The connection is closed, and pipelined requests on it are dropped.
    """
    headers = {
        "Retry-After": str(math.ceil(wait)),
        "Cache-Control": "no-store",
        "Connection": "close",
    }
    return PlainTextResponse("too many requests\n", TOO_MANY, headers)
