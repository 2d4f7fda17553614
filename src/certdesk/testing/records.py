"""An in-memory DNS server that takes updates."""

from __future__ import annotations

import threading
from collections import defaultdict

from certdesk.domain.validation.challenge import Challenge
from certdesk.ports import UpdateFailed
from certdesk.validation.providers.rfc2136 import Rfc2136, Rfc2136Settings


class MemoryRecords:
    """A `ports.DnsProvider` with the zones that a test sets up, and their records.

    It replaces servers of RFC 2136, and takes the same settings.
    """

    name = Rfc2136.name
    settings = Rfc2136.settings

    def __init__(self) -> None:
        """Begin without zones."""
        self.zones: dict[str, Rfc2136Settings] = {}
        """The settings that permit changing each zone, by the zone's name."""
        self.down = False
        """Whether the server does not answer."""
        self._records: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._change = threading.Lock()

    def add(self, zone: str, settings: Rfc2136Settings, challenge: Challenge) -> None:
        """Add the record."""
        self._check(zone, settings, challenge)
        with self._change:
            self._records[challenge.record].add((challenge.kind.value, challenge.value))

    def remove(self, zone: str, settings: Rfc2136Settings, challenge: Challenge) -> None:
        """Remove the record."""
        self._check(zone, settings, challenge)
        with self._change:
            self._records[challenge.record].discard((challenge.kind.value, challenge.value))

    def values(self, record: str) -> set[str]:
        """Return the values of the records at a name."""
        return {value for _, value in self._records[record]}

    def _check(self, zone: str, settings: Rfc2136Settings, challenge: Challenge) -> None:
        """Refuse what a server would refuse."""
        known = self.zones.get(zone)
        if self.down:
            reason = "cannot be reached"
        elif known is None or known.server != settings.server:
            reason = "does not have it"
        elif known != settings:
            reason = "does not know the key"
        elif challenge.record != zone and not challenge.record.endswith(f".{zone}"):
            reason = f"has no {challenge.record} in it"
        else:
            return
        raise UpdateFailed(f"The server of the zone {zone} {reason}.")
