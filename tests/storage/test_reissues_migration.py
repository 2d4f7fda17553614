"""Orders from before reissues know what renews them, when what was bought ends, what succeeds."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from certdesk.domain.order import Order
from certdesk.domain.renewal import first_look
from tests.storage.before import Migrated, bring_to

ORDER = """
INSERT INTO orders (number, certificate_id, uin, product_id, certificate_type, domain_num,
  time_span, status, project_id, alias, auto_renew, deal_id, tags, submission, names, attempt,
  key_pass, begins_at, ends_at, renews, created_at, version)
VALUES ({number}, '{its}', '1', {product}, 'SVR', 1,
  {years}, 1, 0, '', false, 'd', '[]', 1, '[]', {attempt},
  false, {begins}, {ends}, {renews}, '2026-03-01 12:00:00', 1)
"""
LEAP, HUNDRED, NINETY = "'2028-02-29 10:00:00'", "'2028-06-08 10:00:00'", "'2028-05-29 10:00:00'"


def fill(connection: Connection) -> None:
    """Bring a database to the tenth revision, and orders into it."""
    bring_to(connection, "0010")
    rows: list[dict[str, object]] = [
        {"its": "bought00", "years": 1, "ends": HUNDRED},
        {"its": "free0000", "product": 83, "years": 0, "ends": NINETY},
        {"its": "uploaded", "product": 97, "years": 0, "ends": NINETY, "attempt": 0},
        {"its": "waiting0", "years": 3, "begins": "NULL", "ends": "NULL"},
        {"its": "renewal1", "product": 83, "years": 0, "ends": NINETY, "renews": "'free0000'"},
        {"its": "renewal2", "product": 83, "years": 0, "ends": NINETY, "renews": "'free0000'"},
    ]
    usual = {"product": 25, "attempt": 1, "begins": LEAP, "renews": "NULL"}
    for number, row in enumerate(rows, 1):
        connection.exec_driver_sql(ORDER.format(**usual | row | {"number": number}))


def test_orders_of_before_are_linked_and_bounded(migrated: Migrated) -> None:
    """By the last renewal that was asked for; what was uploaded or not issued has no bound."""
    store = migrated(fill)
    orders = store.read(lambda unit: unit.orders.where(uin="1"))
    renewals = store.read(lambda unit: unit.renewals.where())

    def of(name: str) -> Order:
        return next(order for order in orders if order.certificate_id == name)

    assert of("bought00").ends_by == datetime(2029, 2, 28, 10, tzinfo=UTC)
    assert of("free0000").ends_by == of("free0000").ends_at
    assert (of("uploaded").ends_by, of("waiting0").ends_by) == (None, None)
    links = {order.certificate_id: order.renewed_by for order in orders if order.renewed_by}
    assert links == {"free0000": "renewal2"}
    assert renewals == [first_look(of("bought00"))]
    assert {order.certificate_id for order in orders if order.hosted} == {"bought00"}
