"""The list of orders that are worked on by themselves."""

from __future__ import annotations

from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Task
from certdesk.engine import Context
from certdesk.ports import Unit


def make_due(context: Context, unit: Unit, order: Order) -> None:
    """Put an order on the list of what is to be worked on now, whatever became of it before."""
    task = unit.tasks.get(order.certificate_id)
    if task is None:
        unit.tasks.add(Task(certificate_id=order.certificate_id, uin=order.uin, due_at=context.now))
        return
    unit.tasks.replace(task.afresh(context.now))
