"""Keys that may only look become keys of users with policies; temporary keys choose policies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Disable what was read-only: nothing says so any more, and it shall not gain by that."""
    op.execute("UPDATE access_keys SET enabled = false WHERE read_only")
    with op.batch_alter_table("access_keys") as changed:
        changed.drop_column("read_only")
        changed.add_column(sa.Column("policies", sa.Text(), nullable=False, server_default="[]"))
        changed.drop_index("ix_access_keys_uin")
        changed.create_index("ix_access_keys_uin_user_id", ["uin", "user_id"])
    with op.batch_alter_table("access_keys") as changed:
        changed.alter_column("policies", server_default=None)
