"""Enabling an account again: its orders go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from certdesk.actions.tasks import make_due
from certdesk.domain.orders import suspension
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.listing import OrderQuery
from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.ports import Unit

PAGE = 1000


def resume(context: Context, unit: Unit, uin: str, disabled_at: datetime) -> None:
    """Continue the orders of an account that was disabled from `disabled_at` until now."""
    for order in _with_deadlines(unit, uin):
        after = suspension.resumed(order, disabled_at, context.now)
        if after != order:
            unit.orders.replace(after)
    for task in unit.tasks.where(uin=uin, reason=suspension.REASON):
        unit.tasks.replace(replace(task, due_at=context.now, reason=""))
    for renewal in unit.renewals.where(uin=uin, reason=suspension.REASON):
        unit.renewals.replace(replace(renewal, due_at=context.now, reason=""))
    for order in unit.orders.where(status=Status.MIGRATING):
        if order.headed_for == uin:
            make_due(context, unit, order)


def _with_deadlines(unit: Unit, uin: str) -> Iterator[Order]:
    offset, total = 0, 1
    while offset < total:
        page = unit.orders.page(
            OrderQuery(uin=uin, offset=offset, limit=PAGE, statuses=suspension.DEADLINES)
        )
        yield from page.orders
        offset, total = offset + PAGE, page.total
