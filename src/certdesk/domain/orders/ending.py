"""How to end an order; for the refusal of an action that does not end it."""

from __future__ import annotations

from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order

BEGUN = "The certificate is being issued. After that you can revoke it with RevokeCertificate."
"""The answer once the CA has begun to issue, while the status is that of an order under review."""

_CANCEL = "Cancel it with CancelCertificateOrder."
_CANCEL_IN_TIME = (
    "Cancel it with CancelCertificateOrder before the CA begins to issue the certificate."
)
_DELETE = "Delete it with DeleteCertificate."

_WAYS = {
    Status.UNDER_REVIEW: _CANCEL_IN_TIME,
    Status.ISSUED: "Revoke its certificate with RevokeCertificate.",
    Status.REVIEW_FAILED: _DELETE,
    Status.EXPIRED: _DELETE,
    Status.RECORD_ADDED: _CANCEL_IN_TIME,
    Status.AWAITING_MATERIAL: _CANCEL,
    Status.CANCELLING: (
        "The desk cancels it as soon as it has removed the DNS records that it added."
    ),
    Status.CANCELLED: _DELETE,
    Status.AWAITING_LETTER: _CANCEL,
    Status.REVOKING: "The CA is about to revoke its certificate. You have nothing to do.",
    Status.REVOKED: _DELETE,
    Status.REISSUING: _CANCEL_IN_TIME,
    Status.AWAITING_REVOCATION_LETTER: (
        "The certificate will be revoked. Upload the letter of revocation with UploadRevokeLetter."
    ),
    Status.FREE_AWAITING_MATERIAL: _CANCEL,
    Status.REFUNDED: _DELETE,
    Status.MIGRATING: (
        "The desk is moving it to another account. You cannot end it before the move is "
        "complete or cancelled."
    ),
}


def way_to_end(order: Order) -> str:
    """Return which action ends an order in its present state, or what it waits for."""
    if order.uploaded and not order.moving:
        return _DELETE
    return _WAYS[order.status]
