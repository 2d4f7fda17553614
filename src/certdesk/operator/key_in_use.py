"""Which orders use a key: shown to the operator, and to no account."""

from __future__ import annotations

from certdesk.domain.orders.lifecycle import LIVING
from certdesk.domain.orders.order import Order
from certdesk.domain.pki.records import EVERYBODY
from certdesk.ports import Unit, blocks_of, in_force_with, orders_with
from certdesk.wire.model import Part, utc_time


class OrderWithKey(Part, kw_only=True):
    """An order whose material has the key, or an uploaded certificate for it.

    Only the CA that issued an uploaded certificate can revoke it.
    """

    certificate_id: str
    uin: str
    status: int
    names: list[str]
    uploaded: bool


class KeyReport(Part, kw_only=True):
    """An account that had a certificate for the key revoked because the key was compromised."""

    uin: str
    time: str | None


class KeyOfReview(Part, kw_only=True):
    """A key that was reported by an account that has not proved it holds the private key.

    `Certificates` are the valid certificates for it, and `UnderWay` the orders that use it. If the
    key is blocked for every account, the certificates are revoked and the orders fail.
    """

    spki: str
    reports: list[KeyReport]
    certificates: list[OrderWithKey]
    under_way: list[OrderWithKey]


def key_of_review(unit: Unit, spki_sha256: bytes) -> KeyOfReview:
    """Read what is known of a key that was reported."""
    blocks = blocks_of(unit, spki_sha256)
    good = in_force_with(unit, spki_sha256)
    known = {order.certificate_id for order in good}
    others = [
        order
        for order in orders_with(unit, spki_sha256)
        if order.status in LIVING and order.certificate_id not in known
    ]
    return KeyOfReview(
        spki=spki_sha256.hex(),
        reports=[
            KeyReport(uin=each.uin, time=utc_time(each.created_at))
            for each in blocks
            if each.uin != EVERYBODY
        ],
        certificates=list(map(_with_key, good)),
        under_way=list(map(_with_key, others)),
    )


def key_of(unit: Unit, order: Order) -> bytes | None:
    """Return the SHA-256 of the SPKI of an order's key, or None if it has no key yet."""
    certificate = unit.certificates.get(order.certificate_id, order.attempt)
    if certificate is not None:
        return certificate.spki_sha256
    submission = unit.submissions.get(order.certificate_id, order.submission)
    return submission.spki_sha256 if submission else None


def same_key(unit: Unit, uin: str, spki_sha256: bytes | None) -> list[OrderWithKey]:
    """Read the valid certificates that other accounts have for a key."""
    good = in_force_with(unit, spki_sha256) if spki_sha256 else []
    return [_with_key(order) for order in good if order.uin != uin]


def _with_key(order: Order) -> OrderWithKey:
    return OrderWithKey(
        certificate_id=order.certificate_id,
        uin=order.uin,
        status=order.status,
        names=list(order.ascii_names),
        uploaded=order.uploaded,
    )
