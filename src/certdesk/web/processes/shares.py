"""The limits of one serving process: its share of the desk's."""

from __future__ import annotations

import dataclasses

from certdesk.settings import Settings

SHARED = (
    "connections",
    "handshakes",
    "bodies_mib",
    "wrong_per_minute",
    "unsigned_per_second",
    "pages_per_second",
    "parsing_processes",
)
"""The settings that limit all processes together.

A client's connections may reach any process, so these limits of an address hold for the desk, but
may be reached earlier by a client whose connections are not spread.
"""


LEAST_BODIES_MIB = 30
"""The least memory for bodies in a process.

A quarter of it, for one address, takes a letter, or an answer to a reviewer with five files.
"""


def share_of(settings: Settings, processes: int) -> Settings:
    """Return the settings of one of several processes; a limit of 0, which is none, stays."""
    shares = {name: -(-getattr(settings, name) // processes) for name in SHARED}
    shares["bodies_mib"] = max(shares["bodies_mib"], min(settings.bodies_mib, LEAST_BODIES_MIB))
    return dataclasses.replace(settings, **shares)
