"""Orders are numbered, hold what lists show of them, and are counted and indexed by their words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from certdesk.domain.listing import searchable
from certdesk.storage.driver import Driver
from certdesk.storage.order_words import word_index, words_of

revision = "0004"
down_revision = "0003"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

AT_ONCE = 1000
SHOWN = ("domain", "names", "holder", "verify_type", "key", "key_pass", "manager_id")
KEPT = (
    "certificate_id, uin, product_id, domain_num, time_span, status, status_msg, project_id, "
    "alias, auto_renew, deal_id, tags, submission, created_at, version"
)


def upgrade() -> None:
    """Make the orders' table again with numbers, and what is derived of it."""
    audit()
    orders()
    shown_of_submissions()
    order_counts()
    order_words()


def audit() -> None:
    """Note the user who did a thing, and let entries be listed by time and action."""
    op.add_column("audit", sa.Column("user_id", INTEGER, nullable=True))
    op.drop_index("ix_audit_uin_at", "audit")
    op.create_index("ix_audit_uin_at_action", "audit", ["uin", "at", "action"])


def orders() -> None:
    """Number the orders in the order in which they were bought."""
    op.drop_index("ix_orders_uin_created_at", "orders")
    op.drop_index("ix_orders_status", "orders")
    op.rename_table("orders", "orders_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE orders_before RENAME CONSTRAINT pk_orders TO pk_orders_before")
    op.create_table(
        "orders",
        sa.Column("certificate_id", TEXT, nullable=False),
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("product_id", INTEGER, nullable=False),
        sa.Column("domain_num", INTEGER, nullable=False),
        sa.Column("time_span", INTEGER, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("status_msg", TEXT, nullable=True),
        sa.Column("project_id", INTEGER, nullable=False),
        sa.Column("alias", TEXT, nullable=False),
        sa.Column("auto_renew", sa.Boolean(), nullable=False),
        sa.Column("deal_id", TEXT, nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("submission", INTEGER, nullable=False),
        sa.Column("domain", TEXT, nullable=True),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("holder", INTEGER, nullable=True),
        sa.Column("verify_type", TEXT, nullable=True),
        sa.Column("key", TEXT, nullable=True),
        sa.Column("key_pass", sa.Boolean(), nullable=False),
        sa.Column("manager_id", INTEGER, nullable=True),
        sa.Column("begins_at", TIME, nullable=True),
        sa.Column("ends_at", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.Column("number", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_orders"),
        sqlite_autoincrement=True,
    )
    op.execute(
        f"INSERT INTO orders ({KEPT}, names, key_pass) "  # noqa: S608 -- no value of anybody's
        f"SELECT {KEPT}, '[]', false FROM orders_before ORDER BY created_at, certificate_id"
    )
    op.drop_table("orders_before")
    op.create_index("ix_orders_certificate_id", "orders", ["certificate_id"], unique=True)
    for columns in (
        ["uin", "number"],
        ["uin", "status", "number"],
        ["uin", "project_id", "status", "number"],
        ["uin", "ends_at", "number"],
        ["status"],
    ):
        op.create_index(f"ix_orders_{'_'.join(columns)}", "orders", columns)


def shown_of_submissions() -> None:
    """Write to each order what lists show of its material in force."""
    found = sa.text(
        "SELECT orders.number, s.facts, s.key, s.key_pass IS NOT NULL AS key_pass, s.manager_id "
        "FROM orders JOIN submissions AS s ON s.certificate_id = orders.certificate_id "
        "AND s.number = orders.submission WHERE orders.number > :after "
        "ORDER BY orders.number LIMIT :limit"
    )
    change = sa.text(
        f"UPDATE orders SET {', '.join(f'{name} = :{name}' for name in SHOWN)} "  # noqa: S608 -- names of columns
        "WHERE number = :number"
    )
    for rows in _in_parts(found):
        op.get_bind().execute(change, [_shown(row) for row in rows])


def order_counts() -> None:
    """Count the orders of each account in each project at each status."""
    op.create_table(
        "order_counts",
        sa.Column("uin", TEXT, nullable=False),
        sa.Column("project_id", INTEGER, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("orders", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("uin", "project_id", "status", name="pk_order_counts"),
    )
    op.execute(
        "INSERT INTO order_counts SELECT uin, project_id, status, count(*) FROM orders "
        "GROUP BY uin, project_id, status"
    )


def order_words() -> None:
    """Make the index of words; nothing but the index is kept of them."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute("CREATE TABLE order_words (number bigint PRIMARY KEY, words tsvector NOT NULL)")
        op.execute("CREATE INDEX ix_order_words_words ON order_words USING gin (words)")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE order_words USING fts5(words, content='', detail=none, "
            "columnsize=0, tokenize=\"ascii tokenchars '-.'\")"
        )
    index = word_index(connection.dialect.name)
    driver = Driver(connection)
    found = sa.text(
        "SELECT number, uin, certificate_id, alias, domain, names, tags FROM orders "
        "WHERE number > :after ORDER BY number LIMIT :limit"
    )
    for rows in _in_parts(found):
        for row in rows:
            names = () if row.domain is None else (row.domain, *json.loads(row.names))
            texts = map(searchable, (row.certificate_id, row.alias, *names))
            tags = [(key, value) for key, value in json.loads(row.tags)]
            index.put(driver, row.number, words_of(row.uin, texts, tags))


def _in_parts(found: sa.TextClause) -> Iterator[list[sa.Row[Any]]]:
    """Read rows by their numbers, so many at once."""
    after = 0
    while rows := op.get_bind().execute(found, {"after": after, "limit": AT_ONCE}).all():
        yield list(rows)
        after = rows[-1].number


def _shown(row: sa.Row[Any]) -> dict[str, object]:
    facts = json.loads(row.facts)
    return {
        "number": row.number,
        "domain": facts["common_name"],
        "names": json.dumps(facts["other_names"], separators=(",", ":")),
        "holder": facts["holder"],
        "verify_type": facts.get("verify_type"),
        "key": row.key,
        "key_pass": bool(row.key_pass),
        "manager_id": row.manager_id,
    }
