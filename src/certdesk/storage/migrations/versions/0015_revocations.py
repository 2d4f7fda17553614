"""Orders know of requests to revoke their certificate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what RevokeCertificate changes; nobody has asked for it yet."""
    revocation: sa.Column[int] = sa.Column(
        "revocation", INTEGER, nullable=False, server_default=sa.text("0")
    )
    op.add_column("orders", revocation)
    op.add_column("orders", sa.Column("revocation_reason", TEXT))
    op.add_column("orders", sa.Column("revoked_at", sa.DateTime(timezone=True)))
