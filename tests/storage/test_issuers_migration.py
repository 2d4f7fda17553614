"""Orders and proofs from before are those of the private CA, which was the only issuer."""

from __future__ import annotations

from sqlalchemy import Connection

from tests.storage.before import Migrated, bring_to

ORDER = """
INSERT INTO orders (number, certificate_id, uin, product_id, certificate_type, domain_num,
  time_span, status, project_id, alias, auto_renew, deal_id, tags, submission, names, attempt,
  key_pass, created_at, version)
VALUES ({attempt} + 1, '{its}', '1', 104, 'SVR', 1, 1, 0, 0, '', false, 'd', '[]', 1, '[]',
  {attempt}, false, '2026-03-01 12:00:00', 1)
"""
PROOF = """
INSERT INTO proofs (certificate_id, attempt, name, uin, kind, label, value, made_at, looks, reason,
seen, caa_reason, removals, version)
VALUES ('submitted', 1, 'example.com', '1', 'TXT', '_dnsauth', 'x', '2026-03-01 12:00:00', 0, '',
'[]', '', 0, 1)
"""


def fill(connection: Connection) -> None:
    """Bring a database to the revision before, with an order that was submitted and one not."""
    bring_to(connection, "0030")
    for attempt, its in enumerate(("bought", "submitted")):
        connection.exec_driver_sql(ORDER.format(attempt=attempt, its=its))
    connection.exec_driver_sql(PROOF)


def test_what_was_submitted_before_is_the_private_cas(migrated: Migrated) -> None:
    """So work on it goes on; what was not has no issuer yet."""
    store = migrated(fill)
    orders = store.read(lambda unit: unit.orders.where())
    assert {order.certificate_id: order.issuer for order in orders} == {
        "submitted": "private",
        "bought": None,
    }
    (proof,) = store.read(lambda unit: unit.proofs.where())
    assert proof.issuer == "private"
