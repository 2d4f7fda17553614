"""Orders are counted by their managers, and the names in them are too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

NAMES = {
    "postgresql": "jsonb_array_elements_text(names::jsonb) AS other(value)",
    "sqlite": "json_each(names) AS other",
}
COUNT = """
INSERT INTO manager_names (uin, manager_id, name, orders)
SELECT uin, manager_id, name, count(*) FROM (
  SELECT number, uin, manager_id, domain AS name FROM orders WHERE domain IS NOT NULL
  UNION SELECT number, uin, manager_id, other.value FROM orders, {names}
) AS named WHERE manager_id IS NOT NULL GROUP BY uin, manager_id, name
"""


def upgrade() -> None:
    """Index the orders, and make the table of what is in them already."""
    op.create_index("ix_orders_uin_manager_id", "orders", ["uin", "manager_id"])
    # Material that is not in force any more counts for nothing, so nobody looks for it.
    op.drop_index("ix_submissions_manager_id", "submissions")
    op.create_table(
        "manager_names",
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("manager_id", INTEGER, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("orders", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("uin", "manager_id", "name", name="pk_manager_names"),
    )
    op.execute(COUNT.format(names=NAMES[op.get_bind().dialect.name]))
