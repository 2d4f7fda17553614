"""Validation on request: checks the names of an order now, and shows what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from certdesk.actions.access import UNAUTHORIZED, check_audit, own_order
from certdesk.actions.tasks import make_due
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    CertificateNotFound,
    CertificateStatusNotAllowVerify,
    FailedOperation,
    InvalidParam,
    UnauthorizedOperation,
)
from certdesk.domain.orders.lifecycle import UNDER_WAY, VALIDATING, Status
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.steps import caa_permits
from certdesk.domain.validation.challenge import ProofKind, Verdict
from certdesk.domain.validation.records import Proof
from certdesk.engine import Context
from certdesk.ports import Pending, Unit
from certdesk.wire.model import Part, Reply, Request

PATIENCE = timedelta(seconds=20)
"""How long a request waits for checks that the limit per domain delays."""

NO_TURN_YET = (
    "Not checked yet: too many checks of this domain at the moment. The desk checks it later."
)

CA_PASSED = 2
CA_FAILED = -1
"""DomainValidationResult.CaCheck."""

ABSENT = {
    ProofKind.TXT: Verdict.TXT_ABSENT,
    ProofKind.CNAME: Verdict.CNAME_ABSENT,
    ProofKind.FILE: Verdict.FILE_ABSENT,
}


class CheckCertificateDomainVerificationRequest(Request):
    """The certificate to check."""

    certificate_id: str
    """The certificate id of the order."""


class DomainValidationResult(Part, kw_only=True):
    """The validation state of one name.

    `LocalCheck` is 1 if the desk found the expected value, `CaCheck` 2 if the CA may rely on that.
    Otherwise `LocalCheckFailReason` says what was found instead, and what to do.
    """

    domain: str
    verify_type: str
    local_check: int
    ca_check: int
    local_check_fail_reason: str
    check_value: list[str]
    frequently: bool
    issued: bool


class CheckCertificateDomainVerificationReply(Reply):
    """The names of the order, the main one first."""

    verification_results: list[DomainValidationResult]


@catalog.action(*UNAUTHORIZED, CertificateStatusNotAllowVerify)
def check_certificate_domain_verification(
    context: Context, request: CheckCertificateDomainVerificationRequest
) -> Commit[CheckCertificateDomainVerificationReply]:
    """Check the names of an order now, and show the result for each.

    A name that was checked within `proof.interval` is not checked again: the reply shows the
    earlier result, with `Frequently`. The same holds if names of its domain were checked too
    often in the last minute (`proof.per_domain`). For a certificate that will be revoked, the
    checks are those for RevokeCertificate.
    """
    order, proofs = context.desk.store.read(
        lambda unit: _to_check(context, unit, request.certificate_id)
    )
    _check_now(context, order, proofs)

    def read(unit: Unit) -> CheckCertificateDomainVerificationReply:
        order, proofs = _to_check(context, unit, request.certificate_id)
        by_name = {proof.name: proof for proof in proofs}
        return CheckCertificateDomainVerificationReply(
            verification_results=[
                _result(context, order, name, by_name[name.removeprefix("*.")])
                for name in order.ascii_names
            ]
        )

    return read


class CompleteCertificateRequest(Request):
    """The certificate to complete."""

    certificate_id: str
    """The certificate id of the order."""


class CompleteCertificateReply(Reply):
    """The order."""

    certificate_id: str


@catalog.action(FailedOperation, InvalidParam, UnauthorizedOperation, writes=True)
def complete_certificate(
    context: Context, request: CompleteCertificateRequest
) -> Commit[CompleteCertificateReply]:
    """Check the names of an order now, and issue the certificate if they are validated.

    It answers when the checks are done; the certificate follows in the background.
    """
    order, proofs = context.desk.store.read(
        lambda unit: _to_complete(context, unit, request.certificate_id)
    )
    context.desk.store.read(lambda unit: check_audit(context, unit))
    _check_now(context, order, proofs)
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> CompleteCertificateReply:
        order, _ = _to_complete(context, unit, request.certificate_id)
        task = unit.tasks.get(order.certificate_id)
        # Nobody but the operator has a CA asked before its time.
        if order.status in UNDER_WAY and not (task and task.paused):
            make_due(context, unit, order)
        context.record(unit, order.certificate_id)
        return CompleteCertificateReply(certificate_id=order.certificate_id)

    return commit


def _to_check(context: Context, unit: Unit, certificate_id: str) -> tuple[Order, Sequence[Proof]]:
    """Read an order that has challenges, and the proofs that count now.

    Raises:
        CertificateNotFound, UnauthorizedOperation: as `own_order`.
        CertificateStatusNotAllowVerify: there is nothing to validate.
    """
    order = own_order(context, unit, certificate_id)
    proofs = unit.proofs.where(certificate_id=certificate_id, attempt=order.proving)
    if not proofs and order.status in UNDER_WAY:
        raise CertificateStatusNotAllowVerify(
            "The CA has not said yet what to publish. DescribeCertificateDetail will show it."
        )
    if not proofs or order.status not in VALIDATING | {Status.ISSUED}:
        raise CertificateStatusNotAllowVerify(
            f"The order has status {order.status.value}. The desk validates names from "
            "CertificateOrderSubmit until it issues the certificate; for a DV certificate "
            "also after RevokeCertificate."
        )
    return order, proofs


def _to_complete(
    context: Context, unit: Unit, certificate_id: str
) -> tuple[Order, Sequence[Proof]]:
    """Read an order that was or is to be issued, with the errors listed for CompleteCertificate.

    Raises:
        InvalidParam: there is no such certificate.
        FailedOperation: there is nothing to validate.
        UnauthorizedOperation: as `own_order`.
    """
    try:
        order, proofs = _to_check(context, unit, certificate_id)
    except CertificateNotFound:
        raise InvalidParam("CertificateId: the account has no such certificate.") from None
    except CertificateStatusNotAllowVerify as refused:
        raise FailedOperation(refused.detail) from None
    if order.status is Status.REVOKING:
        raise FailedOperation(
            f"The order has status {order.status.value}: its certificate will be revoked."
        )
    return order, proofs


def _check_now(context: Context, order: Order, proofs: Sequence[Proof]) -> None:
    """Start checks of what is not validated and was not checked just before the request came.

    Raises:
        Pending: these checks are in progress.
    """
    if order.status not in VALIDATING:
        return
    # Counted from when the request came, so that no name is checked twice in one request.
    latest = context.invocation.asked_at - context.desk.rules.proof_interval
    names = [
        proof.name
        for proof in proofs
        if proof.proved_at is None and (proof.looked_at is None or proof.looked_at <= latest)
    ]
    # A name whose domain is checked too often may not be checked now, and is not waited for.
    if names and context.now < context.invocation.asked_at + PATIENCE:
        checks = context.desk.work.prove(order, names)
        if checks is not None:
            raise Pending(checks)


def _result(context: Context, order: Order, name: str, proof: Proof) -> DomainValidationResult:
    kind = ProofKind(proof.kind)
    proved = proof.proved_at is not None
    verdict = Verdict.PROVED.value if proved else proof.verdict or ABSENT[kind].value
    kept = not proved and not (proof.looked_at and proof.looked_at >= context.invocation.asked_at)
    # CAA limits issuance only (RFC 8659 3): revocation does not depend on it.
    permitted = proved and (order.status not in UNDER_WAY or caa_permits(proof, context.now))
    return DomainValidationResult(
        domain=name,
        verify_type=order.verify_type or "DNS",
        local_check=verdict,
        ca_check=CA_PASSED if permitted else CA_FAILED,
        local_check_fail_reason=proof.caa_reason if proved else proof.reason or NO_TURN_YET,
        check_value=list(proof.seen),
        frequently=kept,
        issued=order.status not in UNDER_WAY,
    )
