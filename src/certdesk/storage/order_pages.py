"""Pages of orders, found by indexes: what a page costs does not grow with the orders there are.

Without a search a list is a few ranges of an index, each newest first, which are merged, and
`order_counts` says how long it is. With one, the words, the ids or the ends of certificates lead
to its orders, which are counted.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from certdesk.domain.listing import Extent, OrderPage, OrderQuery, Sort
from certdesk.domain.order import Status
from certdesk.storage import order_words
from certdesk.storage.schema import ORDER_COUNTS, ORDERS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Select

    from certdesk.storage.order_words import WordIndex

Conditions: TypeAlias = tuple[ColumnElement[bool], ...]

TABLE = TABLES["orders"]
ITS = TABLE.c

MOST_RANGES = 64
"""With more it is better to go through all orders, newest first, until the page is full."""


class Cell(NamedTuple):
    """How many orders of an account are in a project at a status."""

    project_id: int
    status: Status
    orders: int


class OrderPages:
    """Finds pages on a connection that is in a transaction."""

    def __init__(self, connection: Connection, index: WordIndex) -> None:
        """Read through `connection`, whose database has the words of orders in `index`."""
        self._connection = connection
        self._index = index

    def page(self, query: OrderQuery) -> OrderPage:
        """Give a page, and how many orders the list has."""
        cells = self._cells(query)
        extents = {cell.project_id: query.extent(cell.project_id) for cell in cells}
        cells = [cell for cell in cells if not extents[cell.project_id].empty]
        if not cells:
            return OrderPage((), 0)
        if query.text or query.tags:
            return self._worded(query, (*_narrowed(query), *_allowed(extents)))
        all_conditions = (ITS.uin == query.uin, *_narrowed(query), *_allowed(extents))
        if _looks_up(query):
            return self._page(query, [all_conditions], self._count(all_conditions))
        ranges = _ranges(query, cells, extents)
        if len(ranges) > MOST_RANGES or query.sort is not Sort.NEWEST:
            ranges = [all_conditions]
        return self._page(query, ranges, self._total(query, cells, extents))

    def _cells(self, query: OrderQuery) -> list[Cell]:
        its = ORDER_COUNTS.c
        statement = sa.select(its.project_id, its.status, its.orders).where(
            its.uin == query.uin, its.orders > 0
        )
        if query.project_id is not None:
            statement = statement.where(its.project_id == query.project_id)
        rows = self._connection.execute(statement.order_by(its.project_id, its.status))
        return [
            Cell(*row) for row in rows if query.statuses is None or row.status in query.statuses
        ]

    def _total(self, query: OrderQuery, cells: list[Cell], extents: dict[int, Extent]) -> int:
        """Add up the cells, and count only what is allowed or denied by its id."""
        total = sum(cell.orders for cell in cells if extents[cell.project_id].every)
        for extent, projects in _by_extent(extents):
            if extent.ids:
                named = (ITS.certificate_id.in_(extent.ids), ITS.project_id.in_(projects))
                count = self._count((ITS.uin == query.uin, *_narrowed(query), *named))
                total += -count if extent.every else count
        return total

    def _worded(self, query: OrderQuery, conditions: Conditions) -> OrderPage:
        beginnings = [order_words.beginning(query.uin, query.text)] if query.text else []
        tags = [order_words.tag_word(query.uin, tag) for tag in query.tags]
        index = self._index
        matching = index.matching(beginnings, tags)
        source = index.rows.join(TABLE, ITS.number == index.number) if conditions else index.rows
        counting = sa.select(sa.func.count()).select_from(source).where(matching, *conditions)
        total = self._connection.execute(counting).scalar_one()
        joined = index.rows.join(TABLE, ITS.number == index.number)
        statement = (
            sa.select(TABLE)
            .select_from(joined)
            .where(matching, *conditions)
            .order_by(*_sorted(query.sort, index.number, ITS.ends_at))
        )
        return self._built(query, statement.limit(query.limit).offset(query.offset), total)

    def _page(self, query: OrderQuery, ranges: list[Conditions], total: int) -> OrderPage:
        if query.sort is not Sort.NEWEST:
            ranges = [
                (*conditions, has_end)
                for conditions in ranges
                for has_end in (ITS.ends_at.is_not(None), ITS.ends_at.is_(None))
            ]
        if len(ranges) == 1:
            statement = sa.select(TABLE).where(*ranges[0])
            statement = statement.order_by(*_in_range(query.sort))
            statement = statement.limit(query.limit).offset(query.offset)
        else:
            statement = sa.select(TABLE).where(ITS.number.in_(_merged(query, ranges)))
            statement = statement.order_by(*_sorted(query.sort, ITS.number, ITS.ends_at))
        return self._built(query, statement, total)

    def _count(self, conditions: Conditions) -> int:
        counting = sa.select(sa.func.count()).select_from(TABLE).where(*conditions)
        return self._connection.execute(counting).scalar_one()

    def _built(self, query: OrderQuery, statement: Select[Any], total: int) -> OrderPage:
        if query.offset >= total or not query.limit:
            return OrderPage((), total)
        rows = self._connection.execute(statement)
        return OrderPage(tuple(ORDERS.build(row._asdict()) for row in rows), total)


def _looks_up(query: OrderQuery) -> bool:
    """Whether something leads to the orders other than project and status."""
    return query.certificates is not None or bool(query.ends_from or query.ends_until)


def _narrowed(query: OrderQuery) -> Conditions:
    """Say in SQL what the query says besides account, text, tags and policies."""
    conditions: list[ColumnElement[bool]] = []
    if query.project_id is not None:
        conditions.append(ITS.project_id == query.project_id)
    if query.statuses is not None:
        conditions.append(ITS.status.in_(sorted(query.statuses)))
    if query.certificates is not None:
        conditions.append(ITS.certificate_id.in_(query.certificates))
    if query.ends_from is not None:
        conditions.append(ITS.ends_at >= query.ends_from)
    if query.ends_until is not None:
        conditions.append(ITS.ends_at <= query.ends_until)
    return tuple(conditions)


def _allowed(extents: dict[int, Extent]) -> Conditions:
    """Say in SQL what policies allow; nothing where they allow everything."""
    if all(extent.whole for extent in extents.values()):
        return ()
    parts: list[ColumnElement[bool]] = []
    for extent, projects in _by_extent(extents):
        inside = ITS.project_id.in_(projects)
        if extent.whole:
            parts.append(inside)
        elif extent.every:
            parts.append(inside & ITS.certificate_id.not_in(extent.ids))
        elif extent.ids:
            parts.append(inside & ITS.certificate_id.in_(extent.ids))
    return (sa.or_(*parts),)


def _ranges(query: OrderQuery, cells: list[Cell], extents: dict[int, Extent]) -> list[Conditions]:
    """Divide a list into ranges of indexes."""
    mine = ITS.uin == query.uin
    if query.project_id is None and all(extent.whole for extent in extents.values()):
        if query.statuses is None:
            return [(mine,)]
        return [(mine, ITS.status == status) for status in sorted({c.status for c in cells})]
    ranges = [
        (
            mine,
            ITS.project_id == cell.project_id,
            ITS.status == cell.status,
            *([ITS.certificate_id.not_in(extent.ids)] if extent.ids else []),
        )
        for cell in cells
        if (extent := extents[cell.project_id]).every
    ]
    for extent, projects in _by_extent(extents):
        if extent.ids and not extent.every:
            named = (ITS.certificate_id.in_(extent.ids), ITS.project_id.in_(projects))
            ranges.append((mine, *_narrowed(query), *named))
    return ranges


def _merged(query: OrderQuery, ranges: list[Conditions]) -> Select[Any]:
    """Select the numbers of the orders on the page from the beginnings of all ranges."""
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
    return (
        sa.select(found.c.number)
        .order_by(*_sorted(query.sort, found.c.number, found.c.ends_at))
        .limit(query.limit)
        .offset(query.offset)
    )


def _in_range(sort: Sort) -> list[ColumnElement[Any]]:
    """Give the order within a range, whose orders all have an end, or all have none."""
    if sort is Sort.NEWEST:
        return [ITS.number.desc()]
    if sort is Sort.ENDS_FIRST:
        return [ITS.ends_at.asc(), ITS.number.asc()]
    return [ITS.ends_at.desc(), ITS.number.desc()]


def _sorted(
    sort: Sort, number: ColumnElement[int], ends_at: ColumnElement[Any]
) -> list[ColumnElement[Any]]:
    """Give the order of the list, as `OrderQuery.place` has it."""
    if sort is Sort.NEWEST:
        return [number.desc()]
    if sort is Sort.ENDS_FIRST:
        return [ends_at.is_(None), ends_at.asc(), number.asc()]
    return [ends_at.is_(None), ends_at.desc(), number.desc()]


def _by_extent(extents: dict[int, Extent]) -> Iterable[tuple[Extent, list[int]]]:
    """Gather the projects of each extent."""
    gathered: defaultdict[Extent, list[int]] = defaultdict(list)
    for project, extent in extents.items():
        gathered[extent].append(project)
    return gathered.items()
