"""Identity numbers: taken, kept for a time, and never shown."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

from certdesk.domain.orders.lifecycle import DELETABLE, Status
from certdesk.domain.orders.material import Material
from certdesk.domain.orders.order import Order
from certdesk.domain.values.organisation import People

Holder = TypeVar("Holder", bound="Material | People")
"""What may hold identity numbers of people."""


def holds_identity(holder: Material | People) -> bool:
    """Whether there is an identity number in it, of a person or of an organisation."""
    return holder != without_identity(holder)


def without_identity(holder: Holder) -> Holder:
    """Give it without identity numbers; what kind of paper each was from stays."""
    manager = dataclasses.replace(holder.manager, id_number=None)
    contact = dataclasses.replace(holder.contact, id_number=None)
    without = dataclasses.replace(holder, manager=manager, contact=contact)
    if isinstance(without, Material):
        organisation = dataclasses.replace(without.organisation, id_number=None)
        return dataclasses.replace(without, organisation=organisation)
    return without


SETTLED = DELETABLE | {Status.ISSUED}
"""Where nothing is under way with an order."""


def needs_identity(order: Order | None, number: int) -> bool:
    """Whether an order may still need the identity numbers of its submission of that number.

    It does until it was issued or has failed, and never those of a submission that another one
    has replaced.
    """
    return order is not None and order.submission == number and order.status not in SETTLED
