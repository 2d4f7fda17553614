"""How often a stranger may ask: so many turns in a time, and then one after the other."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Hashable

from starlette.responses import PlainTextResponse, Response

TOO_MANY = 429
MOST = 50_000
"""Askers that are remembered at a time: some 10 MB."""


class Turns:
    """Gives each asker `count` turns at once, and a further one each `seconds / count`.

    An asker is an address, a link or an account. Of those who have all their turns nothing is
    kept (the generic cell rate algorithm).
    """

    def __init__(
        self, count: int, seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Count by `monotonic` seconds; a `count` of 0 is no limit."""
        self._interval = seconds / count if count else 0.0
        self._seconds = seconds
        self._monotonic = monotonic
        self._full_at: dict[Hashable, float] = {}
        self._lock = threading.Lock()

    def wait(self, asker: Hashable, longest: float, count: int | None = None) -> float:
        """Take the asker's next turn and tell how many seconds off it is, 0 for now.

        A turn that is further off than `longest` seconds is told and not taken. `count` is the
        asker's own number of turns, if it has one; 0 is no limit.
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
        """Tell how many askers are remembered."""
        return len(self._full_at)

    def _make_room(self, now: float) -> None:
        if len(self._full_at) < MOST:
            return
        self._full_at = {asker: at for asker, at in self._full_at.items() if at > now}
        if len(self._full_at) >= MOST:
            # So many addresses have their first turns free anyway.
            self._full_at.clear()


def too_many(wait: float) -> Response:
    """Refuse one who has to wait so many seconds for a turn (RFC 6585, 4).

    The connection ends, and with it the requests that were sent ahead on it.
    """
    headers = {
        "Retry-After": str(math.ceil(wait)),
        "Cache-Control": "no-store",
        "Connection": "close",
    }
    return PlainTextResponse("too many requests\n", TOO_MANY, headers)
