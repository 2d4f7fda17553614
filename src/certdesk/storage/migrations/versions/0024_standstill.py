"""Accounts know since when they are disabled, and what stands still is found by its account."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from certdesk.storage.columns import UtcTime

revision = "0024"
down_revision = "0023"

ACCOUNTS = sa.table("accounts", sa.column("enabled", sa.Boolean), sa.column("disabled_at", UtcTime))


def upgrade() -> None:
    """Add the time; orders of accounts that are disabled already stand still from now on."""
    op.add_column("accounts", sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True))
    now = datetime.now(UTC)
    op.execute(sa.update(ACCOUNTS).where(~ACCOUNTS.c.enabled).values(disabled_at=now))
    op.create_index("ix_tasks_uin_reason", "tasks", ["uin", "reason"])
    op.create_index("ix_renewals_uin_reason", "renewals", ["uin", "reason"])
