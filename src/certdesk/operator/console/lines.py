"""Lines about orders on the start pages."""

from __future__ import annotations

from certdesk.actions.orders.members import name_of
from certdesk.domain.accounts.audit_search import AuditSearch
from certdesk.domain.orders.order import Order
from certdesk.ports import Unit
from certdesk.wire.model import Part, utc_time

SHOWN = 10
"""The lines of each list."""


class OrderLine(Part, kw_only=True):
    """An order that somebody should look at.

    `Since` is the last entry about it in the audit log, `Ends` the end of its certificate. `What`
    says what it waits for, or why it does not go on.
    """

    certificate_id: str
    uin: str
    account_name: str
    domain: str
    product: str
    since: str | None
    ends: str | None
    what: str


def order_line(unit: Unit, order: Order, what: str) -> OrderLine:
    """Return the line of an order."""
    account = unit.accounts.get(order.uin)
    its = AuditSearch(subject=order.certificate_id, limit=1, reach=1)
    entries = unit.audit.search(its).entries
    return OrderLine(
        certificate_id=order.certificate_id,
        uin=order.uin,
        account_name=account.name if account else "",
        domain=order.domain or "",
        product=name_of(order),
        since=utc_time(entries[0].at if entries else order.created_at),
        ends=utc_time(order.ends_at),
        what=what,
    )
