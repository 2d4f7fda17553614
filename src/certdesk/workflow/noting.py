"""What the desk does by itself with an order, written into the audit log."""

from __future__ import annotations

from datetime import datetime

from certdesk.domain.order import Order
from certdesk.domain.records import AuditEntry, Proof
from certdesk.ports import Unit


def note(unit: Unit, at: datetime, about: Order | Proof, action: str, detail: str = "") -> None:
    """Note what was done with an order, or with the proof of one of its names."""
    unit.audit.add(
        AuditEntry.by_desk(
            at=at, uin=about.uin, action=action, subject=about.certificate_id, detail=detail
        )
    )
