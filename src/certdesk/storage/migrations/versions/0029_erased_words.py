"""Words that were erased leave the index of SQLite, which had only noted that they are gone."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Write the index anew; the pages of the old one are overwritten."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("INSERT INTO order_words(order_words) VALUES ('optimize')")
