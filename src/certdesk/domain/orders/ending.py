"""How to end an order; for the refusal of an action that does not end it."""

from __future__ import annotations

from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order

BEGUN = "It is being issued; after that RevokeCertificate revokes its certificate."
"""The answer once the CA has begun to issue, while the status is that of an order under review."""

_CANCEL = "CancelCertificateOrder cancels it."
_CANCEL_IN_TIME = "CancelCertificateOrder cancels it, as long as the CA has not begun to issue."
_DELETE = "DeleteCertificate deletes it."

_WAYS = {
    Status.UNDER_REVIEW: _CANCEL_IN_TIME,
    Status.ISSUED: "RevokeCertificate revokes its certificate.",
    Status.REVIEW_FAILED: _DELETE,
    Status.EXPIRED: _DELETE,
    Status.RECORD_ADDED: _CANCEL_IN_TIME,
    Status.AWAITING_MATERIAL: _CANCEL,
    Status.CANCELLING: (
        "It is cancelled as soon as the desk has removed the DNS records that it added."
    ),
    Status.CANCELLED: _DELETE,
    Status.AWAITING_LETTER: _CANCEL,
    Status.REVOKING: "Its certificate is about to be revoked; there is nothing to do.",
    Status.REVOKED: _DELETE,
    Status.REISSUING: _CANCEL_IN_TIME,
    Status.AWAITING_REVOCATION_LETTER: (
        "Its certificate will be revoked; UploadRevokeLetter sends the letter that it waits for."
    ),
    Status.FREE_AWAITING_MATERIAL: _CANCEL,
    Status.REFUNDED: _DELETE,
    Status.MIGRATING: (
        "It moves to another account, and nothing ends it before that is done or cancelled."
    ),
}


def way_to_end(order: Order) -> str:
    """Return which action ends an order in its present state, or what it waits for."""
    if order.uploaded and not order.moving:
        return _DELETE
    return _WAYS[order.status]
