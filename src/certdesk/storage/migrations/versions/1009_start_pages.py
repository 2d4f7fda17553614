"""The start pages find what was answered last, and what ends first."""

from __future__ import annotations

from alembic import op

revision = "1009"
down_revision = "1008"


def upgrade() -> None:
    """Add an index for each."""
    op.create_index("ix_questions_answered_at", "questions", ["answered_at"])
    op.create_index("ix_renewals_ends_at", "renewals", ["ends_at"])
