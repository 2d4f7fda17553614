"""Keys, certificates, and the private CA."""

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

# Keys made ahead of need, by number.
Table(
    "key_stock",
    SCHEMA,
    key("stock_id", NUMBER),
    column("kind", TEXT),
    column("spki_sha256", BYTES),
    column("sealed", BYTES),
    column("created_at", TIME),
    Index("ix_key_stock_kind", "kind"),
    sqlite_autoincrement=True,
)

# Keys never accepted again, by SPKI hash and whom they are not accepted from.
Table(
    "blocked_keys",
    SCHEMA,
    key("spki_sha256", BYTES),
    key("uin", TEXT),
    column("reason", TEXT),
    column("created_at", TIME),
    column("compromised", FLAG),
    column("version", NUMBER),
)

# Keys of denied certificates that an account has no more, by Uin and SHA-256 (SPKI).
Table(
    "denied_keys",
    SCHEMA,
    key("uin", TEXT),
    key("spki_sha256", BYTES),
    column("origins", PLAIN_TEXT),
    column("version", NUMBER),
)

# What issuers recorded, by certificate id and attempt.
Table(
    "issuances",
    SCHEMA,
    key("certificate_id", TEXT),
    key("attempt", NUMBER),
    column("uin", TEXT),
    column("issuer", TEXT),
    column("state", BYTES),
    optional("serial", TEXT),
    column("begun_at", TIME),
    column("begun", FLAG),
    column("version", NUMBER),
    Index("ix_issuances_issuer_serial", "issuer", "serial", unique=True),
)

# Certificates in hand, by certificate id and attempt.
Table(
    "certificates",
    SCHEMA,
    key("certificate_id", TEXT),
    key("attempt", NUMBER),
    column("uin", TEXT),
    column("issuer", TEXT),
    column("serial", TEXT),
    column("leaf", BYTES),
    column("chain", TEXT),
    optional("root", BYTES),
    column("key", TEXT),
    column("spki_sha256", BYTES),
    column("sha1", TEXT),
    column("sha256", TEXT),
    column("begins_at", TIME),
    column("ends_at", TIME),
    column("kept_at", TIME),
    optional("private_key", BYTES),
    optional("archive_pass", BYTES),
    Index("ix_certificates_issuer_serial", "issuer", "serial"),
    Index("ix_certificates_spki_sha256", "spki_sha256"),
    Index("ix_certificates_uin_sha256", "uin", "sha256"),
    Index("ix_certificates_uin_spki_sha256", "uin", "spki_sha256"),
)

# CA certificates of the private CA, by name.
Table(
    "authorities",
    SCHEMA,
    key("name", TEXT),
    column("certificate", BYTES),
    optional("private_key", BYTES),
    optional("key_of", TEXT),
    column("created_at", TIME),
)

# The newest CRLs, by the authority's name.
Table(
    "revocation_lists",
    SCHEMA,
    key("authority", TEXT),
    column("number", NUMBER),
    column("crl", BYTES),
    column("made_at", TIME),
    column("next_at", TIME),
    column("revoked", NUMBER),
    column("version", NUMBER),
)

# Certificates that the private CA has revoked, by authority and serial number.
Table(
    "revoked_certificates",
    SCHEMA,
    key("authority", TEXT),
    key("serial", TEXT),
    column("certificate_id", TEXT),
    column("reason", TEXT),
    column("revoked_at", TIME),
    column("ends_at", TIME),
)
