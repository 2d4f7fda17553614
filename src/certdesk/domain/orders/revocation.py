"""The revocation of an order's certificate: asked for, carried out, or turned down."""

from __future__ import annotations

from datetime import datetime

from certdesk.domain.orders.lifecycle import Event
from certdesk.domain.orders.order import Decider, Order, Revocation
from certdesk.domain.values.record import replace


def ask_to_revoke(
    order: Order,
    event: Event,
    *,
    reason: str,
    decided_by: Decider,
    owner_comment: str = "",
    deadline: datetime | None = None,
    why: str = "",
) -> Order:
    """Return the order after its certificate is to be revoked; this is the next such request.

    `reason` is what the CRL says, `why` what the owner is told.

    Raises:
        IllegalTransition: `event` cannot happen to it now.
    """
    last = order.attempt if order.revocation is None else order.revocation.number
    number = max(order.attempt, last) + 1
    return replace(
        order.after(event, why),
        revocation=Revocation(number, reason, decided_by),
        owner_comment=owner_comment,
        deadline=deadline,
    )


def mark_revoked(order: Order, now: datetime) -> Order:
    """Return the order after its certificate was revoked, which the desk does not renew.

    Where the desk decided that by itorder, the order goes on to say why.

    Raises:
        IllegalTransition: it was not to be revoked.
    """
    after, request = order.after(Event.REVOKE), order.revocation
    if request is None:
        return replace(after, hosted=False)
    return replace(
        after,
        reason=order.reason if request.decided_by is Decider.DESK else None,
        revocation=replace(request, revoked_at=now),
        hosted=False,
    )


def keep_certificate(order: Order, why: str) -> Order:
    """Return the order after its certificate is not revoked after all, and why not.

    Raises:
        IllegalTransition: it was not to be revoked.
    """
    return replace(order.after(Event.KEEP, why), deadline=None)
