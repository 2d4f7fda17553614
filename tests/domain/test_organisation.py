"""Managers and how long their vetting lasts."""

from __future__ import annotations

from datetime import UTC, datetime

from certdesk.domain.values.organisation import Manager, vetted
from certdesk.domain.values.record import replace

WAITING = Manager(
    manager_id=7,
    company_id=3,
    uin="100000000001",
    status="audit",
    facts="{}",
    personal=b"sealed",
    fingerprint=b"like",
    created_at=datetime(2026, 3, 1, tzinfo=UTC),
    submitted_at=datetime(2026, 3, 1, tzinfo=UTC),
)


def test_a_vetting_lasts_398_days() -> None:
    """The reuse limit of the Baseline Requirements; nothing else of the manager changes."""
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert vetted(WAITING, now) == replace(
        WAITING,
        status="ok",
        verified_at=now,
        expires_at=datetime(2027, 4, 4, 12, tzinfo=UTC),
    )
