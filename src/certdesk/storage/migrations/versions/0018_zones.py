"""Accounts have DNS zones in which the desk may add records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "zones",
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("server", TEXT, nullable=False),
        sa.Column("key_name", TEXT, nullable=False),
        sa.Column("algorithm", TEXT, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("uin", "name", name="pk_zones"),
    )
