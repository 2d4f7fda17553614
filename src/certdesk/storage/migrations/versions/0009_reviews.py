"""People are asked to vet managers and orders, and are shown letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

MANAGERS = """
INSERT INTO reviews
  (subject, uin, kind, since, attempt, asked_by, approvals, reason, version)
SELECT 'manager:' || manager_id, uin, 'manager', COALESCE(submitted_at, created_at), 0,
  'operator', '[]', '', 1
FROM managers WHERE status = 'audit'
"""
ORDERS = """
INSERT INTO reviews
  (subject, uin, kind, since, attempt, asked_by, approvals, reason, version)
SELECT 'order:' || certificate_id, uin, 'order', COALESCE(ordered_at, created_at), attempt,
  'operator', '[]', '', 1
FROM orders WHERE status = 0 AND status_msg = 'PRE-REVIEWING'
"""


def upgrade() -> None:
    """Make the tables, and ask for the reviews of what waits already."""
    reviews()
    letters()
    op.execute(MANAGERS)
    op.execute(ORDERS)


def reviews() -> None:
    """Make the table."""
    op.create_table(
        "reviews",
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("attempt", INTEGER, nullable=False),
        sa.Column("asked_by", TEXT, nullable=False),
        sa.Column("approvals", sa.Text(), nullable=False),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("verdict", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_reviews"),
    )
    op.create_index("ix_reviews_verdict", "reviews", ["verdict"])


def letters() -> None:
    """Make the table."""
    op.create_table(
        "letters",
        sa.Column("certificate_id", TEXT, nullable=False),
        sa.Column("attempt", INTEGER, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("form", TEXT, nullable=False),
        sa.Column("size", INTEGER, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("certificate_id", "attempt", "kind", name="pk_letters"),
    )
