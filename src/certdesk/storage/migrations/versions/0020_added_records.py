"""The desk adds the DNS records of proofs by itself, and removes them again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns; no record was added so far."""
    op.add_column(
        "orders",
        sa.Column("delete_record", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("proofs", sa.Column("added_at", TIME))
    op.add_column(
        "proofs", sa.Column("removals", INTEGER, nullable=False, server_default=sa.text("0"))
    )
    op.add_column("proofs", sa.Column("removal_at", TIME))
