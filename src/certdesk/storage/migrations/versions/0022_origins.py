"""Orders know from which certificates they come, and to which projects their secrets belong."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from certdesk.storage.order_words import origin_word

revision = "0022"
down_revision = "0021"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# SQLite's index holds nothing but words, and takes more of them for the same order.
ADD_WORDS = {
    "sqlite": sa.text("INSERT INTO order_words(rowid, words) VALUES (:number, :words)"),
    "postgresql": sa.text(
        "UPDATE order_words SET words = words || array_to_tsvector(string_to_array(:words, ' ')) "
        "WHERE number = :number"
    ),
}


def upgrade() -> None:
    """Add both; what replaces or renews another order comes from it."""
    for name in ("origins", "home_projects"):
        empty: sa.Column[str] = sa.Column(
            name, sa.Text(), nullable=False, server_default=sa.text("'[]'")
        )
        op.add_column("orders", empty)
    op.create_table(
        "denied_keys",
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("spki_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("origins", sa.Text(), nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("uin", "spki_sha256", name="pk_denied_keys"),
    )
    op.create_index("ix_certificates_uin_spki_sha256", "certificates", ["uin", "spki_sha256"])
    _follow_links()


def _follow_links() -> None:
    """Go through the orders as they were bought, so that what one comes from is known before it."""
    connection = op.get_bind()
    origins: dict[str, tuple[str, ...]] = {}
    linked = connection.exec_driver_sql(
        "SELECT number, uin, certificate_id, coalesce(replaces, renews) AS earlier FROM orders "
        "WHERE replaces IS NOT NULL OR renews IS NOT NULL ORDER BY number"
    )
    for number, uin, certificate_id, earlier in linked.all():
        found = (*origins.get(earlier, ()), earlier)
        origins[certificate_id] = found
        words = " ".join(origin_word(uin, origin) for origin in found)
        connection.execute(ADD_WORDS[connection.dialect.name], {"number": number, "words": words})
        connection.execute(
            sa.text("UPDATE orders SET origins = :origins WHERE number = :number"),
            {"origins": json.dumps(found, separators=(",", ":")), "number": number},
        )
