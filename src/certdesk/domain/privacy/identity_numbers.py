"""Identity numbers: accepted, kept for a time, and never shown."""

from __future__ import annotations

from typing import TypeVar

from certdesk.domain.orders.lifecycle import DELETABLE, Status
from certdesk.domain.orders.material import Material
from certdesk.domain.orders.order import Order
from certdesk.domain.values.organisation import People
from certdesk.domain.values.record import replace

Holder = TypeVar("Holder", bound="Material | People")
"""The records that may hold identity numbers of people."""


def holds_identity(holder: Material | People) -> bool:
    """Whether a record holds an identity number, of a person or of an organisation."""
    return holder != without_identity(holder)


def without_identity(holder: Holder) -> Holder:
    """Return the record without identity numbers; the kind of each document stays."""
    manager = replace(holder.manager, id_number=None)
    contact = replace(holder.contact, id_number=None)
    without = replace(holder, manager=manager, contact=contact)
    if isinstance(without, Material):
        organisation = replace(without.organisation, id_number=None)
        return replace(without, organisation=organisation)
    return without


FINISHED = DELETABLE | {Status.ISSUED}
"""The statuses in which nothing is under way with an order."""


def needs_identity(order: Order | None, number: int) -> bool:
    """Whether an order may still need the identity numbers of its submission of that number.

    It needs them until it is issued or has failed. It never needs those of a submission that
    another one has replaced.
    """
    return order is not None and order.submission == number and order.status not in FINISHED
