"""The record of a proof for a name of an order."""

from __future__ import annotations

from datetime import datetime

from certdesk.domain.orders.order import Order
from certdesk.domain.validation.challenge import Challenge
from certdesk.domain.validation.records import Proof


def proof_of(challenge: Challenge, order: Order, now: datetime) -> Proof:
    """Return the record of a challenge that is published for an order's present attempt."""
    return Proof(
        certificate_id=order.certificate_id,
        attempt=order.proving,
        name=challenge.name,
        uin=order.uin,
        issuer=order.issuer or "",
        kind=challenge.kind.value,
        label=challenge.label,
        value=challenge.value,
        made_at=now,
    )
