"""How fast names are looked at is counted by registrable domain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table; nothing was counted so far."""
    op.create_table(
        "look_paces",
        sa.Column("domain", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("even_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shares", sa.Text(), nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("domain", "kind", name="pk_look_paces"),
    )
    op.create_index("ix_look_paces_even_at", "look_paces", ["even_at"])
