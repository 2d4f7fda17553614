"""Reviewers ask applicants, write notes, attach files and tick what they have checked."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "1007"
down_revision = "1006"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
PLAIN_TEXT = sa.Text()
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
BYTES = sa.LargeBinary()


def upgrade() -> None:
    """Make their tables; no order has an open question yet."""
    op.add_column(
        "orders", sa.Column("asked", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "questions",
        _column("question_id", TEXT, primary_key=True),
        _column("subject", TEXT),
        _column("uin", TEXT),
        _column("text", BYTES),
        _column("asked_by", TEXT),
        _column("asked_as", TEXT),
        _column("asked_at", TIME),
        sa.Column("answer", BYTES, nullable=True),
        _column("answered_by", TEXT),
        _column("answered_as", TEXT),
        sa.Column("answered_at", TIME, nullable=True),
        _column("version", NUMBER),
    )
    op.create_index("ix_questions_subject", "questions", ["subject"])
    op.create_index("ix_questions_uin_asked_at", "questions", ["uin", "asked_at"])
    op.create_table(
        "notes",
        _column("note_id", TEXT, primary_key=True),
        _column("subject", TEXT),
        _column("uin", TEXT),
        _column("text", BYTES),
        _column("written_by", TEXT),
        _column("written_as", TEXT),
        _column("written_at", TIME),
        _column("version", NUMBER),
    )
    op.create_index("ix_notes_subject", "notes", ["subject"])
    _make_files_and_ticks()


def _make_files_and_ticks() -> None:
    op.create_table(
        "vetting_files",
        _column("file_id", TEXT, primary_key=True),
        _column("subject", TEXT),
        _column("uin", TEXT),
        _column("question_id", TEXT),
        _column("title", BYTES),
        _column("form", TEXT),
        _column("size", NUMBER),
        _column("sha256", TEXT),
        _column("content", BYTES),
        _column("added_by", TEXT),
        _column("added_as", TEXT),
        _column("added_at", TIME),
    )
    op.create_index("ix_vetting_files_subject", "vetting_files", ["subject"])
    op.create_index("ix_vetting_files_question_id", "vetting_files", ["question_id"])
    op.create_table(
        "ticks",
        _column("subject", TEXT, primary_key=True),
        _column("attempt", NUMBER, primary_key=True),
        _column("operator", TEXT, primary_key=True),
        _column("name", TEXT),
        _column("items", PLAIN_TEXT),
        _column("ticked_at", TIME),
        _column("version", NUMBER),
    )


def _column(name: str, kind: Any, *, primary_key: bool = False) -> sa.Column[Any]:  # noqa: ANN401 -- any type of SQLAlchemy
    return sa.Column(name, kind, nullable=False, primary_key=primary_key)
