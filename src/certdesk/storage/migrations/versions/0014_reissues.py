"""Orders know what replaces and renews them, and when the time that was bought ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from certdesk.domain.order import years_later
from certdesk.storage.columns import UtcTime

revision = "0014"
down_revision = "0013"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)

RENEWED = """
UPDATE orders SET renewed_by = (
  SELECT later.certificate_id FROM orders AS later
  WHERE later.renews = orders.certificate_id ORDER BY later.number DESC LIMIT 1
)
WHERE certificate_id IN (SELECT renews FROM orders WHERE renews IS NOT NULL)
"""
ORDERS = sa.table(
    "orders",
    sa.column("certificate_id", sa.Text),
    sa.column("attempt", sa.Integer),
    sa.column("time_span", sa.Integer),
    sa.column("begins_at", UtcTime),
    sa.column("ends_at", UtcTime),
    sa.column("ends_by", UtcTime),
)


def upgrade() -> None:
    """Add the links, of which renewals had one end, and the end of the time that was bought."""
    for name in ("renewed_by", "replaces", "replaced_by"):
        op.add_column("orders", sa.Column(name, TEXT))
    op.add_column("orders", sa.Column("ends_by", TIME))
    op.execute(RENEWED)
    _bound_what_was_issued()


def _bound_what_was_issued() -> None:
    """Reckon from what was issued here, as an order does; what was uploaded has no attempt."""
    connection = op.get_bind()
    its = ORDERS.c
    issued = sa.select(its.certificate_id, its.time_span, its.begins_at, its.ends_at).where(
        its.attempt > 0, its.ends_at.is_not(None)
    )
    for certificate_id, years, begins_at, ends_at in connection.execute(issued).all():
        connection.execute(
            sa.update(ORDERS)
            .where(its.certificate_id == certificate_id)
            .values(ends_by=max(ends_at, years_later(begins_at, years)))
        )
