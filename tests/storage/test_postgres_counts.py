"""Counts on PostgreSQL: commits of one account that run at once do not lose to each other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.listing import OrderQuery
from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import replace
from certdesk.storage.postgresql.parts import PARTS, PARTS_LOCK
from tests.storage.stores import opened

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from certdesk.ports import Store, Unit
    from certdesk.storage.postgresql.store import PostgresStore

pytestmark = pytest.mark.needs("postgres")


def order(certificate_id: str) -> Order:
    """Make an order of the account 1, for a name that all of them have, by manager 7."""
    return Order(
        certificate_id=certificate_id,
        uin="1",
        product_id=25,
        domain_num=1,
        time_span=1,
        status=Status.AWAITING_MATERIAL,
        deal_id="20260301",
        domain="example.com",
        manager_id=7,
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def counts(store: Store) -> tuple[int, int]:
    """Read how many orders the account has, and how many names the manager has."""

    def look(unit: Unit) -> tuple[int, int]:
        page = unit.orders.page(OrderQuery(uin="1", limit=1))
        return page.total, unit.orders.count_names(uin="1", manager_id=7)

    return store.read(look)


@pytest.fixture
def taken(foreign: psycopg.Connection[Any]) -> None:
    """Let another program have every part."""
    ask = "SELECT pg_advisory_lock(%s, part) FROM generate_series(0, %s) AS part"
    foreign.execute(ask, [PARTS_LOCK, PARTS - 1])


def test_orders_that_are_bought_at_once_are_counted_at_the_first_attempt(
    store: PostgresStore, url: str
) -> None:
    """Although they have the account, the status, the manager and the name in common."""
    attempts = []

    def commit(unit: Unit) -> None:
        attempts.append(unit.orders.add(order("first")))
        other.write(lambda beside: beside.orders.add(order("second")))

    with opened(url) as other:
        store.write(commit)

    assert len(attempts) == 1
    assert counts(store) == (2, 1)


def test_an_order_is_no_longer_counted_whichever_connection_removes_it(
    store: PostgresStore, url: str
) -> None:
    """The one that removes it has counted nothing before."""
    store.write(lambda unit: [unit.orders.add(order(name)) for name in ("first", "second")])

    with opened(url) as other:
        for expected, name in (((1, 1), "first"), ((0, 0), "second")):
            other.write(removing(name))
            assert counts(store) == expected


@pytest.mark.usefixtures("taken")
def test_a_connection_that_finds_no_part_left_counts_as_well(url: str) -> None:
    """It shares one."""
    with opened(url) as store:
        store.write(lambda unit: unit.orders.add(order("first")))
        assert counts(store) == (1, 1)


def removing(certificate_id: str) -> Callable[[Unit], bool]:
    """Make a commit that removes an order, after another change of it."""

    def commit(unit: Unit) -> bool:
        found = unit.orders.get(certificate_id)
        assert found
        unit.orders.replace(replace(found, alias="late"))
        return unit.orders.remove(certificate_id)

    return commit
