"""Reissues and renewals from before orders had origins are denied with what they come from."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from certdesk.domain.listing import OrderQuery
from certdesk.domain.policy import ALLOW, DENY, EVERYTHING, Grants, Policy
from tests.storage.before import Migrated, bring_to

ORDER = """
INSERT INTO orders (number, certificate_id, uin, product_id, certificate_type, domain_num,
  time_span, status, project_id, alias, auto_renew, deal_id, tags, submission, names, attempt,
  key_pass, replaces, renews, created_at, version)
VALUES ({number}, '{its}', '1', 25, 'SVR', 1,
  1, 1, 0, '', false, 'd', '[]', 1, '[]', 1,
  false, {replaces}, {renews}, '2026-03-01 12:00:00', 1)
"""
COUNT = "INSERT INTO order_counts (uin, project_id, status, orders) VALUES ('1', 0, 1, 4)"


def fill(connection: Connection) -> None:
    """Bring a database to the revision before, and orders into it."""
    bring_to(connection, "0021")
    rows = [
        ("original", "NULL", "NULL"),
        ("reissued", "'original'", "NULL"),
        ("stranger", "NULL", "NULL"),
        ("renewed0", "NULL", "'reissued'"),
    ]
    for number, (its, replaces, renews) in enumerate(rows, 1):
        connection.exec_driver_sql(
            ORDER.format(number=number, its=its, replaces=replaces, renews=renews)
        )
        words = "INSERT INTO order_words(rowid, words) VALUES ({}, 'x')"
        if connection.dialect.name == "postgresql":
            words = "INSERT INTO order_words VALUES ({}, array_to_tsvector(ARRAY['x']))"
        connection.exec_driver_sql(words.format(number))
    connection.exec_driver_sql(COUNT)


def policy(effect: str, certificates: tuple[str, ...] = EVERYTHING) -> Policy:
    """Make a policy of the account."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    return Policy(uin="1", name="p", effect=effect, certificates=certificates, created_at=now)


def test_what_came_of_an_order_before_is_denied_with_it(migrated: Migrated) -> None:
    """Through every link between, and in lists."""
    store = migrated(fill)
    query = OrderQuery(
        uin="1",
        limit=9,
        permission="ssl:DescribeCertificates",
        grants=Grants((policy(ALLOW), policy(DENY, ("original",)))),
    )
    renewed = store.read(lambda unit: unit.orders.get("renewed0"))
    page = store.read(lambda unit: unit.orders.page(query))
    assert renewed is not None
    assert renewed.origins == ("original", "reissued")
    assert ([order.certificate_id for order in page.orders], page.total) == (["stranger"], 1)
