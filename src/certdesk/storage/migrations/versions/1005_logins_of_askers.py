"""A review has the login of whoever asked for it, beside the name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1005"
down_revision = "1004"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the login; of older reviews only the name is known."""
    op.add_column("reviews", sa.Column("asked_as", TEXT, nullable=False, server_default=""))
