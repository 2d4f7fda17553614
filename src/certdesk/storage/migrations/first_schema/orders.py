"""Orders, what was submitted for them, and what is counted of them."""

from __future__ import annotations

from sqlalchemy import Index, Table

from certdesk.storage.migrations.first_schema.columns import (
    BYTES,
    FLAG,
    NUMBER,
    PLAIN_TEXT,
    SCHEMA,
    STATUS,
    TEXT,
    TIME,
    column,
    key,
    optional,
)

# Orders, by certificate id.
Table(
    "orders",
    SCHEMA,
    column("certificate_id", TEXT),
    column("uin", TEXT),
    column("product_id", NUMBER),
    column("certificate_type", TEXT),
    column("domain_num", NUMBER),
    column("time_span", NUMBER),
    column("status", STATUS),
    optional("waits_for", PLAIN_TEXT),
    optional("reason", PLAIN_TEXT),
    column("project_id", NUMBER),
    column("alias", TEXT),
    column("auto_renew", FLAG),
    column("deal_id", TEXT),
    column("tags", PLAIN_TEXT),
    column("muted", FLAG),
    column("hosted", FLAG),
    optional("succeeded_at", TIME),
    column("by_desk", FLAG),
    column("submission", NUMBER),
    optional("domain", TEXT),
    column("names", PLAIN_TEXT),
    optional("holder", NUMBER),
    optional("verify_type", TEXT),
    column("delete_record", FLAG),
    optional("key", TEXT),
    column("key_pass", FLAG),
    column("key_kept", FLAG),
    column("root_known", FLAG),
    optional("manager_id", NUMBER),
    optional("registrable", TEXT),
    optional("renews", TEXT),
    optional("renewed_by", TEXT),
    optional("replaces", TEXT),
    optional("replaced_by", TEXT),
    optional("ends_by", TIME),
    column("attempt", NUMBER),
    optional("issuer", TEXT),
    optional("order_id", TEXT),
    optional("ordered_at", TIME),
    optional("deadline", TIME),
    optional("begins_at", TIME),
    optional("ends_at", TIME),
    optional("revocation", PLAIN_TEXT),
    column("owner_comment", TEXT),
    optional("move", PLAIN_TEXT),
    column("origins", PLAIN_TEXT),
    column("home_projects", PLAIN_TEXT),
    column("created_at", TIME),
    column("version", NUMBER),
    key("number", NUMBER),
    Index("ix_orders_certificate_id", "certificate_id", unique=True),
    Index("ix_orders_status", "status"),
    Index("ix_orders_uin_ends_at_number", "uin", "ends_at", "number"),
    Index("ix_orders_uin_manager_id", "uin", "manager_id"),
    Index("ix_orders_uin_number", "uin", "number"),
    Index(
        "ix_orders_uin_product_id_certificate_type_number",
        "uin",
        "product_id",
        "certificate_type",
        "number",
    ),
    Index(
        "ix_orders_uin_product_id_status_registrable", "uin", "product_id", "status", "registrable"
    ),
    Index("ix_orders_uin_project_id_status_number", "uin", "project_id", "status", "number"),
    Index("ix_orders_uin_status_number", "uin", "status", "number"),
    sqlite_autoincrement=True,
)

# How many orders an account has in a project at a status.
Table(
    "order_counts",
    SCHEMA,
    key("uin", TEXT),
    key("project_id", NUMBER),
    key("status", STATUS),
    column("orders", NUMBER),
)

# Submissions, by certificate id and number.
Table(
    "submissions",
    SCHEMA,
    key("certificate_id", TEXT),
    key("number", NUMBER),
    column("uin", TEXT),
    column("submitted_at", TIME),
    column("request_id", TEXT),
    column("facts", TEXT),
    column("personal", BYTES),
    optional("key_pass", BYTES),
    optional("private_key", BYTES),
    column("csr", TEXT),
    column("key", TEXT),
    column("spki_sha256", BYTES),
    optional("company_id", NUMBER),
    optional("manager_id", NUMBER),
    column("warnings", PLAIN_TEXT),
    column("inspected", FLAG),
    optional("identity_since", TIME),
    column("version", NUMBER),
    Index("ix_submissions_identity_since", "identity_since"),
    Index("ix_submissions_inspected", "inspected"),
    Index("ix_submissions_spki_sha256", "spki_sha256"),
)

# How many orders of a manager have a name, where any has.
Table(
    "manager_names",
    SCHEMA,
    key("uin", TEXT),
    key("manager_id", NUMBER),
    key("name", TEXT),
    column("orders", NUMBER),
)

# Work that goes on by itself, by certificate id.
Table(
    "tasks",
    SCHEMA,
    key("certificate_id", TEXT),
    column("uin", TEXT),
    optional("due_at", TIME),
    column("failures", NUMBER),
    column("set_aside", FLAG),
    column("reason", TEXT),
    column("version", NUMBER),
    Index("ix_tasks_due_at", "due_at"),
    Index("ix_tasks_set_aside", "set_aside"),
    Index("ix_tasks_uin_reason", "uin", "reason"),
)

# Certificates that are to have a successor, by certificate id.
Table(
    "renewals",
    SCHEMA,
    key("certificate_id", TEXT),
    column("uin", TEXT),
    column("ends_at", TIME),
    column("due_at", TIME),
    column("looks", NUMBER),
    optional("warned", NUMBER),
    column("reason", TEXT),
    column("version", NUMBER),
    Index("ix_renewals_due_at", "due_at"),
    Index("ix_renewals_uin_reason", "uin", "reason"),
)
