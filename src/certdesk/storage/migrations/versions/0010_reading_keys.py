"""Reading a private key is a permission of its own; policies go on as they were meant."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from certdesk.domain.policy import fits

revision = "0010"
down_revision = "0009"

BEFORE, AFTER = "ssl:DownloadCertificate", "ssl:ReadPrivateKey"
POLICIES = sa.table(
    "policies",
    sa.column("policy_id", sa.Integer),
    sa.column("actions", sa.Text),
    sa.column("version", sa.Integer),
)


def upgrade() -> None:
    """Have what speaks of downloading speak of reading keys too, denials first of all."""
    connection = op.get_bind()
    for policy_id, text in connection.execute(
        sa.select(POLICIES.c.policy_id, POLICIES.c.actions)
    ).all():
        actions = json.loads(text)
        if _any(actions, BEFORE) and not _any(actions, AFTER):
            connection.execute(
                sa.update(POLICIES)
                .where(POLICIES.c.policy_id == policy_id)
                .values(
                    actions=json.dumps([*actions, AFTER], separators=(",", ":")),
                    version=POLICIES.c.version + 1,
                )
            )


def _any(patterns: list[str], permission: str) -> bool:
    return any(fits(pattern, permission) for pattern in patterns)
