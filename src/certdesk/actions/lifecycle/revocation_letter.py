"""UploadRevokeLetter: the letter that asks for the revocation of an OV or EV certificate."""

from __future__ import annotations

from certdesk.actions.access import OWN_ORDER, own_order
from certdesk.actions.lifecycle import revocation_steps
from certdesk.actions.vetting.letters import (
    LETTER_BODY,
    LetterTaken,
    examining,
    keep_letter,
    sealed_letter,
)
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    FailedOperation,
    InvalidCertificateStatusCode,
)
from certdesk.domain.orders.lifecycle import Event, IllegalTransition
from certdesk.domain.orders.order import Order
from certdesk.domain.vetting.letters import (
    REVOCATION_FLAWS,
    REVOKE,
    read_revocation_letter,
)
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import File, Request


class UploadRevokeLetterRequest(Request):
    """The certificate, and the letter."""

    certificate_id: str
    """The certificate id of the order."""
    revoke_letter: File
    """The file in base64, whole: JPG, PNG or PDF; 1 KB to 1.4 MB."""


@catalog.action(
    *OWN_ORDER,
    *REVOCATION_FLAWS,
    FailedOperation,
    InvalidCertificateStatusCode,
    writes=True,
    ends=True,
    sensitive=True,
    body_limit=LETTER_BODY,
)
def upload_revoke_letter(
    context: Context, request: UploadRevokeLetterRequest
) -> Commit[LetterTaken]:
    """Upload the letter for the revocation of an OV or EV certificate; then a review begins.

    The desk stores it encrypted, and shows it only to reviewers of the request.
    """
    order = context.desk.store.read(
        lambda unit: _awaiting_revocation(context, unit, request.certificate_id)
    )
    read = read_revocation_letter(request.revoke_letter, examining(context))
    letter = sealed_letter(context, order, REVOKE, _request_number(order), *read)
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> LetterTaken:
        order = _awaiting_revocation(context, unit, request.certificate_id)
        keep_letter(context, unit, letter, _request_number(order))
        revocation_steps.have_reviewed(context, unit, order)
        return LetterTaken(certificate_id=order.certificate_id, is_success=True)

    return commit


def _request_number(order: Order) -> int:
    """Return the number of the request to revoke an order's certificate."""
    assert order.revocation is not None  # noqa: S101 -- it waits for the letter of that request
    return order.revocation.number


def _awaiting_revocation(context: Context, unit: Unit, certificate_id: str) -> Order:
    """Read an order that waits for a letter of revocation.

    Raises:
        CertificateNotFound, AuthError, NoProjectPermission: as `own_order`.
        InvalidCertificateStatusCode: it does not wait for one.
    """
    order = own_order(context, unit, certificate_id)
    try:
        order.after(Event.SUBMIT_REVOCATION_LETTER)
    except IllegalTransition as refused:
        raise InvalidCertificateStatusCode(f"{refused}") from None
    return order
