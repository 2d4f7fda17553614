"""Organisations, their managers, and the reviews of people."""

from __future__ import annotations

from sqlalchemy import Index, Table

from certdesk.storage.migrations.first_schema.columns import (
    BYTES,
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

# Companies, by id.
Table(
    "companies",
    SCHEMA,
    key("company_id", NUMBER),
    column("uin", TEXT),
    column("facts", TEXT),
    column("personal", BYTES),
    column("fingerprint", BYTES),
    column("tags", PLAIN_TEXT),
    column("created_at", TIME),
    column("version", NUMBER),
    Index("ix_companies_uin", "uin"),
    Index("ix_companies_uin_fingerprint", "uin", "fingerprint"),
    sqlite_autoincrement=True,
)

# Managers, by id.
Table(
    "managers",
    SCHEMA,
    key("manager_id", NUMBER),
    column("company_id", NUMBER),
    column("uin", TEXT),
    column("status", TEXT),
    column("facts", TEXT),
    column("personal", BYTES),
    column("fingerprint", BYTES),
    column("tags", PLAIN_TEXT),
    column("created_at", TIME),
    optional("submitted_at", TIME),
    optional("verified_at", TIME),
    optional("expires_at", TIME),
    optional("identity_since", TIME),
    column("version", NUMBER),
    Index("ix_managers_company_id", "company_id"),
    Index("ix_managers_identity_since", "identity_since"),
    Index("ix_managers_uin_company_id_fingerprint", "uin", "company_id", "fingerprint"),
    sqlite_autoincrement=True,
)

# Letters that were uploaded, by certificate id, attempt and kind.
Table(
    "letters",
    SCHEMA,
    key("certificate_id", TEXT),
    key("attempt", NUMBER),
    key("kind", TEXT),
    column("uin", TEXT),
    column("form", TEXT),
    column("size", NUMBER),
    column("sha256", TEXT),
    column("content", BYTES),
    column("uploaded_at", TIME),
)

# Reviews that wait for people, by their subject.
Table(
    "reviews",
    SCHEMA,
    key("subject", TEXT),
    column("uin", TEXT),
    column("kind", TEXT),
    column("since", TIME),
    column("attempt", NUMBER),
    column("asked_by", TEXT),
    column("approvals", PLAIN_TEXT),
    optional("decided_at", TIME),
    optional("verdict", TEXT),
    column("reason", TEXT),
    column("version", NUMBER),
    Index("ix_reviews_verdict", "verdict"),
)

# What operators saw of a review, by subject and operator.
Table(
    "sights",
    SCHEMA,
    key("subject", TEXT),
    key("operator", TEXT),
    column("shown", FLAG),
    column("members", TEXT),
    column("seen_at", TIME),
    column("version", NUMBER),
)
