"""The schema of the first release, 0.2.0: the tables of `first_schema`, and the index of words.

Revisions are numbered from 1001. Lower numbers were used in development; a database with one of
them is refused (`storage/migrate.py`).
"""

from __future__ import annotations

from alembic import op

from certdesk.storage.migrations.first_schema import SCHEMA

revision = "1001"
down_revision = None

WORDS = {
    "sqlite": [
        """
        CREATE VIRTUAL TABLE order_words USING fts5(
          words, content='', detail=none, columnsize=0, tokenize="ascii tokenchars '-.'"
        )
        """
    ],
    "postgresql": [
        "CREATE TABLE order_words (number bigint PRIMARY KEY, words tsvector NOT NULL)",
        "CREATE INDEX ix_order_words_words ON order_words USING gin (words)",
    ],
}
"""The index of words for searching orders (`storage/order_words.py`), for each database."""


def upgrade() -> None:
    """Create every table and index."""
    connection = op.get_bind()
    SCHEMA.create_all(connection, checkfirst=False)
    for statement in WORDS[connection.dialect.name]:
        op.execute(statement)
