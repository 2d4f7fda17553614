"""Orders and proofs say which issuer they are for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Put down the private CA, which was the only one."""
    with op.batch_alter_table("orders") as changed:
        changed.add_column(sa.Column("issuer", TEXT, nullable=True))
    with op.batch_alter_table("proofs") as changed:
        changed.add_column(sa.Column("issuer", TEXT, nullable=False, server_default="private"))
    op.execute("UPDATE orders SET issuer = 'private' WHERE attempt > 0")
