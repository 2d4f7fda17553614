"""Suspension: what stands still while an account is disabled, and how it goes on afterwards.

Nothing is done for a disabled account: its orders get no work, and the time until their deadlines
stops. Revocation goes on: a certificate is revoked if its owner asked for that, or if others know
its key. Proofs, CAA answers and vetting age in the meantime; what is too old afterwards is checked
again.
"""

from __future__ import annotations

from datetime import datetime

from certdesk.domain.accounts.account import Account
from certdesk.domain.orders.lifecycle import SUBMITTED, Status
from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import replace

REASON = "The account is disabled."
"""The reason of tasks and renewals while they stand still."""

DEADLINES = SUBMITTED | {Status.AWAITING_REVOCATION_LETTER}
"""The statuses in which an order may have a deadline that stands still."""


def goes_on(order: Order) -> bool:
    """Whether work on an order goes on while its account is disabled: it is being revoked."""
    return order.status is Status.REVOKING


def time_of(account: Account | None, now: datetime) -> datetime:
    """Return the time for an account's deadlines: it stops while the account is disabled.

    So a deadline that is set meanwhile has all of its time left when the account is enabled.
    """
    if account is None or account.disabled_at is None:
        return now
    return min(account.disabled_at, now)


def resumed(order: Order, disabled_at: datetime, now: datetime) -> Order:
    """Return an order as it goes on after its account was disabled from `disabled_at` until now.

    Its deadline is later by that time, unless it had passed before.
    """
    deadline = order.deadline
    if order.status not in DEADLINES or deadline is None or not disabled_at < min(deadline, now):
        return order
    return replace(order, deadline=deadline + (now - disabled_at))


def notice(account: Account) -> str:
    """Return why an order of a disabled account stands still, and what ends that."""
    return (
        f"The order is paused{since(account)}. To resume it: certdesk account enable {account.uin}"
    )


def since(account: Account) -> str:
    """Return which account is disabled, and since when."""
    at = account.disabled_at
    when = "" if at is None else f" since {at:%Y-%m-%d %H:%M} UTC"
    return f" because account {account.uin} is disabled{when}"
