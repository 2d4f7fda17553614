"""Which orders belong together, read through a transaction."""

from __future__ import annotations

from certdesk.domain.order import Order
from certdesk.ports.store import Unit


def successors_of(unit: Unit, order: Order) -> list[Order]:
    """Read the orders that replace or renew an order, as far as there are any."""
    links = filter(None, (order.replaced_by, order.renewed_by))
    return [found for each in links if (found := unit.orders.get(each)) is not None]


def followers_of(unit: Unit, order: Order) -> list[Order]:
    """Read all orders that came after an order: what replaces or renews it, and so on."""
    found: dict[str, Order] = {}
    next_ones = successors_of(unit, order)
    while next_ones:
        each = next_ones.pop()
        if each.certificate_id not in found:
            found[each.certificate_id] = each
            next_ones += successors_of(unit, each)
    return list(found.values())


def neighbours_of(unit: Unit, order: Order) -> list[Order]:
    """Read the orders of its account that an order takes the place of, and those that take its."""
    its = order.certificate_id
    linked = {order.renews, order.renewed_by, order.replaces, order.replaced_by}
    found = {each: unit.orders.get(each) for each in sorted(filter(None, linked))}
    for other in (
        *unit.orders.where(uin=order.uin, renews=its),
        *unit.orders.where(uin=order.uin, replaces=its),
    ):
        found[other.certificate_id] = other
    return [each for each in found.values() if each is not None and each.uin == order.uin]
