"""The SELECTs of lists of orders, made from filters.

A filter is a mapping of values, or of parameters in their place, by the names in `_CONDITIONS`. An
order is in it if all its conditions hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from certdesk.domain.orders.listing import Sort
from certdesk.domain.orders.order import WILD
from certdesk.storage.schema import ORDERS, TABLES
from certdesk.storage.statement_cache import Values, among

if TYPE_CHECKING:
    from sqlalchemy import FromClause, Select

    from certdesk.storage.order_words import WordIndex

Conditions: TypeAlias = tuple[ColumnElement[bool], ...]

TABLE = TABLES[ORDERS.name]
ITS = TABLE.c


def _has_plain_name(_: object) -> ColumnElement[bool]:
    """Return the SQL condition that an order has a name that is not a wildcard.

    Further names are a JSON array of texts (`columns.py`), in which only the start of a text
    follows `["` or `","`. So the pattern removes the quotation mark before each wildcard.
    """
    marked = sa.func.replace(ITS.names, f'"{WILD}', WILD, type_=sa.Text)
    others = sa.or_(marked.like('["%'), marked.like('%","%'))
    return sa.and_(ITS.domain.is_not(None), sa.or_(ITS.domain.not_like(f"{WILD}%"), others))


_CONDITIONS: Mapping[str, Callable[[Any], ColumnElement[bool]]] = {
    "uin": lambda it: ITS.uin == it,
    "project_id": lambda it: ITS.project_id == it,
    "projects": lambda its: among(ITS.project_id, its),
    "status": lambda it: ITS.status == it,
    "statuses": lambda its: among(ITS.status, its),
    "numbers": lambda its: among(ITS.number, its),
    "not_numbers": ITS.number.not_in,
    "product_id": lambda it: ITS.product_id == it,
    "not_product_id": lambda it: ITS.product_id != it,
    "certificate_type": lambda it: ITS.certificate_type == it,
    "ends_from": lambda it: ITS.ends_at >= it,
    "ends_until": lambda it: ITS.ends_at <= it,
    "plain": _has_plain_name,
    "either": lambda its: sa.or_(*(sa.and_(*_conditions(each)) for each in its)),
}


def _conditions(its: Values) -> Conditions:
    return tuple(_CONDITIONS[name](value) for name, value in its.items())


def named(its: Values) -> Select[Any]:
    """Select orders by their ids."""
    return sa.select(TABLE).where(ITS.certificate_id.in_(its["ids"]))


def count(its: Values) -> Select[Any]:
    """Count the orders of a filter."""
    return sa.select(sa.func.count()).select_from(TABLE).where(*_conditions(its))


def page(its: Values, sort: Sort) -> Select[Any]:
    """Select a page of the orders of some filters, of which none has an order of another."""
    following = _following(its["after"], sort, ITS.number, ITS.ends_at)
    ranges = [(*_conditions(each), *following) for each in its["ranges"]]
    if sort is not Sort.NEWEST:
        ends = (ITS.ends_at.is_not(None), ITS.ends_at.is_(None))
        ranges = [(*conditions, end) for conditions in ranges for end in ends]
    if len(ranges) == 1:
        return _paged(its, sa.select(TABLE).where(*ranges[0]).order_by(*_in_range(sort)))
    return _numbered(its, _merged(its, ranges, sort), sort)


class OrderSelects:
    """The SELECTs that search by words."""

    def __init__(self, index: WordIndex) -> None:
        """Search in `index`."""
        self.index = index

    def worded(self, its: Values) -> Select[Any]:
        """Select the orders that have words."""
        found = self._words(its)
        return sa.select(TABLE).join(found, ITS.number == found.c.number)

    def hits(self, its: Values, sort: Sort) -> Select[Any]:
        """Count the orders that have words and are in a filter."""
        return sa.select(sa.func.count()).select_from(self._hits(its, sort))

    def page_of_hits(self, its: Values, sort: Sort) -> Select[Any]:
        """Select a page of the orders that have words and are in a filter."""
        hits = self._hits(its, sort)
        ends_at = hits.c.get("ends_at", ITS.ends_at)
        following = _following(its["after"], sort, hits.c.number, ends_at)
        rest = sa.select(hits.c.number).where(*following)
        return _numbered(its, rest.order_by(*_sorted(sort, hits.c.number, ends_at)), sort)

    def _hits(self, its: Values, sort: Sort) -> FromClause:
        found = self._words(its)
        if not its["filter"] and sort is Sort.NEWEST:
            return found
        of_orders = sa.select(found.c.number, ITS.ends_at).select_from(
            found.join(TABLE, ITS.number == found.c.number)
        )
        return self.index.materialized("hits", of_orders.where(*_conditions(its["filter"])))

    def _words(self, its: Values) -> FromClause:
        return self.index.materialized("words", self.index.found(its["words"]))


def _following(
    seen: Values | None, sort: Sort, number: ColumnElement[int], ends_at: ColumnElement[Any]
) -> Conditions:
    """Return the SQL conditions equal to `OrderQuery.follows`."""
    if seen is None:
        return ()
    later = number > seen["number"] if sort is Sort.ENDS_FIRST else number < seen["number"]
    if sort is Sort.NEWEST:
        return (later,)
    end = seen["ends_at"]
    if end is None:
        return (ends_at.is_(None), later)
    beyond = ends_at > end if sort is Sort.ENDS_FIRST else ends_at < end
    return (sa.or_(ends_at.is_(None), beyond, sa.and_(ends_at == end, later)),)


def _paged(its: Values, statement: Select[Any]) -> Select[Any]:
    return statement.limit(its["limit"]).offset(its["offset"])


def _numbered(its: Values, numbers: Select[Any], sort: Sort) -> Select[Any]:
    """Select the orders of a page of a list of numbers."""
    found = sa.select(TABLE).where(ITS.number.in_(_paged(its, numbers)))
    return found.order_by(*_sorted(sort, ITS.number, ITS.ends_at))


def _merged(its: Values, ranges: list[Conditions], sort: Sort) -> Select[Any]:
    """Select the numbers of the first orders of all ranges, sorted."""
    beginnings = [
        sa.select(ITS.number, ITS.ends_at)
        .where(*conditions)
        .order_by(*_in_range(sort))
        .limit(its["most"])
        .subquery()
        for conditions in ranges
    ]
    found = sa.union_all(*(sa.select(beginning) for beginning in beginnings)).subquery()
    return sa.select(found.c.number).order_by(*_sorted(sort, found.c.number, found.c.ends_at))


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
