"""Pages of orders, found by indexes: the cost of a page does not grow with the number of orders.

Without a search, a list is a merge of a few ranges of an index, each newest first, and its length
is read from `order_counts`. With a search, the orders are found by words, ids or ends of
certificates, and counted.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from certdesk.domain.accounts.policy import UNBOUND
from certdesk.domain.orders.listing import OrderPage, OrderQuery, Sort, within_an_answer
from certdesk.domain.orders.order import WILD, Order
from certdesk.domain.values.products import UPLOADED
from certdesk.storage import order_words
from certdesk.storage.schema import ORDERS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Select

    from certdesk.storage.driver import Driver
    from certdesk.storage.order_counts import Cell, OrderCounts
    from certdesk.storage.order_words import WordIndex

Conditions: TypeAlias = tuple[ColumnElement[bool], ...]

TABLE = TABLES["orders"]
ITS = TABLE.c

AT_ONCE = 500
"""The most ids looked up by one statement."""

MOST_RANGES = 64
"""With more ranges it is faster to read all orders, newest first, until the page is full."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reach:
    """The orders of an account that policies allow.

    `every` are the projects that are allowed as a whole, except for the orders numbered in `less`.
    `more` are single orders that are allowed in other projects.
    """

    every: frozenset[int]
    partly: bool
    less: tuple[int, ...] = ()
    more: tuple[int, ...] = ()

    @property
    def kept(self) -> Conditions:
        """Return the SQL conditions that exclude the orders in `less`."""
        return (ITS.number.not_in(self.less),) if self.less else ()

    @property
    def conditions(self) -> Conditions:
        """Return the SQL conditions for an allowed order; none if all are allowed."""
        if not self.partly:
            return self.kept
        inside = sa.and_(ITS.project_id.in_(sorted(self.every)), *self.kept)
        return (sa.or_(inside, ITS.number.in_(self.more)),)


class OrderPages:
    """The search for pages, on a connection that is in a transaction."""

    def __init__(
        self, connection: Connection, driver: Driver, counts: OrderCounts, index: WordIndex
    ) -> None:
        """Read through `connection` and its driver; `index` is that of words."""
        self._connection = connection
        self._driver = driver
        self._counts = counts
        self._index = index

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
            return self._worded(query, (*_narrowed(query), *reach.conditions))
        mine = ITS.uin == query.uin
        every = (mine, *_narrowed(query), *reach.conditions)
        if query.ends_from or query.ends_until or _of_a_kind(query):
            return self._page(query, [every], self._count(every))
        ranges = _ranges(query, cells, reach)
        if len(ranges) > MOST_RANGES or query.sort is not Sort.NEWEST:
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
            some = wanted[start : start + AT_ONCE]
            rows = self._connection.execute(sa.select(TABLE).where(ITS.certificate_id.in_(some)))
            yield from (ORDERS.build(row._asdict()) for row in rows)

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
        extents = {project: query.extent(project) for project in projects}
        every = frozenset(project for project, extent in extents.items() if extent.every)
        ids = {id_ for extent in extents.values() for id_ in extent.ids}
        unbound = dataclasses.replace(query, grants=UNBOUND)
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
            found = self._index.materialized("words", self._index.found([], [word]))
            its = sa.select(TABLE).join(found, ITS.number == found.c.number)
            rows = self._connection.execute(its)
            yield from (ORDERS.build(row._asdict()) for row in rows)

    def _worded(self, query: OrderQuery, conditions: Conditions) -> OrderPage:
        index = self._index
        found = index.found(
            [order_words.beginning(query.uin, query.text)] if query.text else [],
            [order_words.tag_word(query.uin, tag) for tag in query.tags],
        )
        hits = index.materialized("words", found)
        if conditions or query.sort is not Sort.NEWEST:
            of_orders = hits.join(TABLE, ITS.number == hits.c.number)
            columns = sa.select(hits.c.number, ITS.ends_at)
            hits = index.materialized("hits", columns.select_from(of_orders).where(*conditions))
        counting = sa.select(sa.func.count()).select_from(hits)
        total = self._connection.execute(counting).scalar_one()
        ends_at = hits.c.get("ends_at", ITS.ends_at)
        rest = sa.select(hits.c.number).where(*_following(query, hits.c.number, ends_at))
        order = _sorted(query.sort, hits.c.number, ends_at)
        return self._numbered(query, rest.order_by(*order), total)

    def _page(self, query: OrderQuery, ranges: list[Conditions], total: int) -> OrderPage:
        following = _following(query, ITS.number, ITS.ends_at)
        ranges = [(*conditions, *following) for conditions in ranges]
        if query.sort is not Sort.NEWEST:
            ends = (ITS.ends_at.is_not(None), ITS.ends_at.is_(None))
            ranges = [(*conditions, end) for conditions in ranges for end in ends]
        if len(ranges) == 1:
            statement = sa.select(TABLE).where(*ranges[0]).order_by(*_in_range(query.sort))
            return self._built(query, _paged(query, statement), total)
        return self._numbered(query, _merged(query, ranges), total)

    def _numbered(self, query: OrderQuery, numbers: Select[Any], total: int) -> OrderPage:
        """Read the orders of a page, selected from a list of numbers."""
        statement = sa.select(TABLE).where(ITS.number.in_(_paged(query, numbers)))
        order = _sorted(query.sort, ITS.number, ITS.ends_at)
        return self._built(query, statement.order_by(*order), total)

    def _count(self, conditions: Conditions) -> int:
        counting = sa.select(sa.func.count()).select_from(TABLE).where(*conditions)
        return self._connection.execute(counting).scalar_one()

    def _built(self, query: OrderQuery, statement: Select[Any], total: int) -> OrderPage:
        if query.offset >= total or not query.limit:
            return OrderPage((), total)
        rows = self._connection.execute(statement)
        orders = (ORDERS.build(row._asdict()) for row in rows)
        return OrderPage(tuple(within_an_answer(orders)), total)


def _narrowed(query: OrderQuery) -> Conditions:
    """Return the SQL conditions for all of the query but account, ids, text, tags and policies."""
    conditions: list[ColumnElement[bool]] = []
    if query.project_id is not None:
        conditions.append(ITS.project_id == query.project_id)
    if query.statuses is not None:
        conditions.append(ITS.status.in_(sorted(query.statuses)))
    if query.ends_from is not None:
        conditions.append(ITS.ends_at >= query.ends_from)
    if query.ends_until is not None:
        conditions.append(ITS.ends_at <= query.ends_until)
    return (*conditions, *_of_a_kind(query))


def _following(
    query: OrderQuery, number: ColumnElement[int], ends_at: ColumnElement[Any]
) -> Conditions:
    """Return the SQL conditions equal to `OrderQuery.follows`."""
    seen = query.after
    if seen is None:
        return ()
    later = number > seen.number if query.sort is Sort.ENDS_FIRST else number < seen.number
    if query.sort is Sort.NEWEST:
        return (later,)
    if seen.ends_at is None:
        return (ends_at.is_(None), later)
    first = query.sort is Sort.ENDS_FIRST
    beyond = ends_at > seen.ends_at if first else ends_at < seen.ends_at
    return (sa.or_(ends_at.is_(None), beyond, sa.and_(ends_at == seen.ends_at, later)),)


def _of_a_kind(query: OrderQuery) -> Conditions:
    """Return the SQL conditions for the origin and the kind of certificates."""
    conditions: list[ColumnElement[bool]] = []
    if query.uploaded is not None:
        uploaded = ITS.product_id == UPLOADED
        conditions.append(uploaded if query.uploaded else ~uploaded)
    if query.certificate_type is not None:
        conditions.append(ITS.certificate_type == query.certificate_type)
    if query.plain:
        conditions.append(_has_plain_name())
    return tuple(conditions)


def _has_plain_name() -> ColumnElement[bool]:
    """Return the SQL condition that an order has a name that is not a wildcard.

    Further names are a JSON array of texts (`columns.Texts`), in which only the start of a text
    follows `["` or `","`. So the pattern removes the quotation mark before each wildcard.
    """
    marked = sa.func.replace(ITS.names, f'"{WILD}', WILD, type_=sa.Text)
    others = sa.or_(marked.like('["%'), marked.like('%","%'))
    return sa.and_(ITS.domain.is_not(None), sa.or_(ITS.domain.not_like(f"{WILD}%"), others))


def _ranges(query: OrderQuery, cells: list[Cell], reach: Reach) -> list[Conditions]:
    """Divide a list into ranges of indexes, and a range of the orders allowed by their ids."""
    mine = ITS.uin == query.uin
    named = [(ITS.number.in_(reach.more),)] if reach.more else []
    if reach.partly or query.project_id is not None:
        wanted = [(ITS.project_id == cell.project_id, ITS.status == cell.status) for cell in cells]
        return [*((mine, *each, *reach.kept) for each in wanted), *named]
    if query.statuses is None:
        return [(mine, *reach.kept)]
    statuses = sorted({cell.status for cell in cells})
    return [(mine, ITS.status == status, *reach.kept) for status in statuses]


def _paged(query: OrderQuery, statement: Select[Any]) -> Select[Any]:
    return statement.limit(query.limit).offset(query.offset)


def _merged(query: OrderQuery, ranges: list[Conditions]) -> Select[Any]:
    """Select the numbers of the first orders of all ranges, sorted."""
    most = query.offset + query.limit
    beginnings = [
        sa.select(ITS.number, ITS.ends_at)
        .where(*conditions)
        .order_by(*_in_range(query.sort))
        .limit(most)
        .subquery()
        for conditions in ranges
    ]
    found = sa.union_all(*(sa.select(beginning) for beginning in beginnings)).subquery()
    order = _sorted(query.sort, found.c.number, found.c.ends_at)
    return sa.select(found.c.number).order_by(*order)


def _in_range(sort: Sort) -> list[ColumnElement[Any]]:
    """Return the sort order in a range, whose orders either all have an end or all have none."""
    if sort is Sort.NEWEST:
        return [ITS.number.desc()]
    if sort is Sort.ENDS_FIRST:
        return [ITS.ends_at.asc(), ITS.number.asc()]
    return [ITS.ends_at.desc(), ITS.number.desc()]


def _sorted(
    sort: Sort, number: ColumnElement[int], ends_at: ColumnElement[Any]
) -> list[ColumnElement[Any]]:
    """Return the sort order of the list, the same as `OrderQuery.place`."""
    if sort is Sort.NEWEST:
        return [number.desc()]
    if sort is Sort.ENDS_FIRST:
        return [ends_at.is_(None), ends_at.asc(), number.asc()]
    return [ends_at.is_(None), ends_at.desc(), number.desc()]
