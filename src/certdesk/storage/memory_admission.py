"""Replay protection and the rate limit of one process (`ports.Admission`)."""

from __future__ import annotations

import time
from collections.abc import Callable

from certdesk.domain.accounts.replay import Use, check_use
from certdesk.ports import Slot
from certdesk.storage.memory_rate_limiter import MemoryRateLimiter
from certdesk.storage.memory_sightings import MOST, MemorySightings


class MemoryAdmission:
    """The signatures seen and the rate limits; both are lost when the process ends."""

    waits = False
    holder = ""

    def __init__(
        self,
        complete_since: float | None,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        most: int = MOST,
    ) -> None:
        """Begin with no signature seen.

        `complete_since` is the time of the start in Unix seconds, None where no process has served
        the desk before. At most `most` signatures are remembered.
        """
        self._complete_since = complete_since
        self._sightings = MemorySightings(monotonic, most=most)
        self._rate_limiter = MemoryRateLimiter(monotonic)

    def take(self, use: Use, limit: int) -> Slot | None:
        """Admit a request; see `ports.Admission`."""
        check_use(use, self._sightings.first(use), self._complete_since)
        return self._rate_limiter.take(use.uin, use.action, limit) if limit else None

    def note(self, use: Use) -> None:
        """Record a use of a signature."""
        self._sightings.first(use)

    def leave(self, slot: Slot) -> None:
        """Release the place when its second is over."""
        self._rate_limiter.leave(slot)

    def leave_all(self, holder: str) -> None:
        """Do nothing: no other process has places here."""

    def tidy(self) -> None:
        """Do nothing: the signatures that are too old are dropped along the way."""
