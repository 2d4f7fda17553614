"""What accounts have of what their quotas are about is counted."""

from __future__ import annotations

import json
from collections import Counter, defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

COUNTED = (
    "orders",
    "open_orders",
    "open_names",
    "uploads",
    "proofs",
    "letters",
    "stored_bytes",
    "companies",
    "managers",
    "users",
    "policies",
    "projects",
    "access_keys",
    "zones",
    "audit",
)
ONE_EACH = {
    "access_keys": "access_keys",
    "audit": "audit",
    "companies": "companies",
    "letters": "letters",
    "managers": "managers",
    "policies": "policies",
    "projects": "projects",
    "proofs": "proofs",
    "users": "users",
    "zones": "zones",
}
STORED = {
    "submissions": ("facts", "csr", "personal", "key_pass", "private_key"),
    "certificates": ("leaf", "chain", "root", "private_key"),
}
OF_ORDERS = ("uin", "product_id", "status", "domain", "names", "alias", "tags")
UPLOADED = 0
AT_REST = (1, 2, 3, 7, 10, 14, 15)
LOOKED_FOR = (0, 4, 9, 11)


def upgrade() -> None:
    """Make the table, and count what there is."""
    op.create_table(
        "usage",
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("part", INTEGER, nullable=False),
        *(
            sa.Column(kind, INTEGER, nullable=False, server_default=sa.text("0"))
            for kind in COUNTED
        ),
        sa.PrimaryKeyConstraint("uin", "part", name="pk_usage"),
    )
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    connection = op.get_bind()
    for table, kind in ONE_EACH.items():
        rows = connection.execute(
            sa.text(f"SELECT uin, count(*) FROM {table} WHERE uin <> '' GROUP BY uin")  # noqa: S608 -- names from above
        )
        for uin, number in rows:
            sums[uin][kind] += number
    for table, lengths in STORED.items():
        parts = " + ".join(f"coalesce(length({name}), 0)" for name in lengths)
        rows = connection.execute(
            sa.text(f"SELECT uin, sum({parts}) FROM {table} GROUP BY uin")  # noqa: S608 -- names from above
        )
        for uin, number in rows:
            sums[uin]["stored_bytes"] += int(number)
    for uin, number in connection.execute(
        sa.text("SELECT uin, sum(size) FROM letters GROUP BY uin")
    ):
        sums[uin]["stored_bytes"] += int(number)
    for row in connection.execute(sa.text(f"SELECT {', '.join(OF_ORDERS)} FROM orders")):  # noqa: S608 -- names from above
        sums[row[0]].update(_of_order(*row[1:]))
    if sums:
        usage = sa.table("usage", *map(sa.column, ("uin", "part", *COUNTED)))
        rows_of_sums = [
            {"uin": uin, "part": 0, **dict.fromkeys(COUNTED, 0), **its}
            for uin, its in sorted(sums.items())
        ]
        connection.execute(sa.insert(usage), rows_of_sums)


def _of_order(
    product_id: int, status: int, domain: str | None, names: str, alias: str, tags: str
) -> dict[str, int]:
    ordered = [] if domain is None else [domain, *json.loads(names)]
    texts = [alias, *ordered, *(text for tag in json.loads(tags) for text in tag)]
    stored = sum(map(len, texts))
    if product_id == UPLOADED:
        return {"uploads": 1, "stored_bytes": stored}
    return {
        "orders": 1,
        "open_orders": int(status not in AT_REST),
        "open_names": len(ordered) if status in LOOKED_FOR else 0,
        "stored_bytes": stored,
    }
