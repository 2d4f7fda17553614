"""What the desk keeps about itself."""

from __future__ import annotations

from sqlalchemy import Index, Table

from certdesk.storage.migrations.first_schema.columns import (
    BYTES,
    NUMBER,
    SCHEMA,
    TEXT,
    TIME,
    column,
    key,
    optional,
)

# The audit log, by number.
Table(
    "audit",
    SCHEMA,
    key("entry_id", NUMBER),
    column("at", TIME),
    column("request_id", TEXT),
    column("uin", TEXT),
    column("actor", TEXT),
    column("action", TEXT),
    column("subject", TEXT),
    column("detail", TEXT),
    optional("user_id", NUMBER),
    Index("ix_audit_subject", "subject"),
    Index("ix_audit_uin_at_action", "uin", "at", "action"),
    sqlite_autoincrement=True,
)

# The desk's own named values.
Table(
    "marks",
    SCHEMA,
    key("name", TEXT),
    column("value", BYTES),
)
