"""What policies say about a certificate that comes from another one, or from another project.

Three rules keep a caller from reading under another id, or in another project, what is denied:

1. A denial follows the certificate. It holds for the certificate that it names and for all that
   come from it: reissues, renewals and successors that the desk makes. A private key that is denied
   under one id is denied under each other id that has it. An allowance does not follow. Ids are
   drawn at random, so the author of such an allowance knew where the certificate comes from.
2. The secrets of an order stay in its project. If a caller who may not read them moves the order,
   the earlier project counts as well as the new one.
3. If a caller who may read the secrets moves the order, they move too, and only the new project
   counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from certdesk.domain.accounts.policy import (
    DENY,
    EVERY,
    READ_KEY,
    READ_PERSONAL,
    Grants,
    Policy,
    Refused,
)
from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import replace

SECRETS = (READ_KEY, READ_PERSONAL)
"""The permissions to read an order's secrets; the projects that it was in count for them."""

MOST_ORIGINS = 200
"""The most certificates that another one may come from.

At eight successors a year, the desk itself takes 25 years to get there.
"""


def refused_for(grants: Grants, permission: str, order: Order) -> Refused:
    """Return what forbids an action on an order, or the reading of its secrets."""
    return grants.refused(
        permission,
        order.certificate_id,
        order.project_id,
        origins=order.origins,
        homes=order.home_projects if permission in SECRETS else (),
    )


def denied_for(grants: Grants, permission: str, order: Order) -> Refused:
    """Return which denial applies to an action on an order, whether or not an allowance exists."""
    return grants.denied(permission, order.certificate_id, order.project_id, origins=order.origins)


def may_read_all(grants: Grants, order: Order) -> bool:
    """Whether a caller may read all secrets of an order."""
    return not any(refused_for(grants, permission, order) for permission in SECRETS)


def derived(order: Order, before: Order, *, released: bool = False) -> Order:
    """Return a new order as one that comes from another one.

    Its secrets belong to the projects of the other order as well, unless they are `released`: then
    a caller who may read them chose the new order's project.
    """
    homes = () if released else (*_homes(order), *_homes(before))
    return _in_homes(coming_from(order, (*before.origins, before.certificate_id)), homes)


def coming_from(order: Order, certificate_ids: Iterable[str]) -> Order:
    """Return an order as one that comes from these certificates too."""
    origins = dict.fromkeys((*order.origins, *certificate_ids))
    return replace(order, origins=tuple(origins))


def is_denied(order: Order, policies: Iterable[Policy]) -> bool:
    """Whether a denial names an order, or an order that it comes from, by its id."""
    ids = (order.certificate_id, *order.origins)
    return any(
        policy.effect == DENY
        and EVERY not in policy.certificates
        and any(map(policy.names_certificate, ids))
        for policy in policies
    )


def taken_to(order: Order, project_id: int, *, released: bool) -> Order:
    """Return an order after its move to another project.

    Its secrets stay behind, unless they are `released`: then the caller who moves it may read them.
    """
    moved = replace(order, project_id=project_id)
    has_secrets = order.submission > 0 or order.uploaded
    return _in_homes(moved, () if released or not has_secrets else _homes(order))


def with_new_secrets(order: Order) -> Order:
    """Return an order with new material, whose secrets belong to its own project alone."""
    return replace(order, home_projects=())


def _homes(order: Order) -> tuple[int, ...]:
    return order.home_projects or (order.project_id,)


def _in_homes(order: Order, homes: tuple[int, ...]) -> Order:
    """Return an order with the projects that its secrets belong to, empty for its own alone."""
    found = tuple(sorted(set(homes)))
    return replace(order, home_projects=() if found == (order.project_id,) else found)
