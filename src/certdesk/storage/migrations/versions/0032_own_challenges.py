"""An issuance may be one of which only what to publish was asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Keep every issuance as one that has begun, which all of them had."""
    with op.batch_alter_table("issuances") as changed:
        changed.add_column(
            sa.Column("begun", sa.Boolean(), nullable=False, server_default=sa.true())
        )
