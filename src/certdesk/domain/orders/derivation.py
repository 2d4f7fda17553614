"""What policies say of a certificate that comes from another one, or from another project.

Three rules keep what is denied from being read under another id or in another project:

1. A denial follows the certificate. It holds for what it names and for all that comes from that:
   reissues, renewals and successors that the desk makes. A private key that is denied under one id
   is denied under each other id that has it. An allowance does not follow; ids are drawn at random,
   so one that names an id was written by somebody who could know where the certificate comes from.
2. What an order keeps secret stays in its project. If somebody who may not read it moves the
   order, the earlier project counts as well as the new one.
3. If somebody who may read it moves the order, it moves too, and the new project counts alone.
"""

from __future__ import annotations

import dataclasses
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

SECRETS = (READ_KEY, READ_PERSONAL)
"""The permissions to read what an order keeps secret; projects that it was in count for them."""

MOST_ORIGINS = 200
"""From so many certificates another one may come. At eight successors a year, the desk itself
takes 25 years to get there."""


def refused_for(grants: Grants, permission: str, order: Order) -> Refused:
    """Tell what forbids an action on an order, or the reading of its secrets."""
    return grants.refused(
        permission,
        order.certificate_id,
        order.project_id,
        origins=order.origins,
        homes=order.home_projects if permission in SECRETS else (),
    )


def denied_for(grants: Grants, permission: str, order: Order) -> Refused:
    """Tell which denial there is of an action on an order, whether it is allowed or not."""
    return grants.denied(permission, order.certificate_id, order.project_id, origins=order.origins)


def may_read_all(grants: Grants, order: Order) -> bool:
    """Whether everything that an order keeps secret may be read."""
    return not any(refused_for(grants, permission, order) for permission in SECRETS)


def derived(order: Order, before: Order, *, released: bool = False) -> Order:
    """Give a new order as one that comes from another one.

    Its secrets belong to the projects of the other one's as well, unless they are `released`:
    somebody who may read them chose the new order's project.
    """
    homes = () if released else (*_homes(order), *_homes(before))
    return _in_homes(coming_from(order, (*before.origins, before.certificate_id)), homes)


def coming_from(order: Order, certificate_ids: Iterable[str]) -> Order:
    """Give an order as one that comes from these certificates too."""
    origins = dict.fromkeys((*order.origins, *certificate_ids))
    return dataclasses.replace(order, origins=tuple(origins))


def is_denied(order: Order, policies: Iterable[Policy]) -> bool:
    """Whether a denial names an order by its id, or what it comes from."""
    ids = (order.certificate_id, *order.origins)
    return any(
        policy.effect == DENY
        and EVERY not in policy.certificates
        and any(map(policy.names_certificate, ids))
        for policy in policies
    )


def taken_to(order: Order, project_id: int, *, released: bool) -> Order:
    """Give an order after its move to another project.

    Its secrets stay behind, unless they are `released`: whoever moves it may read them.
    """
    moved = dataclasses.replace(order, project_id=project_id)
    has_secrets = order.submission > 0 or order.uploaded
    return _in_homes(moved, () if released or not has_secrets else _homes(order))


def with_new_secrets(order: Order) -> Order:
    """Give an order whose material is handed in anew: what is secret of it belongs where it is."""
    return dataclasses.replace(order, home_projects=())


def _homes(order: Order) -> tuple[int, ...]:
    return order.home_projects or (order.project_id,)


def _in_homes(order: Order, homes: tuple[int, ...]) -> Order:
    """Note in which projects an order's secrets are, where it is not the order's own alone."""
    found = tuple(sorted(set(homes)))
    return dataclasses.replace(order, home_projects=() if found == (order.project_id,) else found)
