"""Revocation by the operator, and declining an owner's request for revocation."""

from __future__ import annotations

from certdesk.actions.lifecycle.revocation_steps import (
    NOT_REVOCABLE,
    check_certificate,
    check_not_granted,
    refuse,
)
from certdesk.actions.tasks import make_due
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    InvalidCertificateStatusCode,
    InvalidParam,
)
from certdesk.domain.orders.lifecycle import Event
from certdesk.domain.orders.order import Decider, Order
from certdesk.domain.orders.revocation import ask_to_revoke
from certdesk.domain.people.role import REVIEWERS
from certdesk.domain.values.revocation_reason import Reason
from certdesk.domain.vetting.review import subject_of_revocation
from certdesk.engine import Context
from certdesk.operator.lookups import known_order
from certdesk.operator.vetting.deciding import signed
from certdesk.operator.vetting.detail import checked_reason
from certdesk.operator.vetting.seen_reviews import check_seen
from certdesk.operator.vetting.subject import subject_of
from certdesk.ports import Unit, block_known, issued_with, withdraw_review
from certdesk.wire.model import Reply
from certdesk.wire.operator import orders as asked


class RevokeOrderReply(Reply):
    """The order, which reaches status 10 in the background.

    `certificate_ids` are the other certificates for its key, of any account: after `keyCompromise`
    they are revoked as well.
    """

    certificate_id: str
    status: int
    certificate_ids: list[str]


@catalog.action(*NOT_REVOCABLE, InvalidParam, writes=True, ends=True, internal=True)
def revoke_order(context: Context, request: asked.RevokeOrderRequest) -> Commit[RevokeOrderReply]:
    """Revoke a certificate without validation, letter or review."""
    if request.reason not in set(Reason):
        raise InvalidParam(f"Reason: must be one of {', '.join(Reason)}.")
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> RevokeOrderReply:
        order = known_order(unit, request.certificate_id)
        check_certificate(context, order, Event.DECIDE_TO_REVOKE)
        decided = unit.orders.replace(
            ask_to_revoke(
                order, Event.DECIDE_TO_REVOKE, reason=request.reason, decided_by=Decider.OPERATOR
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
    """Block the key of a certificate for every account; return the other certificates for it."""
    certificate = unit.certificates.get(order.certificate_id, order.attempt)
    assert certificate is not None  # noqa: S101 -- it was stored when the order became issued
    block_known(unit, certificate.spki_sha256, context.now)
    its = (each.certificate_id for each in issued_with(unit, certificate.spki_sha256))
    return [each for each in its if each != order.certificate_id]


class KeepOrderReply(Reply):
    """The order, which is issued as before."""

    certificate_id: str
    status: int


@catalog.action(
    InvalidCertificateStatusCode, InvalidParam, writes=True, internal=True, roles=REVIEWERS
)
def keep_order(context: Context, request: asked.KeepOrderRequest) -> Commit[KeepOrderReply]:
    """Decline the request of an owner to revoke a certificate, before it is granted.

    A request that has changed since the operator saw it is refused.
    """
    reason = checked_reason(request.reason)

    def commit(unit: Unit) -> KeepOrderReply:
        order = known_order(unit, request.certificate_id)
        check_not_granted(context, unit, order)
        name = subject_of_revocation(order.certificate_id)
        check_seen(context, unit, subject_of(unit, name), request.attempt)
        withdraw_review(unit, name)
        detail = f"{name} kept by {signed(context)}: {reason}"
        context.record(unit, order.certificate_id, detail, uin=order.uin)
        kept = refuse(context, unit, order, reason, reason)
        return KeepOrderReply(certificate_id=order.certificate_id, status=kept.status)

    return commit
