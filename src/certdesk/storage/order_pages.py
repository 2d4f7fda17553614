"""Pages of orders, found by indexes: the cost of a page does not grow with the number of orders.

Without a search, a list is a merge of a few ranges of an index, each newest first, and its length
is read from `order_counts`. With a search, the orders are found by words, ids or ends of
certificates, and counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from certdesk.domain.accounts.policy import UNBOUND
from certdesk.domain.orders.listing import OrderPage, OrderQuery, Sort, within_an_answer
from certdesk.domain.values.products import UPLOADED
from certdesk.domain.values.record import Record, replace
from certdesk.storage import order_words
from certdesk.storage.order_selects import OrderSelects, count, named, page
from certdesk.storage.schema import ORDERS
from certdesk.storage.statement_cache import padded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from certdesk.domain.orders.order import Order
    from certdesk.storage.driver import Driver, Row
    from certdesk.storage.order_counts import Cell, OrderCounts
    from certdesk.storage.statement_cache import Make, StatementCache, Values

AT_ONCE = 500
"""The most ids looked up by one statement."""

MOST_RANGES = 64
"""With more ranges it is faster to read all orders, newest first, until the page is full."""

MOST_VALUES = 2_000
"""The most values in the ranges of a statement: each takes time to compile and memory to keep."""


class Reach(Record):
    """The orders of an account that policies allow.

    `every` are the projects that are allowed as a whole, except for the orders numbered in `less`.
    `more` are single orders that are allowed in other projects.
    """

    every: frozenset[int]
    partly: bool
    less: tuple[int, ...] = ()
    more: tuple[int, ...] = ()

    @property
    def kept(self) -> Values:
        """Return the filter that excludes the orders in `less`."""
        return {"not_numbers": padded(self.less)} if self.less else {}

    @property
    def filter(self) -> Values:
        """Return the filter for an allowed order; empty if all are allowed."""
        if not self.partly:
            return self.kept
        inside = {"projects": padded(sorted(self.every)), **self.kept}
        return {"either": [inside, {"numbers": padded(self.more)}]}


class OrderPages:
    """The search for pages, on a connection that is in a transaction."""

    def __init__(
        self, driver: Driver, cache: StatementCache, counts: OrderCounts, selects: OrderSelects
    ) -> None:
        """Read through `driver`, with statements from `cache`."""
        self._driver = driver
        self._cache = cache
        self._counts = counts
        self._selects = selects

    def page(self, query: OrderQuery) -> OrderPage:
        """Return a page, and how many orders the list has."""
        if query.certificates is not None:
            return self._of_ids(query, query.certificates)
        cells = self._cells(query)
        reach = self._reach(query, {cell.project_id for cell in cells})
        cells = [cell for cell in cells if cell.project_id in reach.every]
        if not cells and not reach.more:
            return OrderPage((), 0)
        if query.text or query.tags:
            return self._worded(query, {**_narrowed(query), **reach.filter})
        every = {"uin": query.uin, **_narrowed(query), **reach.filter}
        if query.ends_from or query.ends_until or _of_a_kind(query):
            total = self._cache.number(self._driver, count, every)
            return self._page(query, [every], total)
        ranges = _ranges(query, cells, reach)
        values = len(ranges) * (1 + len(reach.less))
        if len(ranges) > MOST_RANGES or values > MOST_VALUES or query.sort is not Sort.NEWEST:
            ranges = [every]
        total = sum(cell.orders for cell in cells) - len(reach.less) + len(reach.more)
        return self._page(query, ranges, total)

    def _of_ids(self, query: OrderQuery, ids: Iterable[str]) -> OrderPage:
        """Return a page of orders that are found by their ids; sort and count them in memory."""
        mine = within_an_answer(filter(query.has, self._named(ids)))
        found = sorted(mine, key=query.place)
        rest = [order for order in found if query.follows(order)]
        page = rest[query.offset : query.offset + query.limit]
        return OrderPage(tuple(page), len(found))

    def _named(self, ids: Iterable[str]) -> Iterator[Order]:
        wanted = sorted(ids)
        for start in range(0, len(wanted), AT_ONCE):
            some = padded(wanted[start : start + AT_ONCE])
            yield from self._cache.take(self._driver, _orders, named, {"ids": some})

    def _cells(self, query: OrderQuery) -> list[Cell]:
        cells = self._counts.cells(self._driver, query.uin)
        return [
            cell
            for cell in cells
            if query.project_id in {None, cell.project_id}
            and (query.statuses is None or cell.status in query.statuses)
        ]

    def _reach(self, query: OrderQuery, projects: set[int]) -> Reach:
        """Return which projects and single orders the policies allow.

        Orders derived from a certificate that a policy denies are denied as well.
        """
        if query.grants == UNBOUND:
            return Reach(every=frozenset(projects), partly=False)
        extents = {project: query.extent(project) for project in projects}
        every = frozenset(project for project, extent in extents.items() if extent.every)
        ids = {id_ for extent in extents.values() for id_ in extent.ids}
        unbound = replace(query, grants=UNBOUND)
        named = {order.number: order for order in (*self._named(ids), *self._derived(query))}
        special = [order for order in named.values() if unbound.has(order)]
        return Reach(
            every=every,
            partly=every != projects,
            less=tuple(o.number for o in special if o.project_id in every and not query.has(o)),
            more=tuple(o.number for o in special if o.project_id not in every and query.has(o)),
        )

    def _derived(self, query: OrderQuery) -> Iterator[Order]:
        """Read the orders derived from certificates that policies deny."""
        for certificate_id in sorted(query.grants.denied_certificates(query.permission)):
            word = order_words.origin_word(query.uin, certificate_id)
            words = self._selects.index.terms([], [word])
            made = self._selects.worded
            yield from self._cache.take(self._driver, _orders, made, {"words": words})

    def _worded(self, query: OrderQuery, narrowed: Values) -> OrderPage:
        words = self._selects.index.terms(
            [order_words.beginning(query.uin, query.text)] if query.text else [],
            [order_words.tag_word(query.uin, tag) for tag in query.tags],
        )
        values = {**_paging(query), "words": words, "filter": narrowed}
        total = self._cache.number(self._driver, self._selects.hits, values, query.sort)
        return self._built(query, self._selects.page_of_hits, values, total)

    def _page(self, query: OrderQuery, ranges: list[Values], total: int) -> OrderPage:
        return self._built(query, page, {**_paging(query), "ranges": ranges}, total)

    def _built(self, query: OrderQuery, make: Make, values: Values, total: int) -> OrderPage:
        if query.offset >= total or not query.limit:
            return OrderPage((), total)
        orders = self._cache.take(self._driver, _that_fit, make, values, query.sort)
        return OrderPage(orders, total)


def _that_fit(rows: Iterator[Row]) -> tuple[Order, ...]:
    """Return the orders of a page, or read no further if they do not fit into an answer."""
    return tuple(within_an_answer(map(ORDERS.build, rows)))


def _orders(rows: Iterator[Row]) -> list[Order]:
    return [ORDERS.build(row) for row in rows]


def _paging(query: OrderQuery) -> Values:
    """Return where a page begins and how long it is."""
    after = query.after
    return {
        "after": None if after is None else {"number": after.number, "ends_at": after.ends_at},
        "limit": query.limit,
        "offset": query.offset,
        "most": query.offset + query.limit,
    }


def _narrowed(query: OrderQuery) -> Values:
    """Return the filter for all of the query but account, ids, text, tags and policies."""
    statuses = None if query.statuses is None else padded(sorted(query.statuses))
    given = {
        "project_id": query.project_id,
        "statuses": statuses,
        "ends_from": query.ends_from,
        "ends_until": query.ends_until,
    }
    return {name: value for name, value in given.items() if value is not None} | _of_a_kind(query)


def _of_a_kind(query: OrderQuery) -> dict[str, object]:
    """Return the filter for the origin and the kind of certificates."""
    found: dict[str, object] = {}
    if query.uploaded is not None:
        found["product_id" if query.uploaded else "not_product_id"] = UPLOADED
    if query.certificate_type is not None:
        found["certificate_type"] = query.certificate_type
    if query.plain:
        found["plain"] = True
    return found


def _ranges(query: OrderQuery, cells: list[Cell], reach: Reach) -> list[Values]:
    """Divide a list into ranges of indexes, and a range of the orders allowed by their ids."""
    mine: Values = {"uin": query.uin}
    numbers: list[Values] = [{"numbers": padded(reach.more)}] if reach.more else []
    if reach.partly or query.project_id is not None:
        wanted = [{"project_id": cell.project_id, "status": cell.status} for cell in cells]
        return [*({**mine, **each, **reach.kept} for each in wanted), *numbers]
    if query.statuses is None:
        return [{**mine, **reach.kept}]
    statuses = sorted({cell.status for cell in cells})
    return [{**mine, "status": status, **reach.kept} for status in statuses]
