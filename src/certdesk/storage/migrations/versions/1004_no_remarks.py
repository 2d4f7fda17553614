"""Remarks on a submission are no longer stored: they are made when a reviewer reads it."""

from __future__ import annotations

from alembic import op

revision = "1004"
down_revision = "1003"


def upgrade() -> None:
    """Drop their column."""
    op.drop_column("submissions", "warnings")
