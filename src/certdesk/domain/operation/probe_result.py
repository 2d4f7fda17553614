"""The result of the last check of the database."""

from __future__ import annotations

from certdesk.domain.values.record import Record

NOTHING_WRITTEN = "the desk cannot write to the database"
NOTHING_READ = "the desk cannot read from the database"

OLDEST_SECONDS = 12
"""How long ago the last check may have ended: after that, two more should have followed."""


class ProbeResult(Record, kw_only=True):
    """The result of one check: a write, a read of it, and the admission of a request.

    `fault` says what failed, empty if nothing did. The check took `took_seconds` and ended
    `age_seconds` ago.
    """

    fault: str
    age_seconds: float
    took_seconds: float

    @property
    def faults(self) -> list[str]:
        """Return what is wrong, in plain words; it may be nothing."""
        if self.fault:
            return [self.fault]
        if self.age_seconds > OLDEST_SECONDS:
            return ["the database does not answer"]
        return []

    @property
    def line(self) -> str:
        """Return the result and its age in one line."""
        result = "failed" if self.faults else "ok"
        return f"probe: {result}, {self.age_seconds:.1f} seconds ago"
