"""The names in the orders of each manager, counted as orders come, change and go.

How many different ones there are is then a range of an index, however many orders have them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from certdesk.storage.schema import MANAGER_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from certdesk.domain.order import Order

ITS = MANAGER_NAMES.c
_THE_ROW = [
    ITS[name] == sa.bindparam(f"its_{name}", type_=ITS[name].type)
    for name in MANAGER_NAMES.primary_key.columns.keys()  # noqa: SIM118 -- no dictionary
]


class ManagerNames:
    """The counts on a connection of one dialect."""

    def __init__(self, dialect: str) -> None:
        """Build the statements for `sqlite` or `postgresql`."""
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        self._more = (
            insert(MANAGER_NAMES)
            .values(orders=1)
            .on_conflict_do_update(
                index_elements=list(MANAGER_NAMES.primary_key.columns),
                set_={"orders": ITS.orders + 1},
            )
        )
        self._less = sa.update(MANAGER_NAMES).where(*_THE_ROW).values(orders=ITS.orders - 1)
        self._none = sa.delete(MANAGER_NAMES).where(*_THE_ROW, ITS.orders == 0)

    def note(self, connection: Connection, before: Order | None, after: Order | None) -> None:
        """Bring the counts from what an order was to what it is."""
        old, new = _rows(before), _rows(after)
        # In one order everywhere, so that no two transactions wait for each other.
        if gone := _keys(old - new):
            connection.execute(self._less, gone)
            connection.execute(self._none, gone)
        if come := sorted(new - old):
            rows = [dict(zip(("uin", "manager_id", "name"), row, strict=True)) for row in come]
            connection.execute(self._more, rows)

    def count(self, connection: Connection, uin: str, manager_id: int) -> int:
        """Count the different names in the orders of an account that name a manager."""
        counting = sa.select(sa.func.count()).select_from(MANAGER_NAMES)
        its = counting.where(ITS.uin == uin, ITS.manager_id == manager_id)
        return connection.execute(its).scalar_one()


def _rows(order: Order | None) -> set[tuple[str, int, str]]:
    if order is None or order.manager_id is None:
        return set()
    return {(order.uin, order.manager_id, name) for name in order.all_names}


def _keys(rows: Iterable[tuple[str, int, str]]) -> list[dict[str, object]]:
    return [
        {"its_uin": uin, "its_manager_id": manager_id, "its_name": name}
        for uin, manager_id, name in sorted(rows)
    ]
