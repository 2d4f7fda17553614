"""Signatures that have been seen: a captured request is of no use later.

Official SDKs sign neither the action nor a nonce, so two honest requests of one second may carry
the same signature. What is seen again later than that is refused where it would change something
or where it asks for another action than the first.

Memory is bounded. Where it is full, the account with the most signatures in it forgets those with
its oldest timestamps, and whatever else comes with such a timestamp is refused: it may have been
seen before. Whoever floods the desk shortens the time that its own timestamps are good for.
"""

from __future__ import annotations

import dataclasses
import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable

from certdesk.catalog import HONEST_SECONDS, Action, replayed
from certdesk.domain.errors import SignatureExpire

KEPT_SECONDS = 600
"""So far from now no timestamp is good, also where the server's clock is set back by minutes."""

MOST = 500_000
"""Signatures that are remembered at a time: some 100 MB."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sighting:
    """When a signature was first seen (monotonic seconds), and with which action."""

    at: float
    action: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A verified signature, by its digest: of an account, with its timestamp in Unix seconds."""

    digest: bytes
    uin: str
    timestamp: int


class Replay:
    """Remembers signatures in this process; those that change something the database does too."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, *, most: int = MOST
    ) -> None:
        """Count by `monotonic` seconds, and remember `most` signatures."""
        self._monotonic = monotonic
        self._most = most
        self._seen: dict[int, dict[str, dict[bytes, Sighting]]] = {}
        self._counts: Counter[str] = Counter()
        self._size = 0
        self._lost: dict[str, int] = {}
        self._swept = 0
        self._lock = threading.Lock()

    def check(self, used: Used, action: Action, now: int) -> None:
        """Remember a signature at the time `now` (Unix seconds), or refuse it.

        Raises:
            SignatureExpire: it was seen before, too long ago to be honest, or it may have been.
        """
        with self._lock:
            if now != self._swept:
                self._sweep(now)
            first = self._first(used, action)
        if self._monotonic() - first.at > HONEST_SECONDS and (
            action.writes or action.name != first.action
        ):
            raise replayed()

    def __len__(self) -> int:
        """Tell how many signatures are remembered."""
        return self._size

    def _first(self, used: Used, action: Action) -> Sighting:
        its = self._seen.get(used.timestamp, {}).get(used.uin, {})
        first = its.get(used.digest)
        if first is not None:
            return first
        if used.timestamp <= self._lost.get(used.uin, 0):
            raise SignatureExpire(
                "So many requests were signed since that this one may have been used before; "
                "sign a new request."
            )
        first = Sighting(self._monotonic(), action.name)
        its = self._seen.setdefault(used.timestamp, {}).setdefault(used.uin, {})
        its[used.digest] = first
        self._count(used.uin, 1)
        if self._size > self._most:
            self._make_room()
        return first

    def _count(self, uin: str, more: int) -> None:
        self._counts[uin] += more
        self._size += more

    def _make_room(self) -> None:
        """Forget the oldest timestamp of the account with the most signatures."""
        ((uin, _),) = self._counts.most_common(1)
        oldest = min(second for second, accounts in self._seen.items() if uin in accounts)
        self._count(uin, -len(self._seen[oldest].pop(uin)))
        self._lost[uin] = max(oldest, self._lost.get(uin, 0))

    def _sweep(self, now: int) -> None:
        """Forget what no timestamp can bring back."""
        self._swept = now
        for second in [second for second in self._seen if abs(now - second) > KEPT_SECONDS]:
            for uin, its in self._seen.pop(second).items():
                self._count(uin, -len(its))
        self._counts = +self._counts
        lost = self._lost.items()
        self._lost = {uin: second for uin, second in lost if abs(now - second) <= KEPT_SECONDS}


def signature_digest(secret_id: str, signature: str) -> bytes:
    """Give the 32 bytes by which a signature of a key is known again."""
    return hashlib.sha256(f"{secret_id}\0{signature}".encode()).digest()
