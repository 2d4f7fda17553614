"""The move of an order to another account: begun, called off, or completed."""

from __future__ import annotations

from certdesk.domain.orders.lifecycle import HoldEvent
from certdesk.domain.orders.order import Move, Order
from certdesk.domain.values.record import replace


def begin_move(order: Order, uin: str) -> Order:
    """Return the order as it is while it moves to an account.

    Raises:
        IllegalTransition: it does not move from where it stands.
    """
    return replace(order.held(HoldEvent.BEGIN_MOVE), move=Move(to=uin, stage=order.stage))


def call_off_move(order: Order) -> Order:
    """Return the order as it stood before it was to move.

    Raises:
        IllegalTransition: it was not to.
    """
    return replace(order.held(HoldEvent.END_MOVE), move=None)


def complete_move(order: Order) -> Order:
    """Return the order as it is in the account that it was to move to.

    Of the other account's projects, managers and orders it knows nothing there.

    Raises:
        IllegalTransition: it was not to move.
    """
    return replace(
        call_off_move(order),
        uin=order.headed_for,
        project_id=0,
        home_projects=(),
        manager_id=None,
        renews=None,
        renewed_by=None,
        replaces=None,
        replaced_by=None,
        owner_comment="",
    )


def unlinked(order: Order, other_id: str) -> Order:
    """Return the order without its links to another one."""
    return replace(
        order,
        renews=None if order.renews == other_id else order.renews,
        renewed_by=None if order.renewed_by == other_id else order.renewed_by,
        replaces=None if order.replaces == other_id else order.replaces,
        replaced_by=None if order.replaced_by == other_id else order.replaced_by,
    )
