"""Counts of the names in each manager's orders, updated with every change of an order.

So counting the different names reads one range of an index, however many orders there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from certdesk.storage.driver import Statement, insert_into
from certdesk.storage.schema import MANAGER_NAMES

if TYPE_CHECKING:
    from certdesk.domain.orders.order import Order
    from certdesk.storage.driver import Driver

ITS = MANAGER_NAMES.c
_OF_MANAGER = (
    ITS.uin == sa.bindparam("its_uin", type_=ITS.uin.type),
    ITS.manager_id == sa.bindparam("its_manager_id", type_=ITS.manager_id.type),
)
_OF_NAME = (*_OF_MANAGER, ITS.name == sa.bindparam("its_name", type_=ITS.name.type))
_THE_ROW = (*_OF_NAME, ITS.part == sa.bindparam("its_part", type_=ITS.part.type))


class ManagerNames:
    """The counts, on connections of one dialect."""

    def __init__(self, dialect: str) -> None:
        """Build the statements for `sqlite` or `postgresql`."""
        self._more = Statement(
            insert_into(MANAGER_NAMES, dialect)
            .values(orders=1)
            .on_conflict_do_update(
                index_elements=list(MANAGER_NAMES.primary_key.columns),
                set_={"orders": ITS.orders + 1},
            ),
            sets=("uin", "manager_id", "name", "part"),
        )
        self._last = Statement(sa.delete(MANAGER_NAMES).where(*_THE_ROW, ITS.orders == 1))
        self._less = Statement(
            sa.update(MANAGER_NAMES).where(*_THE_ROW).values(orders=ITS.orders - 1)
        )
        self._part = Statement(sa.select(ITS.part).where(*_OF_NAME).order_by(ITS.part).limit(1))
        number = sa.func.count()
        found = sa.select(ITS.name).where(*_OF_MANAGER).distinct().subquery()
        self._count = Statement(sa.select(number).select_from(found))

    def note(self, driver: Driver, before: Order | None, after: Order | None) -> None:
        """Update the counts for an order that has changed."""
        old, new = _rows(before), _rows(after)
        # Always in the same order, so that two transactions never deadlock.
        for uin, manager_id, name in sorted(old - new):
            its = {"its_uin": uin, "its_manager_id": manager_id, "its_name": name}
            self._remove(driver, its)
        for uin, manager_id, name in sorted(new - old):
            its = {"uin": uin, "manager_id": manager_id, "name": name, "part": driver.part}
            self._more.touch(driver, its)

    def count(self, driver: Driver, uin: str, manager_id: int) -> int:
        """Count the different names in the orders of an account that name a manager."""
        (number,) = self._count.one(driver, {"its_uin": uin, "its_manager_id": manager_id})
        return cast("int", number)

    def _remove(self, driver: Driver, its: dict[str, object]) -> None:
        """Count one order less, in the connection's own part or, if that has none, another one."""
        if self._remove_from(driver, its, driver.part):
            return
        row = self._part.first(driver, its)
        if row is not None:
            self._remove_from(driver, its, row[0])

    def _remove_from(self, driver: Driver, its: dict[str, object], part: int) -> bool:
        """Count one order less in a part; return whether it had any."""
        row = {**its, "its_part": part}
        return bool(self._last.touch(driver, row) or self._less.touch(driver, row))


def _rows(order: Order | None) -> set[tuple[str, int, str]]:
    if order is None or order.manager_id is None:
        return set()
    return {(order.uin, order.manager_id, name) for name in order.all_names}
