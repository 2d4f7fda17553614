"""Sub-users, policies, projects, temporary keys; replay and pace; switches of accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns, with everything switched off, and make the tables."""
    for name in ("unsigned_payload", "signed_action"):
        _add("accounts", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    _add("access_keys", sa.Column("user_id", INTEGER, nullable=True))
    _add("access_keys", sa.Column("token_digest", sa.LargeBinary(), nullable=True))
    _add("access_keys", sa.Column("expires_at", TIME, nullable=True))
    _numbered("users", "user_id", sa.Column("enabled", sa.Boolean(), nullable=False), "policies")
    _numbered(
        "policies",
        "policy_id",
        sa.Column("effect", TEXT, nullable=False),
        "actions",
        "certificates",
        "projects",
    )
    _numbered("projects", "project_id")
    op.create_table(
        "seen_signatures",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_seen_signatures"),
    )
    op.create_index("ix_seen_signatures_seen_at", "seen_signatures", ["seen_at"])
    op.create_table(
        "pace_limits",
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("per_second", INTEGER, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("uin", "action", name="pk_pace_limits"),
    )


def _add(table: str, column: sa.Column[object]) -> None:
    with op.batch_alter_table(table) as changed:
        changed.add_column(column)
    if column.server_default is None:
        return
    # In a batch of its own: SQLite makes a new table in each, and the rows of the old one need the
    # default once.
    with op.batch_alter_table(table) as changed:
        changed.alter_column(column.name, server_default=None)


def _numbered(table: str, key: str, *members: sa.Column[object] | str) -> None:
    """Make a numbered table of an account; members given by name are lists, as JSON."""
    columns = [
        sa.Column(member, sa.Text(), nullable=False) if isinstance(member, str) else member
        for member in members
    ]
    op.create_table(
        table,
        sa.Column(key, INTEGER, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        *columns,
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint(key, name=f"pk_{table}"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{table}_uin", table, ["uin"])
