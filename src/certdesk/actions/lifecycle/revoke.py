"""Revocation of a certificate at its owner's request."""

from __future__ import annotations

from certdesk.actions.access import own_order
from certdesk.actions.lifecycle.revocation_steps import (
    NOT_REVOCABLE,
    check_certificate,
)
from certdesk.actions.tasks import make_due
from certdesk.actions.validation.challenges import draw_proofs, proofs_of_revocation
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    AuthError,
    CertificateNotFound,
    InvalidParam,
)
from certdesk.domain.orders.lifecycle import Event, WaitEvent
from certdesk.domain.orders.order import Decider, Order
from certdesk.domain.orders.revocation import ask_to_revoke
from certdesk.domain.values.products import PRODUCTS, Level
from certdesk.domain.values.revocation_reason import Reason, ReasonRefused, meant, words_of
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, Request


class RevokeCertificateRequest(Request):
    """The certificate, and the reason."""

    certificate_id: str
    """The certificate id of the order."""
    reason: str | None = None
    """Why: `keyCompromise`, `superseded`, `cessationOfOperation`, … or words."""


class RevokeDomainValidateAuths(Part):
    """What to publish to validate one domain name, as in `DvAuths`; the path is null for DNS."""

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
    account uploaded it with a certificate, this applies to every account, and all other
    certificates for the key are revoked. For any other key a reviewer decides.
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


def _said(text: str | None) -> tuple[str, Reason]:
    """Return the owner's comment, and the reason that it stands for.

    Raises:
        InvalidParam: an owner may not give this reason.
    """
    try:
        said = words_of(text)
        return said, meant(said)
    except ReasonRefused as refused:
        raise InvalidParam(f"Reason: {refused}.") from None


def _ask(context: Context, unit: Unit, order: Order, reason: Reason, said: str) -> Order:
    """Store the request to revoke an issued certificate, and draw challenges for its names."""
    with_letter = PRODUCTS[order.product_id].level is not Level.DV
    asked = ask_to_revoke(
        order,
        Event.ASK_TO_REVOKE_WITH_LETTER if with_letter else Event.ASK_TO_REVOKE,
        reason=reason,
        decided_by=Decider.OWNER,
        owner_comment=said,
        deadline=context.now + context.desk.rules.proof_deadline,
    )
    # Only an organisation can sign a letter: the owner of a DV certificate shows control of the
    # names instead (RFC 8555 7.6).
    if with_letter:
        return unit.orders.replace(asked)
    asked = unit.orders.replace(asked.waiting(WaitEvent.PROVE))
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
