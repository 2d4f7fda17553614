"""The list of orders that the desk works on in the background."""

from __future__ import annotations

from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Task
from certdesk.engine import Context
from certdesk.ports import Unit


def make_due(context: Context, unit: Unit, order: Order) -> None:
    """Put an order on the list as due now, even if it was set aside."""
    task = unit.tasks.get(order.certificate_id)
    if task is None:
        unit.tasks.add(Task(certificate_id=order.certificate_id, uin=order.uin, due_at=context.now))
        return
    unit.tasks.replace(task.afresh(context.now))
