"""Orders know whether warnings of their certificate's end are wanted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add what ModifyCertificatesExpiringNotificationSwitch changes."""
    muted: sa.Column[bool] = sa.Column(
        "muted", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("orders", muted)
