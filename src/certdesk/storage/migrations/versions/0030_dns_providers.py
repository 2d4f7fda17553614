"""Zones have a DNS provider, and settings of that."""

from __future__ import annotations

import base64
import json

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

OLD = ("server", "key_name", "algorithm")
"""What becomes settings by the same names; so does the secret, which opens where it did before."""


def upgrade() -> None:
    """Keep every zone as one of RFC 2136, which all of them were."""
    with op.batch_alter_table("zones") as changed:
        for name, value in (("provider", "rfc2136"), ("settings", "[]"), ("secrets", "[]")):
            changed.add_column(sa.Column(name, TEXT, nullable=False, server_default=value))
    zones = sa.table(
        "zones", *map(sa.column, ("uin", "name", *OLD, "secret", "settings", "secrets"))
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(zones)).mappings().all():
        secret = base64.b64encode(row["secret"]).decode()
        connection.execute(
            sa.update(zones)
            .where(zones.c.uin == row["uin"], zones.c.name == row["name"])
            .values(
                settings=json.dumps([[name, row[name]] for name in OLD], separators=(",", ":")),
                secrets=json.dumps([["secret", secret]], separators=(",", ":")),
            )
        )
    with op.batch_alter_table("zones") as changed:
        for name in (*OLD, "secret"):
            changed.drop_column(name)
