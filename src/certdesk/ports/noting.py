"""Entries of the audit log for what the desk does by itself."""

from __future__ import annotations

from datetime import datetime

from certdesk.domain.accounts.records import BY_DESK, AuditEntry
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Renewal, Submission
from certdesk.domain.validation.records import Proof
from certdesk.domain.vetting.records import Letter
from certdesk.ports.unit import Unit


def note(
    unit: Unit,
    at: datetime,
    about: Order | Proof | Renewal | Submission | Letter,
    action: str,
    detail: str = "",
    request_id: str = "",
) -> None:
    """Write an audit entry about an order, or about something that belongs to it.

    `request_id` is the request that caused it, if there was one.
    """
    its = about.certificate_id
    note_of(unit, at, action, its, detail, uin=about.uin, request_id=request_id)


def note_of(
    unit: Unit,
    at: datetime,
    action: str,
    subject: str,
    detail: str = "",
    *,
    uin: str = "",
    request_id: str = "",
) -> None:
    """Write an audit entry about anything, of an account or of none."""
    unit.audit.add(
        AuditEntry(
            at=at,
            request_id=request_id,
            uin=uin,
            actor=BY_DESK,
            action=action,
            subject=subject,
            detail=detail,
        )
    )
