"""Certificates that were uploaded lie among the orders, and lists may ask for them alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Say of what type certificates are; those that were bought are a server's."""
    column = sa.Column("certificate_type", TEXT, nullable=False, server_default="SVR")
    op.add_column("orders", column)
    op.create_index(
        "ix_orders_uin_product_id_certificate_type_number",
        "orders",
        ["uin", "product_id", "certificate_type", "number"],
    )
