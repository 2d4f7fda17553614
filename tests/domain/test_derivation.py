"""Which projects count for what an order keeps secret."""

from __future__ import annotations

from datetime import UTC, datetime

from certdesk.domain.orders.derivation import taken_to, with_new_secrets
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order

ORDER = Order(
    certificate_id="abcdefgh",
    uin="100000000001",
    product_id=18,
    domain_num=1,
    time_span=1,
    status=Status.AWAITING_MATERIAL,
    deal_id="",
    submission=1,
    created_at=datetime(2026, 3, 1, tzinfo=UTC),
)
SECRET = 5


def test_a_key_belongs_to_the_project_in_which_it_was_made() -> None:
    """Not to the one that the order came from: material that is handed in again has a new key."""
    came = taken_to(ORDER, SECRET, released=False)
    assert came.home_projects == (0,)

    left = taken_to(with_new_secrets(came), 0, released=False)

    assert left.home_projects == (SECRET,)
