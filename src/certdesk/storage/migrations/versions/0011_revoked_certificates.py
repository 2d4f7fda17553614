"""Certificates of the private CA can be revoked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make room for what was revoked; the lists so far are of nothing."""
    op.create_table(
        "revoked_certificates",
        sa.Column("authority", TEXT, nullable=False),
        sa.Column("serial", TEXT, nullable=False),
        sa.Column("certificate_id", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("revoked_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("authority", "serial", name="pk_revoked_certificates"),
    )
    column = sa.Column("revoked", INTEGER, nullable=False, server_default="0")
    op.add_column("revocation_lists", column)
