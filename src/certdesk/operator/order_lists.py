"""Lists of orders for the operator: of one account or of all, page by page."""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from certdesk.actions.orders.members import name_of
from certdesk.actions.paging import limit_of
from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.account import Account
from certdesk.domain.errors import AccountNotFound, InvalidParam
from certdesk.domain.orders.advice import status_msg
from certdesk.domain.orders.lifecycle import LIVING, STATUS_NAMES, Status
from certdesk.domain.orders.listing import OrderPage, OrderQuery, Seen, Sort, searchable
from certdesk.domain.orders.order import Order
from certdesk.domain.people.role import STAFF
from certdesk.domain.values.record import replace
from certdesk.domain.values.redaction import missing_message
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, Request, Unsigned, utc_time

LEAST_AT_ONCE = 10
"""The fewest orders of an account read at once, when the lists of many are merged."""

MOST_HOURS = 100 * 366 * 24


class OrderInfo(Part, kw_only=True):
    """An order as listed."""

    certificate_id: str
    uin: str
    account_name: str
    product: str
    domain: str | None
    status: int
    status_name: str
    status_msg: str | None
    create_time: str | None
    cert_end_time: str | None
    set_aside: bool


class ListOrdersRequest(Request):
    """Which orders: of one account or of all, at one status, with a text in them.

    `Account` is a Uin or the name of accounts. With `EndingHours`, only orders whose certificate is
    valid and ends within so many hours. `After` is the `Next` of the page before.
    """

    account: str | None = None
    status: Unsigned | None = None
    text: str | None = None
    ending_hours: Unsigned | None = None
    after: str | None = None
    limit: Unsigned | None = None


class ListOrdersReply(Reply):
    """The orders, newest first or first to expire first, and how many there are in all.

    `Next` asks for the page that follows, and is null on the last page.
    """

    total_count: int
    orders: list[OrderInfo]
    next: str | None


@catalog.action(InvalidParam, internal=True, roles=STAFF)
def list_orders(context: Context, request: ListOrdersRequest) -> Commit[ListOrdersReply]:
    """List orders: newest first, or first to expire first."""
    query = _query(context, request)

    def read(unit: Unit) -> ListOrdersReply:
        accounts = _accounts(unit, request)
        # One order more than the page shows whether another page follows.
        wanted = query.limit + 1
        at_once = max(LEAST_AT_ONCE, -(-wanted // (len(accounts) or 1)))
        asked = [replace(query, uin=uin, limit=at_once) for uin in accounts]
        firsts = [unit.orders.page(each) for each in asked]
        streams = (_orders(unit, *each) for each in zip(asked, firsts, strict=True))
        found = list(itertools.islice(heapq.merge(*streams, key=query.place), wanted))
        listed = found[: query.limit]
        return ListOrdersReply(
            total_count=sum(page.total for page in firsts),
            orders=[order_info(unit, order, accounts[order.uin]) for order in listed],
            next=_next(listed[-1]) if len(found) == wanted else None,
        )

    return read


def order_info(unit: Unit, order: Order, account: Account | None) -> OrderInfo:
    """Return an order as it is listed; `account` is the account that has it."""
    task = unit.tasks.get(order.certificate_id)
    return OrderInfo(
        certificate_id=order.certificate_id,
        uin=order.uin,
        account_name=account.name if account else "",
        product=name_of(order),
        domain=order.domain,
        status=order.status,
        status_name=STATUS_NAMES[order.status],
        status_msg=status_msg(order),
        create_time=utc_time(order.created_at),
        cert_end_time=utc_time(order.ends_at),
        set_aside=task is not None and task.set_aside,
    )


def _query(context: Context, request: ListOrdersRequest) -> OrderQuery:
    """Return the query for a request, for no account yet.

    Raises:
        InvalidParam: the status, the time span or the place in the list is not valid.
    """
    if request.status is not None and request.status not in set(Status):
        raise InvalidParam(f"Status: must be 0 to {max(Status)}, not {request.status}.")
    statuses = None if request.status is None else frozenset({Status(request.status)})
    query = OrderQuery(
        uin="",
        limit=limit_of(request.limit or None),
        statuses=statuses,
        text=searchable(request.text or ""),
        after=None if request.after is None else _seen(request.after),
    )
    hours = request.ending_hours
    if hours is None:
        return query
    if hours > MOST_HOURS:
        raise InvalidParam(f"EndingHours: must be at most {MOST_HOURS}, not {hours}.")
    return replace(
        query,
        statuses=statuses or frozenset(LIVING),
        sort=Sort.ENDS_FIRST,
        ends_from=context.now,
        ends_until=context.now + timedelta(hours=hours),
    )


def _accounts(unit: Unit, request: ListOrdersRequest) -> dict[str, Account]:
    """Read the accounts that are asked about, by Uin."""
    accounts = unit.accounts.where()
    if request.account is None:
        return {each.uin: each for each in accounts}
    name = searchable(request.account)
    named = {each.uin: each for each in accounts if name in (each.uin, searchable(each.name))}
    if not named:
        raise AccountNotFound(missing_message("account", request.account))
    return named


def _orders(unit: Unit, query: OrderQuery, page: OrderPage) -> Iterator[Order]:
    """Yield the orders of an account, read page by page; `page` is the first one."""
    while page.orders:
        yield from page.orders
        if len(page.orders) < query.limit:
            return
        last = page.orders[-1]
        page = unit.orders.page(replace(query, after=Seen(last.ends_at, last.number)))


def _next(last: Order) -> str:
    """Return the text that stands for the place after an order in a list."""
    end = last.ends_at.astimezone(UTC).isoformat() if last.ends_at else ""
    return f"{last.number}@{end}"


_PLACE = re.compile(r"([0-9]{1,18})@([0-9T:.-]+\+00:00)?")


def _seen(text: str) -> Seen:
    """Read the text that stands for a place in a list.

    Raises:
        InvalidParam: it does not stand for a place.
    """
    refusal = InvalidParam("After: must be the Next of a page of this list.")
    found = _PLACE.fullmatch(text)
    if found is None:
        raise refusal
    try:
        return Seen(datetime.fromisoformat(found[2]) if found[2] else None, int(found[1]))
    except ValueError:
        raise refusal from None
