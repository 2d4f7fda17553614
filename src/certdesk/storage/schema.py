"""The tables: one for each collection (`ports/unit.py`), and those for sums and counts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, MetaData, Table

from certdesk.domain.accounts.quotas import COUNTED
from certdesk.domain.accounts.records import AuditEntry
from certdesk.domain.orders.order import Order
from certdesk.ports import COLLECTIONS, CollectionSpec, spec_of
from certdesk.storage.columns import column, counter

ORDERS = spec_of(Order)
AUDIT = spec_of(AuditEntry)

ORDER_CELL = ("uin", "project_id", "status")
"""The fields of orders by which they are counted."""


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _table(spec: CollectionSpec[Any]) -> Table:
    key = (spec.numbering,) if spec.numbering else spec.key
    columns = [column(name, kind, key=name in key) for name, kind in spec.fields.items()]
    # A number is never reused, not even that of the last record, once removed.
    by_number = spec.numbered or spec.numbering
    numbering: dict[str, Any] = {"sqlite_autoincrement": True} if by_number else {}
    table = Table(spec.name, metadata, *columns, **numbering)
    if spec.numbering:
        Index(None, *(table.c[name] for name in spec.key), unique=True)
    for names in spec.indexes:
        Index(None, *(table.c[name] for name in names))
    for names in spec.unique:
        Index(None, *(table.c[name] for name in names), unique=True)
    return table


TABLES = {spec.name: _table(spec) for spec in COLLECTIONS}

ORDER_COUNTS = Table(
    "order_counts",
    metadata,
    *(column(name, ORDERS.fields[name], key=True) for name in ORDER_CELL),
    column("part", int, key=True),
    column("orders", int, key=False),
)
"""How many orders an account has in a project at a status, in parts; `SqlOrders` updates it.

Each connection that writes has a part of its own (`Driver.part`). A part may be negative, since an
order is not always taken from the part that it was added to.
"""

USAGE = Table(
    "usage",
    metadata,
    column("uin", str, key=True),
    column("part", int, key=True),
    *(counter(kind) for kind in COUNTED),
)
"""How much of its quotas an account uses, in parts; `SqlUsage` updates it."""

MANAGER_NAMES = Table(
    "manager_names",
    metadata,
    column("uin", str, key=True),
    column("manager_id", int, key=True),
    column("name", str, key=True),
    column("part", int, key=True),
    column("orders", int, key=False),
)
"""How many orders of a manager have a name, in parts of at least 1; `SqlOrders` updates it."""
