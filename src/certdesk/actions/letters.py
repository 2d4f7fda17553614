"""Letters of confirmation: whoever orders uploads them, whoever vets reads them."""

from __future__ import annotations

import dataclasses
import hashlib

from certdesk.actions import vetting
from certdesk.actions.ordering import make_due
from certdesk.actions.purchase import own_order
from certdesk.catalog import KIB, Commit, Context, catalog
from certdesk.domain.errors import (
    CertificateNotFound,
    ConfirmLetterTooLarge,
    ConfirmLetterTooSmall,
    InvalidCertificateSource,
    InvalidCertificateStatusCode,
    InvalidConfirmLetterFormat,
    InvalidConfirmLetterFormatWosign,
    UnauthorizedOperation,
    UploadConfirmCertificateNotSupportDV,
)
from certdesk.domain.letters import CONFIRM, read_letter
from certdesk.domain.order import Event, IllegalTransition, Order
from certdesk.domain.products import PRODUCTS, Level
from certdesk.domain.records import Letter
from certdesk.domain.secret import Secret
from certdesk.ports import Unit, place_of_letter
from certdesk.wire.model import Reply, Request


class UploadConfirmLetterRequest(Request):
    """Which order, and the letter."""

    certificate_id: str
    """The certificate id of the order."""
    confirm_letter: str
    """The file in base64: JPG, PNG or PDF, for WoTrus JPG, PDF or GIF; 1 KB to 1.4 MB."""


class UploadConfirmLetterReply(Reply):
    """The order, and that its letter is there: always true, as what is not taken is refused."""

    certificate_id: str
    is_success: bool


@catalog.action(
    CertificateNotFound,
    ConfirmLetterTooLarge,
    ConfirmLetterTooSmall,
    InvalidCertificateSource,
    InvalidCertificateStatusCode,
    InvalidConfirmLetterFormat,
    InvalidConfirmLetterFormatWosign,
    UnauthorizedOperation,
    UploadConfirmCertificateNotSupportDV,
    writes=True,
    sensitive=True,
    body_limit=4 * 1024 * KIB,
)
def upload_confirm_letter(
    context: Context, request: UploadConfirmLetterRequest
) -> Commit[UploadConfirmLetterReply]:
    """Upload the letter of confirmation that an OV or EV order waits for; the review then begins.

    It is kept encrypted, and shown to nobody but those who vet the order.
    """
    order = context.store.read(lambda unit: _awaiting(context, unit, request.certificate_id))
    form, content = read_letter(request.confirm_letter, PRODUCTS[order.product_id])
    letter = Letter(
        certificate_id=order.certificate_id,
        attempt=order.attempt,
        kind=CONFIRM,
        uin=order.uin,
        form=form,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=b"",
        uploaded_at=context.now,
    )
    sealed = context.vault.seal(Secret(content), place_of_letter(letter))
    context.held.callback(context.work.wake)

    def commit(unit: Unit) -> UploadConfirmLetterReply:
        order = _awaiting(context, unit, request.certificate_id)
        unit.letters.add(dataclasses.replace(letter, attempt=order.attempt, content=sealed))
        sent = vetting.begin(context, unit, order.after(Event.SUBMIT_LETTER))
        make_due(context, unit, unit.orders.replace(sent))
        context.record(unit, order.certificate_id, f"{form}, {letter.size} bytes")
        return UploadConfirmLetterReply(certificate_id=order.certificate_id, is_success=True)

    return commit


def _awaiting(context: Context, unit: Unit, certificate_id: str) -> Order:
    """Read an order whose letter is awaited.

    Raises:
        CertificateNotFound, UnauthorizedOperation: as `own_order`.
        InvalidCertificateSource: it was uploaded.
        UploadConfirmCertificateNotSupportDV: it is for a DV certificate.
        InvalidCertificateStatusCode: it waits for no letter.
    """
    order = own_order(context, unit, certificate_id)
    if order.uploaded:
        raise InvalidCertificateSource("The certificate was uploaded.")
    if PRODUCTS[order.product_id].level is Level.DV:
        raise UploadConfirmCertificateNotSupportDV
    try:
        order.after(Event.SUBMIT_LETTER)
    except IllegalTransition as refused:
        raise InvalidCertificateStatusCode(f"{refused}") from None
    return order
