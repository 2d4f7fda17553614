"""Orders know what can be downloaded of them: whether their key and their root are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

KEPT = (
    "UPDATE orders SET key_kept = true WHERE EXISTS (SELECT 1 FROM submissions AS its "
    "WHERE its.certificate_id = orders.certificate_id AND its.number = orders.submission "
    "AND its.private_key IS NOT NULL) OR EXISTS (SELECT 1 FROM certificates AS its "
    "WHERE its.certificate_id = orders.certificate_id AND its.private_key IS NOT NULL)"
)
"""Of an upload it is with the certificate, else with what was handed in."""

KNOWN = (
    "UPDATE orders SET root_known = true WHERE EXISTS (SELECT 1 FROM certificates AS its "
    "WHERE its.certificate_id = orders.certificate_id AND its.attempt = orders.attempt "
    "AND its.root IS NOT NULL)"
)


def upgrade() -> None:
    """Add both, and find out for the orders that are there."""
    for name in ("key_kept", "root_known"):
        flag: sa.Column[bool] = sa.Column(
            name, sa.Boolean(), nullable=False, server_default=sa.false()
        )
        op.add_column("orders", flag)
    for filling in (KEPT, KNOWN):
        op.get_bind().exec_driver_sql(filling)
