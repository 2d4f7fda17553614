"""Suspended orders: those that stand still because their account is disabled."""

from __future__ import annotations

from certdesk.domain.accounts.account import Account
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.suspension import goes_on
from certdesk.ports.unit import Unit


def disabled_account(unit: Unit, order: Order) -> Account | None:
    """Return the disabled account because of which an order stands still, None if it does not.

    For an order on its way to another account, that one counts.
    """
    if goes_on(order):
        return None
    account = unit.accounts.get(order.headed_for)
    return account if account is not None and not account.enabled else None


def is_suspended(unit: Unit, order: Order) -> bool:
    """Whether nothing is done for an order now, because an account is disabled."""
    return disabled_account(unit, order) is not None
