"""Orders of older versions come into the lists, on either database."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy

from certdesk.domain.lifecycle import Status
from certdesk.domain.listing import OrderPage, OrderQuery
from certdesk.domain.order import Explanation, Order
from tests.storage.before import Migrated, bring_to

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from certdesk.ports import Store, Unit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDERS = """
INSERT INTO orders VALUES
  ('bbbbbbbb', '1', 25, 1, 1, 5, NULL, 0, '', true, 'd', '[["team","web"]]', 2,
   '2026-03-01 12:00:02', 4),
  ('aaaaaaaa', '1', 26, 2, 1, 7, 'gone', 3, 'Mine', false, 'd', '[]', 0,
   '2026-03-01 12:00:01', 1),
  ('cccccccc', '2', 25, 1, 1, 5, NULL, 0, '', false, 'd', '[]', 0, '2026-03-01 12:00:00', 1)
"""
SUBMISSION = """
INSERT INTO submissions VALUES
  ('bbbbbbbb', :number, '1', '2026-03-01 12:00:03', 'r', :facts, :some, :some, NULL, 'csr',
   'RSA 2048', :some, NULL, 9, '[]', true, 1)
"""
FACTS = '{{"common_name":"{name}","holder":2,"other_names":["www.{name}"],"verify_type":"DNS"}}'


@pytest.fixture
def store(migrated: Migrated) -> Store:
    """A store that was filled at the third revision."""
    return migrated(fill)


def fill(connection: Connection) -> None:
    """Bring a database to the third revision, and three orders and two submissions into it."""
    bring_to(connection, "0003")
    connection.exec_driver_sql(ORDERS)
    for number, name in ((1, "old.example"), (2, "New.example")):
        facts = FACTS.format(name=name)
        values = {"number": number, "facts": facts, "some": b"\x00"}
        connection.execute(sqlalchemy.text(SUBMISSION), values)


def test_orders_of_before_are_numbered_and_found(store: Store) -> None:
    """As they were bought, with what was handed in last, and what it is searched by."""

    def pages(unit: Unit) -> list[OrderPage]:
        query = OrderQuery(uin="1", limit=10)
        return [
            unit.orders.page(each)
            for each in (
                query,
                dataclasses.replace(query, text="www.new"),
                dataclasses.replace(query, text="mine", statuses=frozenset({Status.CANCELLED})),
                dataclasses.replace(query, tags=(("team", "web"),)),
                dataclasses.replace(query, text="old."),
            )
        ]

    names = store.read(lambda unit: unit.orders.count_names(uin="1", manager_id=9))
    every, by_name, by_alias, by_tag, by_old_name = store.read(pages)
    newest, oldest = every.orders
    another = dataclasses.replace(newest, certificate_id="d", number=0)
    added = store.write(lambda unit: unit.orders.add(another))

    assert (newest, every.total) == (
        Order(
            certificate_id="bbbbbbbb",
            uin="1",
            product_id=25,
            domain_num=1,
            time_span=1,
            status=Status.AWAITING_MATERIAL,
            auto_renew=True,
            deal_id="d",
            tags=(("team", "web"),),
            submission=2,
            domain="New.example",
            names=("www.New.example",),
            holder=2,
            verify_type="DNS",
            key="RSA 2048",
            key_pass=True,
            manager_id=9,
            created_at=NOON + timedelta(seconds=2),
            version=4,
        ),
        2,
    )
    assert (oldest.certificate_id, oldest.reason, oldest.domain) == (
        "aaaaaaaa",
        Explanation("gone"),
        None,
    )
    assert [each.number for each in (oldest, newest)] == [2, 3]
    assert (by_name.orders, by_tag.orders, by_old_name.orders) == ((newest,), (newest,), ())
    assert by_alias.orders == (oldest,)
    assert added.number == 4
    assert names == 2
