"""Letters of confirmation and revocation: whoever orders uploads them, whoever vets reads them."""

from __future__ import annotations

import dataclasses
import hashlib

from certdesk.actions import revoking, vetting
from certdesk.actions.access import OWN_ORDER, UNAUTHORIZED, own_order
from certdesk.actions.due import make_due
from certdesk.catalog import KIB, Commit, catalog
from certdesk.domain.errors import (
    FailedOperation,
    InvalidCertificateSource,
    InvalidCertificateStatusCode,
    UploadConfirmCertificateNotSupportDV,
)
from certdesk.domain.letters import (
    CONFIRM,
    CONFIRMATION_FLAWS,
    REVOCATION_FLAWS,
    REVOKE,
    TOO_COSTLY,
    Examined,
    Examining,
    examine,
    read_letter,
    read_revocation_letter,
)
from certdesk.domain.lifecycle import Event, IllegalTransition
from certdesk.domain.order import Order
from certdesk.domain.products import PRODUCTS, Level
from certdesk.domain.records import Letter
from certdesk.domain.secret import Secret
from certdesk.engine import Context
from certdesk.ports import Stale, Unit, place_of_letter
from certdesk.wire.model import File, Reply, Request

LETTER_BODY = 2304 * KIB
"""Bytes of a request: what a letter has in base64, in lines whose ends are escaped, and more."""


class LetterTaken(Reply):
    """The order; `IsSuccess` is always true."""

    certificate_id: str
    is_success: bool


class UploadConfirmLetterRequest(Request):
    """Which order, and the letter."""

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
    read = read_letter(request.confirm_letter, PRODUCTS[order.product_id], _examining(context))
    letter = _sealed(context, order, CONFIRM, order.attempt, *read)
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> LetterTaken:
        order = _awaiting(context, unit, request.certificate_id)
        _keep(context, unit, letter, order.attempt)
        sent = vetting.begin(context, unit, order.after(Event.SUBMIT_LETTER), letter=True)
        make_due(context, unit, unit.orders.replace(sent))
        return LetterTaken(certificate_id=order.certificate_id, is_success=True)

    return commit


class UploadRevokeLetterRequest(Request):
    """Which certificate, and the letter."""

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
    read = read_revocation_letter(request.revoke_letter, _examining(context))
    letter = _sealed(context, order, REVOKE, _request_number(order), *read)
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> LetterTaken:
        order = _awaiting_revocation(context, unit, request.certificate_id)
        _keep(context, unit, letter, _request_number(order))
        revoking.have_reviewed(context, unit, order)
        return LetterTaken(certificate_id=order.certificate_id, is_success=True)

    return commit


def _request_number(order: Order) -> int:
    """The number of the request to revoke an order's certificate, which there is."""
    assert order.revocation is not None  # noqa: S101 -- it awaits the letter of that request
    return order.revocation.number


def _examining(context: Context) -> Examining:
    """Give what looks into a letter in a process of its own."""

    def examining(text: str, forms: tuple[str, ...]) -> Examined:
        return context.parse(TOO_COSTLY, examine, text, forms)

    return examining


def _sealed(
    context: Context, order: Order, kind: str, attempt: int, form: str, content: bytes
) -> Letter:
    """Make the record of a letter, its content sealed."""
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
    return dataclasses.replace(letter, content=sealed)


def _keep(context: Context, unit: Unit, letter: Letter, attempt: int) -> None:
    """Keep a letter, unless it was read for an earlier attempt than the order's is now.

    Raises:
        Stale: it was.
    """
    if letter.attempt != attempt:
        raise Stale("orders")
    unit.letters.add(letter)
    context.record(unit, letter.certificate_id, f"{letter.form}, {letter.size} bytes")


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


def _awaiting_revocation(context: Context, unit: Unit, certificate_id: str) -> Order:
    """Read an order whose letter of revocation is awaited.

    Raises:
        CertificateNotFound, AuthError, NoProjectPermission: as `own_order`.
        InvalidCertificateStatusCode: it waits for no such letter.
    """
    order = own_order(context, unit, certificate_id)
    try:
        order.after(Event.SUBMIT_REVOCATION_LETTER)
    except IllegalTransition as refused:
        raise InvalidCertificateStatusCode(f"{refused}") from None
    return order
