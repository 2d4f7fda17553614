"""Orders in SQL; every change also updates counts, words and managers' names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from certdesk.domain.orders.listing import OrderPage, OrderQuery, texts
from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import replace
from certdesk.ports import Stale, Taken
from certdesk.storage.collections import SqlCollection, Statements, earlier
from certdesk.storage.driver import Statement, insert_into
from certdesk.storage.manager_names import ManagerNames
from certdesk.storage.order_counts import OrderCounts
from certdesk.storage.order_pages import OrderPages
from certdesk.storage.order_selects import OrderSelects
from certdesk.storage.order_words import WordIndex, word_index, words
from certdesk.storage.schema import ORDERS

if TYPE_CHECKING:
    from datetime import datetime

    from certdesk.storage.driver import Driver
    from certdesk.storage.usage import Tally


class OrderStatements(Statements[Order]):
    """The SQL that only orders need."""

    def __init__(self, dialect: str) -> None:
        """Build the statements for `sqlite` or `postgresql`."""
        super().__init__(ORDERS, dialect)
        self.index: WordIndex = word_index(dialect)
        self.selects = OrderSelects(self.index)
        self.counts = OrderCounts(dialect)
        self.manager_names = ManagerNames(dialect)
        # Nothing is returned if the id or the number is taken.
        number = self.table.c.number
        inserted = insert_into(self.table, dialect).on_conflict_do_nothing().returning(number)
        self.insert_numbered = Statement(inserted, sets=ORDERS.fields)
        self.insert_next = Statement(inserted, sets=ORDERS.fields.keys() - {"number"})


class SqlOrders(SqlCollection[Order]):
    """`ports.Orders` on a connection that is in a transaction."""

    def __init__(
        self,
        statements: OrderStatements,
        driver: Driver,
        tally: Tally,
        *,
        writable: bool,
    ) -> None:
        """Read and, if `writable`, write through `driver`."""
        super().__init__(statements, driver, writable=writable)
        self._orders = statements
        self._tally = tally
        self._last: tuple[int, Order | None] = (tally.commit, None)
        self._pages = OrderPages(driver, statements.cache, statements.counts, statements.selects)

    def page(self, query: OrderQuery) -> OrderPage:
        """Return a page of an account's orders, and how many there are in all."""
        return self._pages.page(query)

    def count_names(self, *, uin: str, manager_id: int) -> int:
        """Count the different names in the orders of an account that name a manager."""
        return self._orders.manager_names.count(self._driver, uin, manager_id)

    def add(self, record: Order) -> Order:
        """Store a new order with the next number, if it has none."""
        self._check_writable()
        statement = self._orders.insert_numbered if record.number else self._orders.insert_next
        inserted = statement.first(self._driver, ORDERS.values(record))
        if inserted is None:
            raise Taken(ORDERS.name)
        (number,) = inserted
        added = replace(record, number=number)
        self._note(None, added)
        return added

    def get(self, *key: object) -> Order | None:
        """Read one order, or None."""
        order = super().get(*key)
        if self._writable:
            self._last = (self._tally.commit, order)
        return order

    def replace(self, record: Order) -> Order:
        """Store a changed order if its version is still the stored one."""
        self._check_writable()
        before = self._stored(record)
        if before is None:
            raise Stale(ORDERS.name)
        changed = super().replace(replace(record, number=before.number))
        self._last = (self._tally.commit, changed)
        self._note(before, changed)
        return changed

    def _stored(self, record: Order) -> Order | None:
        """Return an order as it is stored, without reading it twice in a commit."""
        commit, order = self._last
        its = (self._tally.commit, record.certificate_id, record.version)
        if order is not None and (commit, order.certificate_id, order.version) == its:
            return order
        return self.get(record.certificate_id)

    def remove(self, *key: object) -> bool:
        """Delete an order; return whether it was there."""
        self._check_writable()
        before = self.get(*key)
        if before is not None:
            super().remove(*key)
            self._note(before, None)
        return before is not None

    def prune(self, field: str, before: datetime, **equal: object) -> int:
        """Delete the orders whose time in `field` is earlier; return how many there were."""
        old = earlier(self, field, before, equal)
        return sum(self.remove(order.certificate_id) for order in old)

    def _note(self, before: Order | None, after: Order | None) -> None:
        """Update what is derived from an order that has changed."""
        self._tally.note(ORDERS, before, after)
        self._orders.counts.note(self._driver, before, after)
        if _searched(before) != _searched(after):
            self._note_words(before, after)
        self._orders.manager_names.note(self._driver, before, after)

    def _note_words(self, before: Order | None, after: Order | None) -> None:
        index = self._orders.index
        if before is not None and after is not None:
            index.change(self._driver, after.number, words(before), words(after))
        elif before is not None:
            index.take(self._driver, before.number, words(before))
        elif after is not None:
            index.put(self._driver, after.number, words(after))


def _searched(order: Order | None) -> tuple[object, ...]:
    return () if order is None else (order.uin, texts(order), order.tags, order.origins)
