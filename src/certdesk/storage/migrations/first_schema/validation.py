"""Proofs of control over the names of an order."""

from __future__ import annotations

from sqlalchemy import Index, Table

from certdesk.storage.migrations.first_schema.columns import (
    FLAG,
    NUMBER,
    PLAIN_TEXT,
    SCHEMA,
    TEXT,
    TIME,
    column,
    key,
    optional,
)

# Proofs of names, by certificate id, attempt and name.
Table(
    "proofs",
    SCHEMA,
    key("certificate_id", TEXT),
    key("attempt", NUMBER),
    key("name", TEXT),
    column("uin", TEXT),
    column("issuer", TEXT),
    column("kind", TEXT),
    column("label", TEXT),
    column("value", TEXT),
    column("made_at", TIME),
    optional("proved_at", TIME),
    optional("looked_at", TIME),
    column("looks", NUMBER),
    optional("verdict", NUMBER),
    column("reason", TEXT),
    column("seen", PLAIN_TEXT),
    optional("caa_at", TIME),
    column("caa_reason", TEXT),
    optional("added_at", TIME),
    column("removals", NUMBER),
    optional("removal_at", TIME),
    column("version", NUMBER),
)

# Validation runs, by number.
Table(
    "evidence",
    SCHEMA,
    key("evidence_id", NUMBER),
    column("certificate_id", TEXT),
    column("attempt", NUMBER),
    column("name", TEXT),
    column("kind", TEXT),
    column("verdict", NUMBER),
    column("reason", TEXT),
    column("seen", PLAIN_TEXT),
    column("resolver", TEXT),
    optional("secure", FLAG),
    column("steps", PLAIN_TEXT),
    column("began_at", TIME),
    column("ended_at", TIME),
    Index("ix_evidence_certificate_id", "certificate_id"),
    Index("ix_evidence_ended_at", "ended_at"),
    sqlite_autoincrement=True,
)

# Zones in which the desk may add records for an account, by Uin and name.
Table(
    "zones",
    SCHEMA,
    key("uin", TEXT),
    key("name", TEXT),
    column("provider", TEXT),
    column("settings", PLAIN_TEXT),
    column("secrets", PLAIN_TEXT),
    column("created_at", TIME),
    column("version", NUMBER),
)

# Rate limits of validation, by registrable domain and kind.
Table(
    "look_paces",
    SCHEMA,
    key("domain", TEXT),
    key("kind", TEXT),
    column("even_at", TIME),
    column("shares", PLAIN_TEXT),
    column("version", NUMBER),
    Index("ix_look_paces_even_at", "even_at"),
)
