"""Accounts, and the permissions in them."""

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
    counter,
    key,
    optional,
)

# Accounts, by Uin.
Table(
    "accounts",
    SCHEMA,
    key("uin", TEXT),
    column("name", TEXT),
    column("verified", FLAG),
    column("enabled", FLAG),
    column("created_at", TIME),
    column("keyset", BYTES),
    column("unsigned_payload", FLAG),
    column("signed_action", FLAG),
    optional("disabled_at", TIME),
    column("version", NUMBER),
)

# Access keys, by SecretId.
Table(
    "access_keys",
    SCHEMA,
    key("secret_id", TEXT),
    column("uin", TEXT),
    column("sealed_secret", BYTES),
    column("enabled", FLAG),
    column("created_at", TIME),
    optional("user_id", NUMBER),
    optional("token_digest", BYTES),
    optional("expires_at", TIME),
    column("policies", PLAIN_TEXT),
    column("version", NUMBER),
    Index("ix_access_keys_uin_user_id", "uin", "user_id"),
)

# Sub-users of accounts, by number.
Table(
    "users",
    SCHEMA,
    key("user_id", NUMBER),
    column("uin", TEXT),
    column("name", TEXT),
    column("enabled", FLAG),
    column("policies", PLAIN_TEXT),
    column("created_at", TIME),
    column("version", NUMBER),
    Index("ix_users_uin", "uin"),
    sqlite_autoincrement=True,
)

# Policies of accounts, by number.
Table(
    "policies",
    SCHEMA,
    key("policy_id", NUMBER),
    column("uin", TEXT),
    column("name", TEXT),
    column("effect", TEXT),
    column("actions", PLAIN_TEXT),
    column("certificates", PLAIN_TEXT),
    column("projects", PLAIN_TEXT),
    column("created_at", TIME),
    column("version", NUMBER),
    Index("ix_policies_uin", "uin"),
    sqlite_autoincrement=True,
)

# Projects of accounts, by number.
Table(
    "projects",
    SCHEMA,
    key("project_id", NUMBER),
    column("uin", TEXT),
    column("name", TEXT),
    column("created_at", TIME),
    column("version", NUMBER),
    Index("ix_projects_uin", "uin"),
    sqlite_autoincrement=True,
)

# Limits that are not the default, by Uin and action.
Table(
    "pace_limits",
    SCHEMA,
    key("uin", TEXT),
    key("action", TEXT),
    column("per_second", NUMBER),
    column("version", NUMBER),
)

# Signatures that have changed something, by digest.
Table(
    "seen_signatures",
    SCHEMA,
    key("digest", BYTES),
    column("action", TEXT),
    column("seen_at", TIME),
    Index("ix_seen_signatures_seen_at", "seen_at"),
)

# How much of its quotas each account uses.
Table(
    "usage",
    SCHEMA,
    key("uin", TEXT),
    key("part", NUMBER),
    counter("orders"),
    counter("open_orders"),
    counter("open_names"),
    counter("uploads"),
    counter("proofs"),
    counter("letters"),
    counter("stored_bytes"),
    counter("companies"),
    counter("managers"),
    counter("users"),
    counter("policies"),
    counter("projects"),
    counter("access_keys"),
    counter("zones"),
    counter("audit"),
)
