"""Orders know in which words their owner asked for a reissue or a revocation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add them; none were kept before."""
    said: sa.Column[str] = sa.Column("said", TEXT, nullable=False, server_default=sa.text("''"))
    op.add_column("orders", said)
