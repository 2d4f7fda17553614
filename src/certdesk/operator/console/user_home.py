"""What needs a user of an account now, of the orders that the user's policies show."""

from __future__ import annotations

from datetime import timedelta

from certdesk.catalog import Commit, catalog, permission_of
from certdesk.domain.orders.advice import advice, outlook
from certdesk.domain.orders.lifecycle import TAKES_MATERIAL, UNDER_WAY, Status, StatusMessage
from certdesk.domain.orders.listing import OrderQuery, Sort
from certdesk.domain.orders.order import Order
from certdesk.domain.people.role import Role
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.operator.console.lines import SHOWN, OrderLine, order_line
from certdesk.ports import Unit, successors_of
from certdesk.wire.model import Part, Reply, Request, utc_time

USERS = (Role.USER,)
SEEING = permission_of("DescribeCertificates")
LETTERS = frozenset({Status.AWAITING_LETTER, Status.AWAITING_REVOCATION_LETTER})
FAILED = frozenset({Status.REVIEW_FAILED})
ISSUED = frozenset({Status.ISSUED})
DAYS = (7, 30, 90)
MOST_READ = 100
"""Orders under way that are looked at for names to be proved, the newest ones."""


class ShowUserHomeRequest(Request):
    """No parameters."""


class OrderLines(Part):
    """The first 10 orders of a kind, and how many there are."""

    count: int
    orders: list[OrderLine]


class EndingCount(Part):
    """How many certificates end within so many days."""

    days: int
    count: int


class ShowUserHomeReply(Reply):
    """The orders that wait for their owner, the newest first, and certificates that end soon.

    `MaySee` is whether a policy shows the user any orders at all. `ToProve` are orders whose names
    are to be proved, among the newest 100 that are under way.
    `Ending` are certificates that end within 90 days, the first end first.
    """

    now: str | None
    may_see: bool
    to_prove: OrderLines
    material: OrderLines
    letters: OrderLines
    failed: OrderLines
    ending: OrderLines
    ending_counts: list[EndingCount]


@catalog.action(internal=True, roles=USERS)
def show_user_home(context: Context, request: ShowUserHomeRequest) -> Commit[ShowUserHomeReply]:
    """Show what needs the user now, of the orders that the user may see."""
    del request
    caller = context.caller
    query = OrderQuery(uin=caller.uin, limit=SHOWN, permission=SEEING, grants=caller.grants)

    def read(unit: Unit) -> ShowUserHomeReply:
        return ShowUserHomeReply(
            now=utc_time(context.now),
            may_see=caller.grants.permits(SEEING),
            to_prove=_to_prove(context, unit, query),
            material=_lines(context, unit, replace(query, statuses=frozenset(TAKES_MATERIAL))),
            letters=_lines(context, unit, replace(query, statuses=LETTERS)),
            failed=_lines(context, unit, replace(query, statuses=FAILED)),
            ending=_lines(context, unit, _ending(context, query, DAYS[-1])),
            ending_counts=[
                EndingCount(days=days, count=unit.orders.page(asked).total)
                for days in DAYS
                for asked in [replace(_ending(context, query, days), limit=0)]
            ],
        )

    return read


def _ending(context: Context, query: OrderQuery, days: int) -> OrderQuery:
    return replace(
        query,
        statuses=ISSUED,
        sort=Sort.ENDS_FIRST,
        ends_from=context.now,
        ends_until=context.now + timedelta(days=days),
    )


def _lines(context: Context, unit: Unit, query: OrderQuery) -> OrderLines:
    page = unit.orders.page(query)
    return OrderLines(
        count=page.total, orders=[_line(context, unit, order) for order in page.orders]
    )


def _to_prove(context: Context, unit: Unit, query: OrderQuery) -> OrderLines:
    asked = replace(query, statuses=frozenset(UNDER_WAY), limit=MOST_READ)
    found = [
        order
        for order in unit.orders.page(asked).orders
        if order.waits_for is StatusMessage.PENDING_DCV
    ]
    return OrderLines(
        count=len(found), orders=[_line(context, unit, order) for order in found[:SHOWN]]
    )


def _line(context: Context, unit: Unit, order: Order) -> OrderLine:
    return order_line(unit, order, _what(context, unit, order))


def _what(context: Context, unit: Unit, order: Order) -> str:
    """Return what an order waits for, why it failed, or what replaces its certificate."""
    if order.status in FAILED and order.reason is not None:
        return order.reason.text
    if order.status in ISSUED:
        ahead = outlook(unit.renewals.get(order.certificate_id), successors_of(unit, order))
        return ahead or "Nothing replaces it yet."
    proofs = unit.proofs.where(certificate_id=order.certificate_id, attempt=order.proving)
    return advice(order, proofs, None, context.now)
