"""The desk makes successors of certificates by itself, and begins with those that are issued."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from certdesk.domain.products import FREE, UPLOADED
from certdesk.domain.renewal import LEAST_GAIN, due_at
from certdesk.storage.columns import UtcTime

revision = "0016"
down_revision = "0015"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

ISSUED = 1
ORDERS = sa.table(
    "orders",
    sa.column("certificate_id", sa.Text),
    sa.column("uin", sa.Text),
    sa.column("status", sa.Integer),
    sa.column("product_id", sa.Integer),
    sa.column("auto_renew", sa.Boolean),
    sa.column("hosted", sa.Boolean),
    sa.column("begins_at", UtcTime),
    sa.column("ends_at", UtcTime),
    sa.column("ends_by", UtcTime),
)
RENEWALS = sa.table(
    "renewals",
    sa.column("certificate_id", sa.Text),
    sa.column("uin", sa.Text),
    sa.column("ends_at", UtcTime),
    sa.column("due_at", UtcTime),
    sa.column("looks", sa.Integer),
    sa.column("reason", sa.Text),
    sa.column("version", sa.Integer),
)


def upgrade() -> None:
    """Make the table, and put into it what is to have a successor."""
    for name in ("hosted", "by_desk"):
        flag: sa.Column[bool] = sa.Column(
            name, sa.Boolean(), nullable=False, server_default=sa.false()
        )
        op.add_column("orders", flag)
    op.add_column("orders", sa.Column("succeeded_at", TIME))
    op.create_table(
        "renewals",
        sa.Column("certificate_id", TEXT, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("looks", INTEGER, nullable=False),
        sa.Column("warned", INTEGER, nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("certificate_id", name="pk_renewals"),
    )
    op.create_index("ix_renewals_due_at", "renewals", ["due_at"])
    _host_what_is_issued()


def _host_what_is_issued() -> None:
    """Reckon as `domain.renewal.wanted` does: uploaded and free ones are not hosted."""
    connection = op.get_bind()
    its = ORDERS.c
    issued = sa.select(
        its.certificate_id, its.uin, its.auto_renew, its.begins_at, its.ends_at, its.ends_by
    ).where(its.status == ISSUED, its.ends_by.is_not(None), its.product_id.not_in((FREE, UPLOADED)))
    for certificate_id, uin, auto_renew, begins_at, ends_at, ends_by in connection.execute(
        issued
    ).all():
        if not auto_renew and ends_by - ends_at < LEAST_GAIN:
            continue
        connection.execute(
            sa.insert(RENEWALS).values(
                certificate_id=certificate_id,
                uin=uin,
                ends_at=ends_at,
                due_at=due_at(certificate_id, begins_at, ends_at),
                looks=0,
                reason="",
                version=1,
            )
        )
        connection.execute(
            sa.update(ORDERS).where(its.certificate_id == certificate_id).values(hosted=True)
        )
