"""What is thrown away, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from certdesk.domain.accounts.records import SeenSignature
from certdesk.storage.memory_admission import MemoryAdmission
from certdesk.testing.clock import ManualClock
from certdesk.testing.store import MemoryStore
from certdesk.workflow.retention.short_lived import ShortLivedRetention


def test_signatures_are_kept_as_long_as_they_could_come_again() -> None:
    """Fifteen minutes, which no timestamp lasts."""
    store, clock = MemoryStore(), ManualClock(datetime(2026, 11, 24, 12, tzinfo=UTC))
    for minutes in (1, 14, 16, 600):
        seen_at = clock.now() - timedelta(minutes=minutes)
        seen = SeenSignature(digest=bytes([minutes % 256]), action="x", seen_at=seen_at)
        store.write(lambda unit, seen=seen: unit.seen_signatures.add(seen))  # type: ignore[misc]  # bound now

    ShortLivedRetention(store, clock, MemoryAdmission(None)).tidy()

    kept = store.read(lambda unit: unit.seen_signatures.where())
    assert sorted(each.digest for each in kept) == [bytes([1]), bytes([14])]
