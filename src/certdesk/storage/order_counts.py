"""Counts of each account's orders by project and status, updated with every change of an order.

So the length of a list is read from a few rows, however many orders there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from certdesk.domain.orders.lifecycle import Status
from certdesk.storage.driver import Statement, insert_into
from certdesk.storage.schema import ORDER_CELL, ORDER_COUNTS

if TYPE_CHECKING:
    from certdesk.domain.orders.order import Order
    from certdesk.storage.driver import Driver

ITS = ORDER_COUNTS.c


class Cell(NamedTuple):
    """How many orders of an account are in a project at a status."""

    project_id: int
    status: Status
    orders: int


class OrderCounts:
    """The counts, on connections of one dialect."""

    def __init__(self, dialect: str) -> None:
        """Build the statements for `sqlite` or `postgresql`."""
        adding = insert_into(ORDER_COUNTS, dialect)
        self._add = Statement(
            adding.on_conflict_do_update(
                index_elements=list(ORDER_COUNTS.primary_key.columns),
                set_={"orders": ITS.orders + adding.excluded.orders},
            ),
            sets=ITS.keys(),
        )
        orders = sa.func.sum(ITS.orders)
        self._cells = Statement(
            sa.select(ITS.project_id, ITS.status, sa.cast(orders, ITS.orders.type))
            .where(ITS.uin == sa.bindparam("its_uin", type_=ITS.uin.type))
            .group_by(ITS.project_id, ITS.status)
            .having(orders > 0)
            .order_by(ITS.project_id, ITS.status),
        )

    def note(self, driver: Driver, before: Order | None, after: Order | None) -> None:
        """Update the counts for an order that has changed."""
        if _cell(before) != _cell(after):
            for order, number in ((before, -1), (after, 1)):
                if order is not None:
                    changes = {"part": driver.part, "orders": number}
                    self._add.touch(driver, _cell(order) | changes)

    def cells(self, driver: Driver, uin: str) -> list[Cell]:
        """Read how many orders of an account are in each project at each status, if any are."""
        return [Cell(*row) for row in self._cells.all(driver, {"its_uin": uin})]


def _cell(order: Order | None) -> dict[str, object]:
    return {} if order is None else {name: getattr(order, name) for name in ORDER_CELL}
