"""What operators saw is kept, and which user of the system approved."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

REVIEWS = sa.table(
    "reviews",
    sa.column("subject", sa.Text),
    sa.column("approvals", sa.Text),
    sa.column("verdict", sa.Text),
)


def upgrade() -> None:
    """Make the table, and have reviews that wait for a second person begin anew.

    Who approved them so far is a name that was typed, and no user of the system.
    """
    op.create_table(
        "sights",
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("operator", TEXT, nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("members", TEXT, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("subject", "operator", name="pk_sights"),
    )
    connection = op.get_bind()
    its = REVIEWS.c
    approved = sa.select(its.subject, its.approvals, its.verdict).where(its.approvals != "[]")
    for subject, text, verdict in connection.execute(approved).all():
        approvals = [[*each, ""] for each in json.loads(text)] if verdict else []
        connection.execute(
            sa.update(REVIEWS)
            .where(its.subject == subject)
            .values(approvals=json.dumps(approvals, separators=(",", ":")))
        )
