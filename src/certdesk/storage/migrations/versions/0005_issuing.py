"""Proofs of names and the looks for them, issuing, certificates, the private CA, due work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Let orders be submitted to a CA, and make the tables."""
    orders()
    proofs()
    evidence()
    issuances()
    certificates()
    authorities()
    revocation_lists()
    tasks()


def orders() -> None:
    """Add what an order's submission to the CA brings."""
    op.add_column("orders", sa.Column("attempt", INTEGER, nullable=False, server_default="0"))
    op.add_column("orders", sa.Column("order_id", TEXT, nullable=True))
    op.add_column("orders", sa.Column("ordered_at", TIME, nullable=True))
    op.add_column("orders", sa.Column("deadline", TIME, nullable=True))


def proofs() -> None:
    """Make the table."""
    op.create_table(
        "proofs",
        sa.Column("certificate_id", TEXT, nullable=False),
        sa.Column("attempt", INTEGER, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("proved_at", TIME, nullable=True),
        sa.Column("looked_at", TIME, nullable=True),
        sa.Column("looks", INTEGER, nullable=False),
        sa.Column("verdict", INTEGER, nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("caa_at", TIME, nullable=True),
        sa.Column("caa_reason", TEXT, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("certificate_id", "attempt", "name", name="pk_proofs"),
    )


def evidence() -> None:
    """Make the table."""
    op.create_table(
        "evidence",
        sa.Column("evidence_id", INTEGER, nullable=False),
        sa.Column("certificate_id", TEXT, nullable=False),
        sa.Column("attempt", INTEGER, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("verdict", INTEGER, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("resolver", TEXT, nullable=False),
        sa.Column("secure", sa.Boolean(), nullable=True),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("evidence_id", name="pk_evidence"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_evidence_certificate_id", "evidence", ["certificate_id"])
    op.create_index("ix_evidence_ended_at", "evidence", ["ended_at"])


def issuances() -> None:
    """Make the table."""
    op.create_table(
        "issuances",
        sa.Column("certificate_id", TEXT, nullable=False),
        sa.Column("attempt", INTEGER, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("serial", TEXT, nullable=True),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("certificate_id", "attempt", name="pk_issuances"),
    )
    op.create_index("ix_issuances_issuer_serial", "issuances", ["issuer", "serial"], unique=True)


def certificates() -> None:
    """Make the table."""
    op.create_table(
        "certificates",
        sa.Column("certificate_id", TEXT, nullable=False),
        sa.Column("attempt", INTEGER, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("serial", TEXT, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("chain", TEXT, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=True),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("spki_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sha1", TEXT, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("begins_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("kept_at", TIME, nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=True),
        sa.Column("archive_pass", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("certificate_id", "attempt", name="pk_certificates"),
    )
    op.create_index("ix_certificates_uin_sha256", "certificates", ["uin", "sha256"])
    op.create_index("ix_certificates_issuer_serial", "certificates", ["issuer", "serial"])


def authorities() -> None:
    """Make the table."""
    op.create_table(
        "authorities",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=True),
        sa.Column("key_of", TEXT, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_authorities"),
    )


def revocation_lists() -> None:
    """Make the table."""
    op.create_table(
        "revocation_lists",
        sa.Column("authority", TEXT, nullable=False),
        sa.Column("number", INTEGER, nullable=False),
        sa.Column("crl", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("authority", name="pk_revocation_lists"),
    )


def tasks() -> None:
    """Make the table."""
    op.create_table(
        "tasks",
        sa.Column("certificate_id", TEXT, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("failures", INTEGER, nullable=False),
        sa.Column("set_aside", sa.Boolean(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("certificate_id", name="pk_tasks"),
    )
    op.create_index("ix_tasks_due_at", "tasks", ["due_at"])
    op.create_index("ix_tasks_set_aside", "tasks", ["set_aside"])
