"""A DNS server that takes updates, in memory."""

from __future__ import annotations

import threading
from collections import defaultdict

from certdesk.domain.proof import Challenge
from certdesk.domain.zones import OpenZone
from certdesk.ports import UpdateFailed


class MemoryRecords:
    """`ports.RecordKeeper` that has the zones which a test opens, and their records."""

    def __init__(self) -> None:
        """Have no zones."""
        self.zones: dict[str, OpenZone] = {}
        """The zones that are there, each as it is opened, by name."""
        self.down = False
        """Whether the server answers nobody."""
        self._records: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._change = threading.Lock()

    def add(self, zone: OpenZone, challenge: Challenge) -> None:
        """Have the record."""
        self._check(zone, challenge)
        with self._change:
            self._records[challenge.record].add((challenge.kind.value, challenge.value))

    def remove(self, zone: OpenZone, challenge: Challenge) -> None:
        """Have the record no more."""
        self._check(zone, challenge)
        with self._change:
            self._records[challenge.record].discard((challenge.kind.value, challenge.value))

    def values(self, record: str) -> set[str]:
        """Give the values of the records at a name."""
        return {value for _, value in self._records[record]}

    def _check(self, zone: OpenZone, challenge: Challenge) -> None:
        """Refuse what a server would refuse."""
        known = self.zones.get(zone.name)
        if self.down:
            reason = "cannot be reached"
        elif known is None or known.server != zone.server:
            reason = "does not have it"
        elif known.key != zone.key:
            reason = "does not know the key"
        elif challenge.record != zone.name and not challenge.record.endswith(f".{zone.name}"):
            reason = f"has no {challenge.record} in it"
        else:
            return
        raise UpdateFailed(f"The server of the zone {zone.name} {reason}.")
