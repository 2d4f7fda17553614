"""The first uses of signatures, as remembered by the only process that serves a desk.

Memory is bounded. When it is full, the account with the most signatures loses those with its oldest
timestamps. Any later request of that account with such a timestamp is refused, because it may be a
replay. So an account that floods the desk shortens the validity of its own timestamps only.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

from certdesk.domain.accounts.replay import KEPT_SECONDS, Sighting, Use
from certdesk.domain.errors import SignatureExpire
from certdesk.domain.values.record import Record

MOST = 500_000
"""The most signatures remembered at a time, about 100 MB."""


class Seen(Record):
    """When a signature was first seen (monotonic seconds), and with which action."""

    at: float
    action: str


class MemorySightings:
    """The first use of each signature."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, *, most: int = MOST
    ) -> None:
        """Take the time in seconds from `monotonic`, and remember at most `most` signatures."""
        self._monotonic = monotonic
        self._most = most
        self._seen: dict[int, dict[str, dict[bytes, Seen]]] = {}
        self._counts: Counter[str] = Counter()
        self._size = 0
        self._lost: dict[str, int] = {}
        self._swept = 0
        self._lock = threading.Lock()

    def first(self, use: Use) -> Sighting:
        """Return the first use of this signature, which may be this one.

        Raises:
            SignatureExpire: it may have been seen and dropped, as too many came since.
        """
        second = int(use.at)
        with self._lock:
            if second != self._swept:
                self._sweep(second)
            seen = self._first(use)
        return Sighting(self._monotonic() - seen.at, seen.action)

    def __len__(self) -> int:
        """Return how many signatures are remembered."""
        return self._size

    def _first(self, use: Use) -> Seen:
        its = self._seen.get(use.timestamp, {}).get(use.uin, {})
        seen = its.get(use.digest)
        if seen is not None:
            return seen
        if use.timestamp <= self._lost.get(use.uin, 0):
            raise SignatureExpire(
                "The desk has seen so many requests since then that it no longer knows "
                "whether this signature was used before. Sign a new request."
            )
        seen = Seen(self._monotonic(), use.action)
        its = self._seen.setdefault(use.timestamp, {}).setdefault(use.uin, {})
        its[use.digest] = seen
        self._count(use.uin, 1)
        if self._size > self._most:
            self._make_room()
        return seen

    def _count(self, uin: str, more: int) -> None:
        self._counts[uin] += more
        self._size += more

    def _make_room(self) -> None:
        """Drop the oldest timestamp of the account with the most signatures."""
        ((uin, _),) = self._counts.most_common(1)
        oldest = min(second for second, accounts in self._seen.items() if uin in accounts)
        self._count(uin, -len(self._seen[oldest].pop(uin)))
        self._lost[uin] = max(oldest, self._lost.get(uin, 0))

    def _sweep(self, now: int) -> None:
        """Drop signatures whose timestamps are no longer accepted."""
        self._swept = now
        for second in [second for second in self._seen if abs(now - second) > KEPT_SECONDS]:
            for uin, its in self._seen.pop(second).items():
                self._count(uin, -len(its))
        self._counts = +self._counts
        lost = self._lost.items()
        self._lost = {uin: second for uin, second in lost if abs(now - second) <= KEPT_SECONDS}
