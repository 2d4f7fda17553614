"""Submitting orders to the CA, and opening them again."""

from __future__ import annotations

from collections.abc import Iterable

from certdesk.actions.access import OWN_ORDER, UNAUTHORIZED, own_order
from certdesk.actions.tasks import make_due
from certdesk.actions.validation.challenges import draw_proofs
from certdesk.actions.validation.dns_auto import zone_fault
from certdesk.actions.vetting import reviews
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    CertificateInfoSubmitStatusInvalid,
    CertificateInvalid,
    CertificateOrderSubmitProcessing,
    CertificateStatusNotAllowResubmit,
    InvalidCertificateStatusCode,
    InvalidParam,
    NoRealNameAuth,
)
from certdesk.domain.orders.certificate import method_wanted
from certdesk.domain.orders.lifecycle import (
    SUBMITTED,
    Event,
    IllegalTransition,
    StatusMessage,
)
from certdesk.domain.orders.order import Order, new_order_id
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.products import DNS_AUTO, PRODUCTS, Level, Product
from certdesk.domain.values.record import replace
from certdesk.domain.values.redaction import redacted_unless_near
from certdesk.engine import Context
from certdesk.ports import Issuer, Unit, block_of
from certdesk.wire.model import Reply, Request, Unsigned

VERIFY_TYPES = ("DNS", DNS_AUTO, "FILE")
VERIFY_METHODS = frozenset({"DNS", "FILE"})
"""The methods for which the desk itself draws challenges."""

SUBMITTING = (CertificateInvalid, InvalidParam)
"""The errors that `submit_order` raises."""


class CertificateOrderSubmitRequest(Request):
    """The order, and how its names are validated."""

    cert_id: str
    """The certificate id of the order."""
    verify_type: str | None = None
    """`DNS`, `DNS_AUTO` or `FILE`; without it the method of the material counts, else
    `DNS`."""
    delete_dns_auto_record: Unsigned | None = None
    """1: the desk removes the records that it adds for `DNS_AUTO` when the certificate is issued;
    0, the default: they stay."""


class CertificateOrderSubmitReply(Reply):
    """The order as the CA has it; `IsAudited` means that a reviewer has to approve it."""

    order_id: str
    status: int
    is_audited: bool


@catalog.action(
    *OWN_ORDER,
    *SUBMITTING,
    CertificateInfoSubmitStatusInvalid,
    CertificateOrderSubmitProcessing,
    InvalidCertificateStatusCode,
    NoRealNameAuth,
    writes=True,
)
def certificate_order_submit(
    context: Context, request: CertificateOrderSubmitRequest
) -> Commit[CertificateOrderSubmitReply]:
    """Submit an order that has its material to the CA.

    From now on the desk checks its names again and again. DescribeCertificateDetail shows what
    to publish; with `DNS_AUTO` the desk publishes it. A DV certificate is issued as soon as all
    names are validated. An OV or EV order waits for the vetting of its organisation, unless
    that was done within 398 days.
    """
    if request.delete_dns_auto_record not in (None, 0, 1):
        raise InvalidParam(
            f"DeleteDnsAutoRecord: must be 0 or 1, not {request.delete_dns_auto_record}."
        )
    _check_verify_type(request.verify_type)
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> CertificateOrderSubmitReply:
        order = own_order(context, unit, request.cert_id)
        _check_order(context, order)
        delete = request.delete_dns_auto_record
        submitted = submit_order(
            context,
            unit,
            order,
            request.verify_type,
            delete_record=None if delete is None else delete == 1,
        )
        return CertificateOrderSubmitReply(
            order_id=submitted.order_id or "",
            status=submitted.status,
            is_audited=submitted.waits_for is not StatusMessage.PENDING_DCV,
        )

    return commit


class CommitCertificateInformationRequest(Request):
    """The order, and how its names are validated."""

    certificate_id: str
    """The certificate id of the order."""
    verify_type: str | None = None
    """`DNS`, `DNS_AUTO` or `FILE`; without it the method of the material counts, else
    `DNS`."""


class CommitCertificateInformationReply(Reply):
    """The order as the CA has it."""

    order_id: str
    status: int


@catalog.action(*OWN_ORDER, *SUBMITTING, InvalidCertificateStatusCode, NoRealNameAuth, writes=True)
def commit_certificate_information(
    context: Context, request: CommitCertificateInformationRequest
) -> Commit[CommitCertificateInformationReply]:
    """Submit an order to the CA, in the older form of CertificateOrderSubmit."""
    _check_verify_type(request.verify_type)
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> CommitCertificateInformationReply:
        order = own_order(context, unit, request.certificate_id)
        try:
            _check_order(context, order)
        except (CertificateInfoSubmitStatusInvalid, CertificateOrderSubmitProcessing) as refused:
            # The vendor lists neither code for this action.
            raise InvalidCertificateStatusCode(refused.detail) from None
        submitted = submit_order(context, unit, order, request.verify_type)
        return CommitCertificateInformationReply(
            order_id=submitted.order_id or "", status=submitted.status
        )

    return commit


def submit_order(
    context: Context,
    unit: Unit,
    order: Order,
    verify_type: str | None,
    earlier: Iterable[Proof] = (),
    *,
    delete_record: bool | None = None,
) -> Order:
    """Submit an order whose status was checked, draw its challenges, and start the work on it.

    If the CA makes its own challenges, the work on the order asks for them.

    Names of `earlier` proofs are validated by the same records, as `draw_proofs` says.
    `delete_record` is as in `Order`; None leaves it as it is.

    Raises:
        CertificateInvalid: its key is blocked.
        InvalidParam: its CA does not offer the method; a wildcard name cannot be validated by FILE
            (Baseline Requirements 3.2.2.4.18); for DNS_AUTO a name is in no zone of the account;
            the company's data are not enough for the certificate; or its manager was erased.
    """
    submission = unit.submissions.get(order.certificate_id, order.submission)
    assert submission is not None  # noqa: S101 -- the order names it
    # A compromised or weak key gets no certificate (Baseline Requirements 6.1.1.3).
    if block_of(unit, order.uin, submission.spki_sha256) is not None:
        raise CertificateInvalid("The key is blocked. Send the material again with a new key.")
    product = PRODUCTS[order.product_id]
    method = verify_type or order.verify_type or VERIFY_TYPES[0]
    names = [DomainName(name) for name in order.ascii_names]
    wild = next((name for name in names if name.wildcard), None)
    # A file shows control of one host, and not of all names below it (Baseline Requirements
    # 3.2.2.4.18).
    if method == "FILE" and wild is not None:
        raise InvalidParam(f"VerifyType: FILE cannot validate the wildcard {wild}; use DNS.")
    issuer = context.desk.issuers.of(product.number)
    _check_method(issuer, method)
    if delete_record is not None:
        order = replace(order, delete_record=delete_record)
    fault = zone_fault(unit, replace(order, verify_type=method))
    if fault is not None:
        raise InvalidParam(f"VerifyType: {fault}.")
    reviews.check_parties(context, unit, order)
    again = (order.by_desk or order.replaces is not None) and reviews.still_good(
        context, unit, order
    )
    with_letter = takes_letter(context, product) and not again
    sent = order.submitted(
        Event.SUBMIT_ORDER_WITH_LETTER if with_letter else Event.SUBMIT_ORDER,
        issuer=issuer.name,
        order_id=new_order_id(context.desk.rng),
        verify_type=method,
        now=context.now,
    )
    submitted = unit.orders.replace(sent if with_letter else reviews.begin(context, unit, sent))
    if issuer.challenger is None:
        draw_proofs(context, unit, submitted, earlier)
    make_due(context, unit, submitted)
    replaced = f", replaces {order.replaces}" if order.replaces else ""
    context.record(unit, order.certificate_id, f"attempt {submitted.attempt}{replaced}")
    return submitted


def _check_method(issuer: Issuer, verify_type: str) -> None:
    """Refuse a method that a CA with challenges of its own does not offer.

    Raises:
        InvalidParam: the CA does not offer it.
    """
    methods = VERIFY_METHODS if issuer.challenger is None else issuer.challenger.methods
    if method_wanted(verify_type) not in methods:
        raise InvalidParam(
            f"VerifyType: must be {' or '.join(sorted(methods))}, not {verify_type}: the CA "
            "of this product uses no other method."
        )


def takes_letter(context: Context, product: Product) -> bool:
    """Whether orders for a product wait for a letter of confirmation."""
    return product.level is not Level.DV and product.number in context.desk.rules.letter_products


def _check_verify_type(verify_type: str | None) -> None:
    if verify_type and verify_type not in VERIFY_TYPES:
        got = redacted_unless_near(verify_type, VERIFY_TYPES)
        raise InvalidParam(f"VerifyType: must be DNS, DNS_AUTO or FILE, not {got}.")


def _check_order(context: Context, order: Order) -> None:
    """Refuse an order that cannot be submitted now.

    Raises:
        NoRealNameAuth: the account is not verified.
        CertificateOrderSubmitProcessing: it is submitted already.
        CertificateInfoSubmitStatusInvalid: its material is missing.
        InvalidCertificateStatusCode: it is at another status.
    """
    if not context.caller.verified:
        raise NoRealNameAuth
    if order.status in SUBMITTED:
        raise CertificateOrderSubmitProcessing(
            f"The order is already submitted as {order.order_id}."
        )
    try:
        order.after(Event.SUBMIT_ORDER)
    except IllegalTransition as refused:
        raise InvalidCertificateStatusCode(f"{refused}") from None
    if not order.submission:
        raise CertificateInfoSubmitStatusInvalid(
            "Send the material with CertificateInfoSubmit first."
        )


class ModifyCertificateResubmitRequest(Request):
    """The order to open again."""

    certificate_id: str
    """The certificate id of the order."""


class ModifyCertificateResubmitReply(Reply):
    """The order that was opened."""

    certificate_id: str


@catalog.action(*UNAUTHORIZED, CertificateStatusNotAllowResubmit, writes=True)
def modify_certificate_resubmit(
    context: Context, request: ModifyCertificateResubmitRequest
) -> Commit[ModifyCertificateResubmitReply]:
    """Open an order again that failed its review or was cancelled.

    It waits for its material as after the purchase. The last material is still there: submit
    the order to the CA at once, or change the material first. Free orders cannot be opened
    again.
    """

    def commit(unit: Unit) -> ModifyCertificateResubmitReply:
        order = own_order(context, unit, request.certificate_id)
        try:
            unit.orders.replace(order.after(Event.RESUBMIT))
        except IllegalTransition as refused:
            raise CertificateStatusNotAllowResubmit(f"{refused}") from None
        context.record(unit, order.certificate_id)
        return ModifyCertificateResubmitReply(certificate_id=order.certificate_id)

    return commit
