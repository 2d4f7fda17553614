"""People who sign in to the console, and what proves them."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Index, MetaData, Table

from certdesk.storage.migrations.first_schema.columns import (
    BYTES,
    FLAG,
    NUMBER,
    TEXT,
    TIME,
    column,
    key,
    optional,
)

revision = "1006"
down_revision = "1005"

TABLES = MetaData(naming_convention={"pk": "pk_%(table_name)s"})

# Logins of the console, by number.
Table(
    "people",
    TABLES,
    key("person_id", NUMBER),
    column("role", TEXT),
    column("name", TEXT),
    column("folded", TEXT),
    column("uin", TEXT),
    optional("user_id", NUMBER),
    column("enabled", FLAG),
    column("created_at", TIME),
    column("version", NUMBER),
    Index("ix_people_user_id", "user_id"),
    Index("ix_people_uin_folded", "uin", "folded", unique=True),
    sqlite_autoincrement=True,
)

# What proves a person.
Table(
    "passwords",
    TABLES,
    key("person_id", NUMBER),
    column("sealed_hash", BYTES),
    column("changed_at", TIME),
    column("version", NUMBER),
    sqlite_autoincrement=True,
)
Table(
    "authenticators",
    TABLES,
    key("person_id", NUMBER),
    key("confirmed", FLAG),
    column("sealed_secret", BYTES),
    column("session", BYTES),
    column("last_step", NUMBER),
    column("created_at", TIME),
    column("version", NUMBER),
)
Table("recovery_codes", TABLES, key("person_id", NUMBER), key("digest", BYTES))
Table(
    "passkeys",
    TABLES,
    key("credential_id", BYTES),
    column("person_id", NUMBER),
    column("name", TEXT),
    column("public_key", BYTES),
    column("sign_count", NUMBER),
    column("created_at", TIME),
    optional("used_at", TIME),
    column("version", NUMBER),
    Index("ix_passkeys_person_id", "person_id"),
)
Table(
    "oidc_identities",
    TABLES,
    key("issuer", TEXT),
    key("subject", TEXT),
    key("person_id", NUMBER),
    column("by_group", FLAG),
    optional("sealed_refresh_token", BYTES),
    optional("check_at", TIME),
    column("created_at", TIME),
    column("version", NUMBER),
    Index("ix_oidc_identities_person_id", "person_id"),
    Index("ix_oidc_identities_check_at", "check_at"),
)

# What comes and goes.
Table(
    "invitations",
    TABLES,
    key("digest", BYTES),
    column("person_id", NUMBER),
    column("expires_at", TIME),
    Index("ix_invitations_person_id", "person_id"),
    Index("ix_invitations_expires_at", "expires_at"),
)
Table(
    "sessions",
    TABLES,
    key("digest", BYTES),
    column("person_id", NUMBER),
    column("created_at", TIME),
    column("seen_at", TIME),
    column("ends_at", TIME),
    column("proved_at", TIME),
    column("complete", FLAG),
    column("provider", TEXT),
    column("agent", TEXT),
    column("version", NUMBER),
    Index("ix_sessions_person_id", "person_id"),
    Index("ix_sessions_seen_at", "seen_at"),
)
Table(
    "sign_in_attempts",
    TABLES,
    key("digest", BYTES),
    column("visitor", BYTES),
    column("purpose", TEXT),
    column("network", TEXT),
    column("asked_at", TIME),
    column("provider", TEXT),
    optional("invitation", BYTES),
    optional("person_id", NUMBER),
    column("onward", TEXT),
    Index("ix_sign_in_attempts_network", "network"),
    Index("ix_sign_in_attempts_asked_at", "asked_at"),
)
Table(
    "sign_in_failures",
    TABLES,
    key("subject", TEXT),
    column("count", NUMBER),
    column("last_at", TIME),
    column("version", NUMBER),
    Index("ix_sign_in_failures_last_at", "last_at"),
)

# Logins of the same human being.
Table(
    "person_links",
    TABLES,
    key("person_id", NUMBER),
    key("login", TEXT),
    column("created_at", TIME),
    Index("ix_person_links_login", "login"),
)


def upgrade() -> None:
    """Make the tables."""
    TABLES.create_all(op.get_bind())
