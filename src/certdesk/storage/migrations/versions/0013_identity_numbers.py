"""Identity numbers are kept for a time; what lies there already is looked at by its age."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

SINCE = {"submissions": "submitted_at", "managers": "created_at"}


def upgrade() -> None:
    """Note of each record since when it may hold numbers: what is sealed cannot be seen here."""
    for name, column in SINCE.items():
        op.add_column(name, sa.Column("identity_since", sa.DateTime(timezone=True)))
        op.create_index(f"ix_{name}_identity_since", name, ["identity_since"])
        table = sa.table(name, sa.column("identity_since"), sa.column(column))
        op.execute(sa.update(table).values(identity_since=table.c[column]))
