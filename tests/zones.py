"""DNS zones that a desk in the test's own process may change, and what is looked for in them."""

from __future__ import annotations

import dataclasses
from typing import Any

from certdesk.catalog import Caller
from certdesk.domain.proof import Challenge, Finding, ProofKind, Verdict
from certdesk.domain.zones import OpenZone, parse_key
from certdesk.testing.clock import ManualClock
from certdesk.testing.proving import ScriptedProver
from certdesk.testing.records import MemoryRecords
from tests.inside import InsideDesk

SECRET = "dGhpcnR5LXR3byBieXRlcyBvZiBhIHNlY3JldCBrZXk="
KEY = f'key "desk" {{ algorithm hmac-sha256; secret "{SECRET}"; }};'
SERVER = "192.0.2.53:53"


def serve(desk: InsideDesk, name: str = "example.com", key: str = KEY) -> None:
    """Have a zone in the world, whose server knows a key."""
    desk.records.zones[name] = OpenZone(name=name, server=SERVER, key=parse_key(key))


def give(
    desk: InsideDesk, caller: Caller, name: str = "example.com", **changes: object
) -> dict[str, Any]:
    """Give an account a zone."""
    given = {"Uin": caller.uin, "Zone": name, "Server": SERVER, "Key": KEY}
    return desk.operator("AddZone", **given | changes)


class ZoneProver(ScriptedProver):
    """Finds what is in the zones, as from outside."""

    def __init__(self, clock: ManualClock, records: MemoryRecords) -> None:
        """Look into `records`."""
        super().__init__(clock)
        self._records = records

    def look(self, challenge: Challenge) -> Finding:
        """Look for the record."""
        found = super().look(challenge)
        if challenge.value not in self._records.values(challenge.record):
            return found
        return dataclasses.replace(found, verdict=Verdict.PROVED, reason="")


def look_into_zones(desk: InsideDesk) -> None:
    """Have the desk find what is in its zones, and nothing else."""
    for kind in (ProofKind.TXT, ProofKind.CNAME):
        desk.provers[kind] = ZoneProver(desk.clock, desk.records)
