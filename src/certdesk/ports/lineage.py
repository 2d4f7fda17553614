"""The orders and keys that belong together, found and stored through a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from certdesk.domain.orders.derivation import is_denied
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.pki.records import Certificate, DeniedKey
from certdesk.domain.values.record import replace
from certdesk.ports.collections import Collection
from certdesk.ports.unit import Unit

KeyHolder = TypeVar("KeyHolder", Submission, Certificate)


def successors_of(unit: Unit, order: Order) -> list[Order]:
    """Return the orders that replace or renew an order."""
    links = filter(None, (order.replaced_by, order.renewed_by))
    return [found for each in links if (found := unit.orders.get(each)) is not None]


def followers_of(unit: Unit, order: Order) -> list[Order]:
    """Return all orders that came after an order: what replaces or renews it, and so on."""
    found: dict[str, Order] = {}
    next_ones = successors_of(unit, order)
    while next_ones:
        each = next_ones.pop()
        if each.certificate_id not in found:
            found[each.certificate_id] = each
            next_ones += successors_of(unit, each)
    return list(found.values())


def neighbours_of(unit: Unit, order: Order) -> list[Order]:
    """Return the orders of its account that an order replaces or renews, and its successors."""
    its = order.certificate_id
    linked = {order.renews, order.renewed_by, order.replaces, order.replaced_by}
    found = {each: unit.orders.get(each) for each in sorted(filter(None, linked))}
    for other in (
        *unit.orders.where(uin=order.uin, renews=its),
        *unit.orders.where(uin=order.uin, replaces=its),
    ):
        found[other.certificate_id] = other
    return [each for each in found.values() if each is not None and each.uin == order.uin]


def ids_with_key_of(unit: Unit, order: Order) -> tuple[str, ...]:
    """Return the ids of all certificates of its account that have or had an order's key.

    The ids of those that they come from are included.
    """
    found: dict[str, None] = {}
    for key in sorted(_keys_of(unit, order)):
        holders = (
            *(each.certificate_id for each in _with_key(unit.submissions, order, key)),
            *(each.certificate_id for each in _with_key(unit.certificates, order, key)),
        )
        for holder in filter(None, map(unit.orders.get, dict.fromkeys(holders))):
            found |= dict.fromkeys((holder.certificate_id, *holder.origins))
        denied = unit.denied_keys.get(order.uin, key)
        if denied is not None:
            found |= dict.fromkeys(denied.origins)
    return tuple(found)


def keep_denied_keys(unit: Unit, order: Order) -> None:
    """Store the keys of a denied certificate that its account is about to lose."""
    if not is_denied(order, unit.policies.where(uin=order.uin)):
        return
    origins = (*order.origins, order.certificate_id)
    for key in sorted(_keys_of(unit, order)):
        known = unit.denied_keys.get(order.uin, key)
        if known is None:
            unit.denied_keys.add(DeniedKey(uin=order.uin, spki_sha256=key, origins=origins))
        else:
            both = tuple(dict.fromkeys((*known.origins, *origins)))
            unit.denied_keys.replace(replace(known, origins=both))


def _keys_of(unit: Unit, order: Order) -> set[bytes]:
    """Return the keys of all material and uploads of an order."""
    its = order.certificate_id
    return {
        *(each.spki_sha256 for each in unit.submissions.where(certificate_id=its)),
        *(each.spki_sha256 for each in unit.certificates.where(certificate_id=its)),
    }


def _with_key(collection: Collection[KeyHolder], order: Order, key: bytes) -> Sequence[KeyHolder]:
    return collection.where(uin=order.uin, spki_sha256=key)
