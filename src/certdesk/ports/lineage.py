"""Which orders and keys belong together, as a transaction finds and keeps it."""

from __future__ import annotations

import dataclasses

from certdesk.domain.derivation import is_denied
from certdesk.domain.order import Order
from certdesk.domain.records import DeniedKey
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


def keep_denied_keys(unit: Unit, order: Order) -> None:
    """Remember the keys of a denied certificate that its account is about to have no more."""
    if not is_denied(order, unit.policies.where(uin=order.uin)):
        return
    its = order.certificate_id
    keys = {
        *(each.spki_sha256 for each in unit.submissions.where(certificate_id=its)),
        *(each.spki_sha256 for each in unit.certificates.where(certificate_id=its)),
    }
    for key in sorted(keys):
        known = unit.denied_keys.get(order.uin, key)
        if known is None:
            origins = (*order.origins, its)
            unit.denied_keys.add(DeniedKey(uin=order.uin, spki_sha256=key, origins=origins))
        else:
            origins = tuple(dict.fromkeys((*known.origins, *order.origins, its)))
            unit.denied_keys.replace(dataclasses.replace(known, origins=origins))
