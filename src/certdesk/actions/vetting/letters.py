"""Letters of confirmation and revocation: uploaded by customers, read by reviewers."""

from __future__ import annotations

import hashlib

from certdesk.actions.access import UNAUTHORIZED, own_order
from certdesk.actions.tasks import make_due
from certdesk.actions.vetting import reviews
from certdesk.catalog import KIB, Commit, catalog
from certdesk.domain.errors import (
    FailedOperation,
    InvalidCertificateSource,
    InvalidCertificateStatusCode,
    UploadConfirmCertificateNotSupportDV,
)
from certdesk.domain.orders.lifecycle import Event, IllegalTransition
from certdesk.domain.orders.order import Order
from certdesk.domain.values.products import PRODUCTS, Level
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from certdesk.domain.vetting.letters import (
    CONFIRM,
    CONFIRMATION_FLAWS,
    TOO_COSTLY,
    Examined,
    Examining,
    examine,
    read_letter,
)
from certdesk.domain.vetting.records import Letter
from certdesk.engine import Context
from certdesk.ports import Stale, Unit, place_of_letter
from certdesk.wire.model import File, Reply, Request

LETTER_BODY = 2304 * KIB
"""Bytes of a request: a letter in base64 with escaped line ends, and the other parameters."""


class LetterTaken(Reply):
    """The order; `IsSuccess` is always true."""

    certificate_id: str
    is_success: bool


class UploadConfirmLetterRequest(Request):
    """The order, and the letter."""

    certificate_id: str
    """The certificate id of the order."""
    confirm_letter: File
    """The file in base64, whole: JPG, PNG or PDF, for WoTrus JPG, PDF or GIF; 1 KB to 1.4 MB."""


@catalog.action(
    *UNAUTHORIZED,
    *CONFIRMATION_FLAWS,
    FailedOperation,
    InvalidCertificateSource,
    InvalidCertificateStatusCode,
    UploadConfirmCertificateNotSupportDV,
    writes=True,
    sensitive=True,
    body_limit=LETTER_BODY,
)
def upload_confirm_letter(
    context: Context, request: UploadConfirmLetterRequest
) -> Commit[LetterTaken]:
    """Upload the letter of confirmation that an OV or EV order waits for; the review then begins.

    The desk stores it encrypted, and shows it only to reviewers of the order.
    """
    order = context.desk.store.read(lambda unit: _awaiting(context, unit, request.certificate_id))
    read = read_letter(request.confirm_letter, PRODUCTS[order.product_id], examining(context))
    letter = sealed_letter(context, order, CONFIRM, order.attempt, *read)
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> LetterTaken:
        order = _awaiting(context, unit, request.certificate_id)
        keep_letter(context, unit, letter, order.attempt)
        sent = reviews.begin(context, unit, order.after(Event.SUBMIT_LETTER), letter=True)
        make_due(context, unit, unit.orders.replace(sent))
        return LetterTaken(certificate_id=order.certificate_id, is_success=True)

    return commit


def examining(context: Context) -> Examining:
    """Return the examiner, which reads a letter in a process of its own."""

    def examined(text: str, forms: tuple[str, ...]) -> Examined:
        return context.parse(TOO_COSTLY, examine, text, forms)

    return examined


def sealed_letter(
    context: Context, order: Order, kind: str, attempt: int, form: str, content: bytes
) -> Letter:
    """Return the record of a letter, its content sealed."""
    letter = Letter(
        certificate_id=order.certificate_id,
        attempt=attempt,
        kind=kind,
        uin=order.uin,
        form=form,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=b"",
        uploaded_at=context.now,
    )
    sealed = context.desk.vault.seal(Secret(content), place_of_letter(letter))
    return replace(letter, content=sealed)


def keep_letter(context: Context, unit: Unit, letter: Letter, attempt: int) -> None:
    """Store a letter, unless it was read for an earlier attempt than the order's current one.

    Raises:
        Stale: it was read for an earlier attempt.
    """
    if letter.attempt != attempt:
        raise Stale("orders")
    unit.letters.add(letter)
    context.record(unit, letter.certificate_id, f"{letter.form}, {letter.size} bytes")


def _awaiting(context: Context, unit: Unit, certificate_id: str) -> Order:
    """Read an order that waits for a letter.

    Raises:
        CertificateNotFound, UnauthorizedOperation: as `own_order`.
        InvalidCertificateSource: the certificate was uploaded.
        UploadConfirmCertificateNotSupportDV: the order is for a DV certificate.
        InvalidCertificateStatusCode: it does not wait for a letter.
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
