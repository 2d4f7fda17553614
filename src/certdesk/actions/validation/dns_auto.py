"""Names that the desk validates by DNS records which it adds itself (DNS_AUTO)."""

from __future__ import annotations

from certdesk.domain.orders.order import Order
from certdesk.domain.orders.steps import is_wanted
from certdesk.domain.validation.dns_zone import outside
from certdesk.domain.validation.records import Proof
from certdesk.ports import Unit


def zone_fault(unit: Unit, order: Order) -> str | None:
    """Return why the names of an order cannot be validated by DNS_AUTO; None if they can.

    Each name has to lie in a zone of the order's account.
    """
    if not order.adds_records:
        return None
    name = outside(order.ascii_names, unit.zones.where(uin=order.uin))
    if name is None:
        return None
    return (
        "DNS_AUTO needs a DNS zone of the account that the desk may change, and no such "
        f"zone contains {name}. Use DNS, or have the operator add the zone (certdesk zone "
        "add)"
    )


def records_outside(unit: Unit, order: Order) -> list[Proof]:
    """Return the proofs whose DNS records may still exist, although they are no longer needed."""
    proofs = unit.proofs.where(certificate_id=order.certificate_id)
    added = [proof for proof in proofs if proof.added_at is not None]
    return [proof for proof in added if not is_wanted(order, proof)]
