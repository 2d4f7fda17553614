"""What an order waits for, and why it stands where it does, are two things with types."""

from __future__ import annotations

import json
from datetime import UTC

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"

WAITS = ("PRE-REVIEWING", "LEGAL-REVIEWING", "CA-REVIEWING", "PENDING-DCV", "WAIT-ISSUE")
STAGES = {1: "issued", 3: "expired", 10: "revoked"}
DECIDED = {"RevokeCertificate": "owner", "RevokeOrder": "operator", "CondemnKey": "desk"}
"""Who decided to revoke, by what the log calls it."""

OLD = (
    "status_msg",
    "revocation_number",
    "revocation_reason",
    "revoked_at",
    "moves_to",
    "returns_to",
)


def upgrade() -> None:
    """Take the old columns apart, row by row where there is something in them."""
    op.alter_column("orders", "revocation", new_column_name="revocation_number")
    for name in ("waits_for", "reason", "revocation", "move"):
        op.add_column("orders", sa.Column(name, sa.Text(), nullable=True))
    orders = sa.table(
        "orders",
        *map(sa.column, ("number", "certificate_id", "waits_for", "reason", "revocation", "move")),
        *(sa.column(name) for name in OLD if name != "revoked_at"),
        sa.column("revoked_at", sa.DateTime(timezone=True)),
    )
    connection = op.get_bind()
    connection.execute(
        sa.update(orders)
        .where(orders.c.status_msg.in_(WAITS))
        .values(waits_for=orders.c.status_msg)
    )
    rest = sa.or_(
        sa.and_(orders.c.status_msg.is_not(None), orders.c.status_msg.not_in(WAITS)),
        orders.c.revocation_number > 0,
        orders.c.moves_to.is_not(None),
    )
    audit = sa.table("audit", *map(sa.column, ("subject", "action", "entry_id")))
    for row in connection.execute(sa.select(orders).where(rest)).mappings().all():
        decided = connection.execute(
            sa.select(audit.c.action)
            .where(
                audit.c.subject == row["certificate_id"],
                audit.c.action.in_(DECIDED),
            )
            .order_by(audit.c.entry_id.desc())
            .limit(1)
        ).scalar()
        connection.execute(
            sa.update(orders)
            .where(orders.c.number == row["number"])
            .values(
                reason=_reason(row["status_msg"]),
                revocation=_revocation(row, DECIDED[decided or "RevokeCertificate"]),
                move=_part(
                    row["moves_to"] and {"to": row["moves_to"], "stage": STAGES[row["returns_to"]]}
                ),
            )
        )
    for name in OLD:
        op.drop_column("orders", name)


def _reason(message: str | None) -> str | None:
    return _part(message and message not in WAITS and {"text": message})


def _revocation(row: sa.RowMapping, decided_by: str) -> str | None:
    if not row["revocation_number"]:
        return None
    at = row["revoked_at"]
    return _part(
        {
            "number": row["revocation_number"],
            "reason": row["revocation_reason"],
            "decided_by": decided_by,
            "revoked_at": at.replace(tzinfo=at.tzinfo or UTC).isoformat() if at else None,
        }
    )


def _part(value: object) -> str | None:
    return json.dumps(value, separators=(",", ":")) if value else None
