"""Replay protection and the rate limit of one process (`ports.Admission`)."""

from __future__ import annotations

import time
from collections.abc import Callable

from certdesk.domain.accounts.replay import Use, check_use
from certdesk.ports import Slot
from certdesk.storage.memory_pace import MemoryPace
from certdesk.storage.memory_sightings import MOST, MemorySightings


class MemoryAdmission:
    """First sightings and the pace, both forgotten at the end of the process."""

    waits = False

    def __init__(
        self,
        complete_since: float | None,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        most: int = MOST,
    ) -> None:
        """Begin now with nothing seen.

        `complete_since` is the time of the start in Unix seconds, None where no process has served
        the desk before. At most `most` signatures are remembered.
        """
        self._complete_since = complete_since
        self._sightings = MemorySightings(monotonic, most=most)
        self._pace = MemoryPace(monotonic)

    def take(self, use: Use, limit: int) -> Slot | None:
        """Let a request in; see `ports.Admission`."""
        check_use(use, self._sightings.first(use), self._complete_since)
        return self._pace.take(use.uin, use.action, limit) if limit else None

    def note(self, use: Use) -> None:
        """Note a use of a signature."""
        self._sightings.first(use)

    def leave(self, slot: Slot) -> None:
        """Let the place go when its second is over."""
        self._pace.leave(slot)

    def tidy(self) -> None:
        """Leave it to the sightings, which forget as they go."""
