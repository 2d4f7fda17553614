"""Certificates whose key others know are revoked, also those for keys that are blocked already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from certdesk.domain.revocation import COMPROMISED
from certdesk.storage.columns import UtcTime

revision = "0019"
down_revision = "0018"

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

BLOCKED_KEYS = sa.table(
    "blocked_keys",
    sa.column("spki_sha256", sa.LargeBinary),
    sa.column("reason", sa.Text),
    sa.column("created_at", UtcTime),
    sa.column("compromised", sa.Boolean),
)
SUBMISSIONS = sa.table(
    "submissions", sa.column("certificate_id", sa.Text), sa.column("spki_sha256", sa.LargeBinary)
)
TASKS = sa.table("tasks", sa.column("certificate_id", sa.Text), sa.column("due_at", UtcTime))


def upgrade() -> None:
    """Say it of the keys whose certificate was revoked for that, and have their orders seen to."""
    compromised: sa.Column[bool] = sa.Column(
        "compromised", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    version: sa.Column[int] = sa.Column(
        "version", INTEGER, nullable=False, server_default=sa.text("1")
    )
    op.add_column("blocked_keys", compromised)
    op.add_column("blocked_keys", version)
    op.create_index("ix_submissions_spki_sha256", "submissions", ["spki_sha256"])
    connection = op.get_bind()
    known = BLOCKED_KEYS.c.reason == COMPROMISED
    connection.execute(sa.update(BLOCKED_KEYS).where(known).values(compromised=True))
    keys = sa.select(BLOCKED_KEYS.c.spki_sha256, BLOCKED_KEYS.c.created_at).where(known)
    for spki_sha256, created_at in connection.execute(keys).all():
        its = sa.select(SUBMISSIONS.c.certificate_id).where(
            SUBMISSIONS.c.spki_sha256 == spki_sha256
        )
        due = sa.update(TASKS).where(TASKS.c.certificate_id.in_(its)).values(due_at=created_at)
        connection.execute(due)
