"""Units of any kind of store, and units on a database connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from certdesk.ports import COLLECTIONS, Unit
from certdesk.storage.audit import SqlAudit
from certdesk.storage.collections import SqlCollection, Statements
from certdesk.storage.counted import Counted, CountedAudit
from certdesk.storage.orders import OrderStatements, SqlOrders
from certdesk.storage.schema import AUDIT, ORDERS
from certdesk.storage.usage import EmbeddedUsage, SqlUsage, Tally, UsageStatements

if TYPE_CHECKING:
    from collections.abc import Callable

    from certdesk.ports import AuditLog, Collection, CollectionSpec, Orders, Usage
    from certdesk.storage.driver import Driver


def open_unit(
    opened: Callable[[CollectionSpec[Any]], Collection[Any]],
    orders: Orders,
    audit: AuditLog,
    usage: Usage,
    tally: Tally,
) -> Unit:
    """Open every collection; the given ones are those with pages.

    Records are counted in `tally`; `orders` count their own.
    """
    others: dict[str, Any] = {}
    for spec in PLAIN:
        inner = opened(spec)
        others[spec.name] = Counted(spec, inner, tally) if spec.measure else inner
    return Unit(orders=orders, audit=CountedAudit(AUDIT, audit, tally), usage=usage, **others)


PLAIN = [spec for spec in COLLECTIONS if spec not in (ORDERS, AUDIT)]
"""The collections without pages."""


class Sql:
    """Units on connections of one dialect, which share their statements."""

    def __init__(self, dialect: str) -> None:
        """Build every statement for `sqlite` or `postgresql`."""
        self._statements = {spec: Statements(spec, dialect) for spec in PLAIN}
        self._orders = OrderStatements(dialect)
        self._audit = Statements(AUDIT, dialect)
        self._usage = UsageStatements(dialect)
        self._embedded = dialect == "sqlite"

    def unit(self, driver: Driver, usage: SqlUsage, *, writable: bool) -> Unit:
        """Open every collection on a connection; the caller begins and ends transactions."""
        tally = usage.tally
        return open_unit(
            lambda spec: SqlCollection(self._statements[spec], driver, writable=writable),
            SqlOrders(self._orders, driver, tally, writable=writable),
            SqlAudit(self._audit, driver, writable=writable),
            usage,
            tally,
        )

    def usage(self, driver: Driver, *, writable: bool) -> SqlUsage:
        """Return the usage of accounts, counted on this connection."""
        # Only one connection writes to an embedded database at a time.
        kind = EmbeddedUsage if self._embedded and writable else SqlUsage
        return kind(self._usage, driver)
