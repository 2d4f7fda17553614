"""Free orders are counted, all of an account and those of one registrable domain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add what only free orders have; there were none before."""
    op.add_column("orders", sa.Column("registrable", TEXT))
    op.add_column("orders", sa.Column("renews", TEXT))
    op.create_index(
        "ix_orders_uin_product_id_status_registrable",
        "orders",
        ["uin", "product_id", "status", "registrable"],
    )
