"""Orders from before know whether their private key and their root are kept."""

from __future__ import annotations

from sqlalchemy import Connection

from tests.storage.before import Migrated, bring_to

ORDER = """
INSERT INTO orders (number, certificate_id, uin, product_id, certificate_type, domain_num,
  time_span, status, project_id, alias, auto_renew, deal_id, tags, submission, names, attempt,
  key_pass, created_at, version)
VALUES ({number}, '{its}', '1', 25, 'SVR', 1,
  1, 1, 0, '', false, 'd', '[]', {submission}, '[]', {attempt},
  false, '2026-03-01 12:00:00', 1)
"""
SUBMISSION = """
INSERT INTO submissions (certificate_id, number, uin, submitted_at, request_id, facts, personal,
  private_key, csr, key, spki_sha256, warnings, inspected, version)
VALUES ('{its}', {number}, '1', '2026-03-01 12:00:00', 'r{its}{number}', '{{}}', {some},
  {key}, 'csr', 'RSA 2048', {some}, '[]', true, 1)
"""
CERTIFICATE = """
INSERT INTO certificates (certificate_id, attempt, uin, issuer, serial, leaf, chain, root, key,
  spki_sha256, sha1, sha256, begins_at, ends_at, kept_at, private_key)
VALUES ('{its}', {attempt}, '1', 'i', '{its}', {some}, '', {root}, 'RSA 2048',
  {some}, 's', 's', '2026-03-01 12:00:00', '2026-06-01 12:00:00', '2026-03-01 12:00:00', {key})
"""

KEPT = {
    "online00": (True, True),
    "parsed00": (False, True),
    "rootless": (True, False),
    "uploaded": (True, False),
    "foreign0": (False, False),
    "waiting0": (True, False),
}
"""Whether key and root are kept of each order that `fill` brings in."""


def fill(connection: Connection) -> None:
    """Bring a database to the revision before, and orders into it with what belongs to them."""
    bring_to(connection, "0027")
    some = "'\\x78'::bytea" if connection.dialect.name == "postgresql" else "x'78'"

    def put(statement: str, **values: object) -> None:
        connection.exec_driver_sql(statement.format(some=some, **values))

    for number, its in enumerate(KEPT, 1):
        own = its in ("uploaded", "foreign0")
        put(ORDER, number=number, its=its, submission=0 if own else 2, attempt=0 if own else 1)
        if not own:
            # The first, which is not in force, has the opposite.
            kept = its != "parsed00"
            put(SUBMISSION, its=its, number=1, key="NULL" if kept else some)
            put(SUBMISSION, its=its, number=2, key=some if kept else "NULL")
        if its != "waiting0":
            root = some if its in ("online00", "parsed00") else "NULL"
            key = some if its == "uploaded" else "NULL"
            put(CERTIFICATE, its=its, attempt=0 if own else 1, root=root, key=key)


def test_orders_of_before_know_what_is_kept_of_them(migrated: Migrated) -> None:
    """By the material in force, by the certificate, or by neither."""
    store = migrated(fill)
    orders = store.read(lambda unit: unit.orders.where(uin="1"))
    assert {order.certificate_id: (order.key_kept, order.root_known) for order in orders} == KEPT
