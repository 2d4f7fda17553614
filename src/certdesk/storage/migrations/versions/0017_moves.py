"""Orders know the account that they move to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add where an order goes and the status it had; none is on its way yet."""
    op.add_column("orders", sa.Column("moves_to", TEXT))
    op.add_column("orders", sa.Column("returns_to", sa.Integer()))
