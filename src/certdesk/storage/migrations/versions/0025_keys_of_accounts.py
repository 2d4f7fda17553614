"""A key may be blocked for one account alone; certificates are found by their keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Keep every block as one for every account, which all of them were."""
    with op.batch_alter_table("blocked_keys") as changed:
        changed.add_column(sa.Column("uin", TEXT, nullable=False, server_default=""))
    # In a batch of its own: SQLite makes a new table in each, whose key needs the column.
    with op.batch_alter_table("blocked_keys") as changed:
        changed.drop_constraint("pk_blocked_keys", type_="primary")
        changed.create_primary_key("pk_blocked_keys", ["spki_sha256", "uin"])
    op.create_index("ix_certificates_spki_sha256", "certificates", ["spki_sha256"])
