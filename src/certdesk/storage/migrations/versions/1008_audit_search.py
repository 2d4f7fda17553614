"""The audit log is found by who did it, and by time over all accounts."""

from __future__ import annotations

from alembic import op

revision = "1008"
down_revision = "1007"


def upgrade() -> None:
    """Add an index for each."""
    op.create_index("ix_audit_actor_at", "audit", ["actor", "at"])
    op.create_index("ix_audit_at", "audit", ["at"])
