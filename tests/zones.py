"""DNS zones that a desk in the test's own process may change, and what is looked for in them."""

from __future__ import annotations

from typing import Any

from certdesk.domain.validation.challenge import Challenge, Finding, ProofKind, Verdict
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from certdesk.engine import Caller
from certdesk.testing.clock import ManualClock
from certdesk.testing.records import MemoryRecords
from certdesk.testing.validation import ScriptedValidator
from certdesk.validation.providers.rfc2136 import Rfc2136, Rfc2136Settings
from tests.inside import InsideDesk

SECRET = "dGhpcnR5LXR3byBieXRlcyBvZiBhIHNlY3JldCBrZXk="
KEY = f'key "desk" {{ algorithm hmac-sha256; secret "{SECRET}"; }};'
SERVER = "192.0.2.53:53"


def by_rfc2136(key: str = KEY, server: str = SERVER) -> Rfc2136Settings:
    """Read the settings of a zone."""
    return Rfc2136().settings(server=server, key=Secret(key))


def asked(key: str = KEY, server: str = SERVER) -> dict[str, object]:
    """Word the settings as the operator's action takes them."""
    return {
        "Provider": "rfc2136",
        "Settings": [{"Name": "server", "Value": server}],
        "Secrets": [{"Name": "key", "Value": key}],
    }


def serve(desk: InsideDesk, name: str = "example.com", key: str = KEY) -> None:
    """Have a zone in the world, whose server knows a key."""
    desk.records.zones[name] = by_rfc2136(key)


def give(
    desk: InsideDesk,
    caller: Caller,
    name: str = "example.com",
    key: str = KEY,
    server: str = SERVER,
    **changes: object,
) -> dict[str, Any]:
    """Give an account a zone."""
    given = {"Uin": caller.uin, "Zone": name} | asked(key, server)
    return desk.operator("AddZone", **given | changes)


class ZoneProver(ScriptedValidator):
    """Finds what is in the zones, as from outside."""

    def __init__(self, clock: ManualClock, records: MemoryRecords) -> None:
        """Look into `records`."""
        super().__init__(clock)
        self._records = records

    def validate(self, challenge: Challenge) -> Finding:
        """Look for the record."""
        found = super().validate(challenge)
        if challenge.value not in self._records.values(challenge.record):
            return found
        return replace(found, verdict=Verdict.PROVED, reason="")


def look_into_zones(desk: InsideDesk) -> None:
    """Have the desk find what is in its zones, and nothing else."""
    for kind in (ProofKind.TXT, ProofKind.CNAME):
        desk.validators[kind] = ZoneProver(desk.clock, desk.records)
