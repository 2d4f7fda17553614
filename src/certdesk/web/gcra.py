"""The rate limiter for strangers and downloads (GCRA, the generic cell rate algorithm)."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Hashable

from starlette.responses import PlainTextResponse, Response

TOO_MANY = 429
MOST = 50_000
"""The most clients remembered at a time, about 10 MB."""


class RateLimiter:
    """A rate limit: `count` requests of a client at once, and one more each `seconds / count`.

    A client is an address, a link or an account. Nothing is stored for clients that may send all
    `count` at once.
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

    def wait(self, client: Hashable, longest: float, count: int | None = None) -> float:
        """Count a request of a client; return the seconds until it may be answered, 0 for now.

        A request that would wait more than `longest` seconds is not counted. `count` is the
        client's own limit, if it has one; 0 is no limit.
        """
        interval = self._interval
        if count is not None:
            interval = self._seconds / count if count else 0.0
        with self._lock:
            now = self._monotonic()
            full_at = max(self._full_at.get(client, now), now) + interval
            wait = max(0.0, full_at - now - self._seconds) if interval else 0.0
            if wait <= longest and interval:
                self._make_room(now)
                self._full_at[client] = full_at
        return wait

    def __len__(self) -> int:
        """Return how many clients are remembered."""
        return len(self._full_at)

    def _make_room(self, now: float) -> None:
        if len(self._full_at) < MOST:
            return
        self._full_at = {client: at for client, at in self._full_at.items() if at > now}
        if len(self._full_at) >= MOST:
            # With so many addresses, an attacker has as many first requests free anyway.
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
