"""The collections of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make every table and index."""
    accounts()
    orders()
    organisations()
    keys()
    desk()


def accounts() -> None:
    """Make accounts and their access keys."""
    op.create_table(
        "accounts",
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("keyset", sa.LargeBinary(), nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("uin", name="pk_accounts"),
    )
    op.create_table(
        "access_keys",
        sa.Column("secret_id", TEXT, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("secret_id", name="pk_access_keys"),
    )
    op.create_index("ix_access_keys_uin", "access_keys", ["uin"])


def orders() -> None:
    """Make orders and what was submitted for them."""
    op.create_table(
        "orders",
        sa.Column("certificate_id", TEXT, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("product_id", INTEGER, nullable=False),
        sa.Column("domain_num", INTEGER, nullable=False),
        sa.Column("time_span", INTEGER, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("status_msg", TEXT, nullable=True),
        sa.Column("project_id", INTEGER, nullable=False),
        sa.Column("alias", TEXT, nullable=False),
        sa.Column("auto_renew", sa.Boolean(), nullable=False),
        sa.Column("deal_id", TEXT, nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("submission", INTEGER, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("certificate_id", name="pk_orders"),
    )
    op.create_index("ix_orders_uin_created_at", "orders", ["uin", "created_at"])
    op.create_index("ix_orders_status", "orders", ["status"])
    op.create_table(
        "submissions",
        sa.Column("certificate_id", TEXT, nullable=False),
        sa.Column("number", INTEGER, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("submitted_at", TIME, nullable=False),
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("facts", TEXT, nullable=False),
        sa.Column("personal", sa.LargeBinary(), nullable=False),
        sa.Column("key_pass", sa.LargeBinary(), nullable=True),
        sa.Column("private_key", sa.LargeBinary(), nullable=True),
        sa.Column("csr", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("spki_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("company_id", INTEGER, nullable=True),
        sa.Column("manager_id", INTEGER, nullable=True),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("inspected", sa.Boolean(), nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("certificate_id", "number", name="pk_submissions"),
    )
    op.create_index("ix_submissions_inspected", "submissions", ["inspected"])
    op.create_index("ix_submissions_manager_id", "submissions", ["manager_id"])


def organisations() -> None:
    """Make companies and their managers."""
    op.create_table(
        "companies",
        sa.Column("company_id", INTEGER, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("facts", TEXT, nullable=False),
        sa.Column("personal", sa.LargeBinary(), nullable=False),
        sa.Column("likeness", sa.LargeBinary(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("company_id", name="pk_companies"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_companies_uin", "companies", ["uin"])
    op.create_index("ix_companies_uin_likeness", "companies", ["uin", "likeness"])
    op.create_table(
        "managers",
        sa.Column("manager_id", INTEGER, nullable=False),
        sa.Column("company_id", INTEGER, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("facts", TEXT, nullable=False),
        sa.Column("personal", sa.LargeBinary(), nullable=False),
        sa.Column("likeness", sa.LargeBinary(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("submitted_at", TIME, nullable=True),
        sa.Column("verified_at", TIME, nullable=True),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("manager_id", name="pk_managers"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_managers_company_id", "managers", ["company_id"])
    op.create_index(
        "ix_managers_uin_company_id_likeness", "managers", ["uin", "company_id", "likeness"]
    )


def keys() -> None:
    """Make the stock of keys and the keys never accepted again."""
    op.create_table(
        "key_stock",
        sa.Column("stock_id", INTEGER, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("spki_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("stock_id", name="pk_key_stock"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_key_stock_kind", "key_stock", ["kind"])
    op.create_table(
        "blocked_keys",
        sa.Column("spki_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("spki_sha256", name="pk_blocked_keys"),
    )


def desk() -> None:
    """Make the audit log and the desk's own named values."""
    op.create_table(
        "audit",
        sa.Column("entry_id", INTEGER, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_uin_at", "audit", ["uin", "at"])
    op.create_index("ix_audit_subject", "audit", ["subject"])
    op.create_table(
        "marks",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_marks"),
    )
