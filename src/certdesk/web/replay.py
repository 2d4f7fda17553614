"""Signatures that have been seen: a captured request is of no use later.

Official SDKs sign neither the action nor a nonce, so two honest requests of one second may carry
the same signature. What is seen again later than that is refused where it would change something
or where it asks for another action than the first (threats T2 and T3).
"""

from __future__ import annotations

import dataclasses
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from certdesk.catalog import HONEST_SECONDS, Action, replayed

KEPT_SECONDS = 600
"""Longer than any timestamp stays good, on either side of the server's clock."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sighting:
    """When a signature was first seen (monotonic seconds), and with which action."""

    at: float
    action: str


class Replay:
    """Remembers signatures in this process; those that change something the database does too."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Count by `monotonic` seconds."""
        self._monotonic = monotonic
        self._seen: OrderedDict[bytes, Sighting] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, digest: bytes, action: Action) -> None:
        """Remember a verified signature, or refuse it.

        Raises:
            SignatureExpire: it was seen before, too long ago to be honest.
        """
        with self._lock:
            now = self._monotonic()
            self._forget(now)
            first = self._seen.setdefault(digest, Sighting(now, action.name))
        if now - first.at > HONEST_SECONDS and (action.writes or action.name != first.action):
            raise replayed()

    def _forget(self, now: float) -> None:
        while self._seen and next(iter(self._seen.values())).at < now - KEPT_SECONDS:
            self._seen.popitem(last=False)


def signature_digest(secret_id: str, signature: str) -> bytes:
    """Give the 32 bytes by which a signature of a key is known again."""
    return hashlib.sha256(f"{secret_id}\0{signature}".encode()).digest()
