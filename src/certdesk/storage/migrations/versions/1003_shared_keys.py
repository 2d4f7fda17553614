"""Certificates are found by their key and account, so that the certificates of others are."""

from __future__ import annotations

from alembic import op

revision = "1003"
down_revision = "1002"


def upgrade() -> None:
    """Replace the index of keys."""
    op.drop_index("ix_certificates_spki_sha256", "certificates")
    op.create_index("ix_certificates_spki_sha256_uin", "certificates", ["spki_sha256", "uin"])
