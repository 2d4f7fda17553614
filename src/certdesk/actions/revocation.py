"""Taking certificates back: on their owner's request, or by the operator."""

from __future__ import annotations

from certdesk.actions.access import own_order
from certdesk.actions.due import make_due
from certdesk.actions.naming import known_order
from certdesk.actions.proofs import draw_proofs, proofs_of_revocation
from certdesk.actions.review_detail import checked_reason
from certdesk.actions.review_subject import subject_of
from certdesk.actions.revoking import NOT_REVOCABLE, check_certificate, check_not_granted, refuse
from certdesk.actions.sights import check_seen
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    AuthError,
    CertificateNotFound,
    InvalidCertificateStatusCode,
    InvalidParam,
)
from certdesk.domain.lifecycle import Event, WaitEvent
from certdesk.domain.order import Decider, Order
from certdesk.domain.products import PRODUCTS, Level
from certdesk.domain.revocation import Reason, ReasonRefused, meant, words_of
from certdesk.domain.vetting import subject_of_revocation
from certdesk.engine import Context
from certdesk.ports import Unit, block_known, issued_with, withdraw_review
from certdesk.wire.model import Part, Reply, Request
from certdesk.wire.operator import orders as asked


class RevokeCertificateRequest(Request):
    """Which certificate, and why."""

    certificate_id: str
    """The certificate id of the order."""
    reason: str | None = None
    """Why: `keyCompromise`, `superseded`, `cessationOfOperation`, … or words."""


class RevokeDomainValidateAuths(Part):
    """What to publish to prove one domain name, as in `DvAuths`; the path is null for DNS."""

    domain_validate_auth_path: str | None
    domain_validate_auth_key: str
    domain_validate_auth_value: str
    domain_validate_auth_domain: str


class RevokeCertificateReply(Reply):
    """What to publish to validate the names again; empty if the order waits for a letter."""

    revoke_domain_validate_auths: list[RevokeDomainValidateAuths]


@catalog.action(
    *NOT_REVOCABLE, AuthError, CertificateNotFound, InvalidParam, writes=True, ends=True
)
def revoke_certificate(
    context: Context, request: RevokeCertificateRequest
) -> Commit[RevokeCertificateReply]:
    """Ask to revoke a certificate.

    A DV certificate is revoked as soon as all its names are validated again, with the values in
    the reply; an OV or EV one when its letter (UploadRevokeLetter) was approved. If neither
    happens within `proof.deadline_hours`, it stays valid. After `keyCompromise` the account
    gets no certificate for this key any more. If the desk made the key for the account, or the
    account uploaded it with a certificate, nobody does, and all other certificates for it are
    revoked. For any other key a reviewer decides.
    """
    said, reason = _said(request.reason)
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> RevokeCertificateReply:
        order = own_order(context, unit, request.certificate_id)
        check_certificate(context, order, Event.ASK_TO_REVOKE)
        asked = _ask(context, unit, order, reason, said)
        make_due(context, unit, asked)
        context.record(unit, order.certificate_id, reason)
        return RevokeCertificateReply(revoke_domain_validate_auths=_to_publish(unit, asked))

    return commit


class RevokeOrderReply(Reply):
    """The order, which the desk's work takes to status 10.

    `certificate_ids` are the other certificates for its key, of any account: after `keyCompromise`
    they are revoked as well.
    """

    certificate_id: str
    status: int
    certificate_ids: list[str]


@catalog.action(*NOT_REVOCABLE, InvalidParam, writes=True, ends=True, internal=True)
def revoke_order(context: Context, request: asked.RevokeOrderRequest) -> Commit[RevokeOrderReply]:
    """Have a certificate revoked without proof, letter or review."""
    if request.reason not in set(Reason):
        raise InvalidParam(f"Reason: is one of {', '.join(Reason)}.")
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> RevokeOrderReply:
        order = known_order(unit, request.certificate_id)
        check_certificate(context, order, Event.DECIDE_TO_REVOKE)
        decided = unit.orders.replace(
            order.asked_back(
                Event.DECIDE_TO_REVOKE, reason=request.reason, decided_by=Decider.OPERATOR
            )
        )
        withdraw_review(unit, subject_of_revocation(order.certificate_id))
        make_due(context, unit, decided)
        compromised = request.reason == Reason.KEY_COMPROMISE
        others = _block_key(context, unit, decided) if compromised else []
        context.record(unit, order.certificate_id, request.reason, uin=order.uin)
        return RevokeOrderReply(
            certificate_id=order.certificate_id, status=decided.status, certificate_ids=others
        )

    return commit


def _block_key(context: Context, unit: Unit, order: Order) -> list[str]:
    """Block the key of a certificate for everybody; give the other certificates for it."""
    certificate = unit.certificates.get(order.certificate_id, order.attempt)
    assert certificate is not None  # noqa: S101 -- it was kept when the order became issued
    block_known(unit, certificate.spki_sha256, context.now)
    its = (each.certificate_id for each in issued_with(unit, certificate.spki_sha256))
    return [each for each in its if each != order.certificate_id]


class KeepOrderReply(Reply):
    """The order, which is issued as before."""

    certificate_id: str
    status: int


@catalog.action(InvalidCertificateStatusCode, InvalidParam, writes=True, internal=True)
def keep_order(context: Context, request: asked.KeepOrderRequest) -> Commit[KeepOrderReply]:
    """Keep a certificate that its owner asked to have revoked, as long as nothing grants that.

    A request that has changed since the operator saw it is refused.
    """
    reason = checked_reason(request.reason)

    def commit(unit: Unit) -> KeepOrderReply:
        order = known_order(unit, request.certificate_id)
        check_not_granted(context, unit, order)
        name = subject_of_revocation(order.certificate_id)
        check_seen(context, unit, subject_of(unit, name), request.attempt)
        withdraw_review(unit, name)
        kept = refuse(context, unit, order, reason, reason)
        return KeepOrderReply(certificate_id=order.certificate_id, status=kept.status)

    return commit


def _said(text: str | None) -> tuple[str, Reason]:
    """Give an owner's words, and what they mean.

    Raises:
        InvalidParam: no owner may say that.
    """
    try:
        said = words_of(text)
        return said, meant(said)
    except ReasonRefused as refused:
        raise InvalidParam(f"Reason: {refused}.") from None


def _ask(context: Context, unit: Unit, order: Order, reason: Reason, said: str) -> Order:
    """Keep that an issued certificate is to be revoked, and draw what proves its names."""
    deadline = context.now + context.desk.rules.proof_deadline
    if PRODUCTS[order.product_id].level is not Level.DV:
        awaiting = order.asked_back(
            Event.ASK_TO_REVOKE_WITH_LETTER,
            reason=reason,
            decided_by=Decider.OWNER,
            said=said,
            deadline=deadline,
        )
        return unit.orders.replace(awaiting)
    asked = unit.orders.replace(
        order.asked_back(
            Event.ASK_TO_REVOKE,
            reason=reason,
            decided_by=Decider.OWNER,
            said=said,
            deadline=deadline,
        ).waiting(WaitEvent.PROVE)
    )
    draw_proofs(context, unit, asked)
    return asked


def _to_publish(unit: Unit, order: Order) -> list[RevokeDomainValidateAuths]:
    return [
        RevokeDomainValidateAuths(
            domain_validate_auth_path=part.dv_auth_path,
            domain_validate_auth_key=part.dv_auth_key,
            domain_validate_auth_value=part.dv_auth_value,
            domain_validate_auth_domain=part.dv_auth_domain,
        )
        for part in proofs_of_revocation(unit, order) or ()
    ]
