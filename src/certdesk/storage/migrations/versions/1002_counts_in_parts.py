"""Counts of orders and of managers' names get parts, one for each connection that writes.

The old rows become part 0. SQLite cannot change a primary key, so both databases get new tables,
and the rows are copied.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import MetaData, Table

from certdesk.storage.migrations.first_schema.columns import NUMBER, STATUS, TEXT, column, key

revision = "1002"
down_revision = "1001"

TABLES = MetaData(naming_convention={"pk": "pk_%(table_name)s"})
ORDER_COUNTS = Table(
    "order_counts",
    TABLES,
    key("uin", TEXT),
    key("project_id", NUMBER),
    key("status", STATUS),
    key("part", NUMBER),
    column("orders", NUMBER),
)
MANAGER_NAMES = Table(
    "manager_names",
    TABLES,
    key("uin", TEXT),
    key("manager_id", NUMBER),
    key("name", TEXT),
    key("part", NUMBER),
    column("orders", NUMBER),
)


def upgrade() -> None:
    """Replace both tables."""
    for table in (ORDER_COUNTS, MANAGER_NAMES):
        kept = sa.table(f"{table.name}_kept", *(sa.column(name) for name in _old(table)))
        op.execute(f"CREATE TABLE {kept.name} AS SELECT * FROM {table.name}")  # noqa: S608 -- names of this file
        op.drop_table(table.name)
        table.create(op.get_bind())
        rows = sa.select(*kept.c, sa.literal(0))
        op.execute(sa.insert(table).from_select([*_old(table), "part"], rows))
        op.drop_table(kept.name)


def _old(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.name != "part"]
