"""Renewal and reissue by the desk: the successor of a certificate, made when it is due."""

from __future__ import annotations

from collections.abc import Sequence

from certdesk.actions.access import own_order
from certdesk.actions.lifecycle.reissue import ReissueParameters
from certdesk.actions.orders import certificate_info_submit
from certdesk.actions.orders.material import REFUSALS, prepare_submission
from certdesk.actions.orders.order_submit import SUBMITTING, submit_order
from certdesk.actions.orders.stored_submissions import earlier_material, key_pass_of
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import OrderReplaceFailed
from certdesk.domain.orders.advice import status_msg
from certdesk.domain.orders.derivation import derived
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.material import Material
from certdesk.domain.orders.order import Order, new_certificate_id, new_deal_id
from certdesk.domain.orders.records import Renewal, Submission
from certdesk.domain.orders.renewal import Kind, Make, attempted, next_succession, succeeded
from certdesk.domain.orders.submission import ONLINE
from certdesk.domain.people.role import Role
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.record import Record, replace
from certdesk.engine import Context
from certdesk.ports import Stale, Unit, is_suspended, note, successors_of
from certdesk.wire.model import Reply, Request

NOTED = {Kind.REISSUE: "ReissueByDesk", Kind.RENEWAL: "RenewByDesk"}
"""The event names in the audit log of the certificate that now has a successor."""


class SucceedCertificateRequest(Request):
    """The certificate that is to have a successor."""

    certificate_id: str


class SucceedCertificateReply(Reply):
    """The successor, what it waits for, and its kind."""

    certificate_id: str
    kind: str
    status_msg: str | None


PARAMETERS = ReissueParameters(
    SucceedCertificateRequest,
    {},
    {
        "personal": "it is a personal certificate",
        "as_person": "a person's",
        "nobody_named": "it has no company",
        "no_manager_named": "it has no manager",
    },
    beyond=("CertificateInfoSubmit", certificate_info_submit.PARAMETERS),
)


class Due(Record, kw_only=True):
    """A certificate whose successor is due, and the data that the successor is made from."""

    order: Order
    kind: Kind
    renewal: Renewal
    submission: Submission
    proofs: Sequence[Proof]


@catalog.action(
    *REFUSALS,
    *SUBMITTING,
    OrderReplaceFailed,
    internal=True,
    roles=(Role.DESK,),
    writes=True,
    sensitive=True,
)
def succeed_certificate(
    context: Context, request: SucceedCertificateRequest
) -> Commit[SucceedCertificateReply]:
    """Make the successor of a certificate: a new order with the same material, submitted at once.

    If the desk made the old key, the successor gets a new one; otherwise it uses the same CSR. The
    same records validate its names. A certificate has one successor at a time: a second request at
    the same time is stale.
    """
    due = context.desk.store.read(lambda unit: _due(context, unit, request.certificate_id))
    material = _material(context, due)
    again = None if material.csr_source == ONLINE else due.submission
    draft = _draft(context, due)
    keep = prepare_submission(
        context, lambda _: draft, material, PARAMETERS, kinds=tuple(KeyKind), again=again
    )
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> SucceedCertificateReply:
        current = _due(context, unit, request.certificate_id)
        if current != due or unit.orders.get(draft.certificate_id) is not None:
            raise Stale("orders")
        order = keep(unit, unit.orders.add(draft))
        unit.orders.replace(succeeded(due.order, due.kind, order.certificate_id))
        unit.renewals.replace(attempted(due.renewal, due.order, context.now))
        detail, request_id = f"by {order.certificate_id}", context.invocation.request_id
        note(unit, context.now, due.order, NOTED[due.kind], detail, request_id)
        sent = submit_order(context, unit, order, due.order.verify_type, due.proofs)
        return SucceedCertificateReply(
            certificate_id=sent.certificate_id, kind=due.kind.value, status_msg=status_msg(sent)
        )

    return commit


def _due(context: Context, unit: Unit, certificate_id: str) -> Due:
    """Read what a successor is made from.

    Raises:
        Stale: no successor is to be made, or not any more, or the account is disabled.
    """
    order = own_order(context, unit, certificate_id)
    renewal = unit.renewals.get(certificate_id)
    move = next_succession(order, successors_of(unit, order), context.now)
    submission = unit.submissions.get(certificate_id, order.submission)
    if is_suspended(unit, order):
        raise Stale("accounts")
    if not isinstance(move, Make) or renewal is None or submission is None:
        raise Stale("renewals")
    return Due(
        order=order,
        kind=move.kind,
        renewal=renewal,
        submission=submission,
        proofs=unit.proofs.where(certificate_id=certificate_id, attempt=order.attempt),
    )


def _material(context: Context, due: Due) -> Material:
    """Return the submitted material again, with ids for the company and manager entered by fields.

    The names are validated by the order's last method, whatever the material says.
    """
    submission = due.submission
    company, manager = submission.company_id, submission.manager_id
    earlier = earlier_material(context, submission)
    return replace(
        earlier,
        company_id=str(company or 0),
        manager_id=None if manager is None else str(manager),
        verify_type=due.order.verify_type,
        csr=None if earlier.csr_source == ONLINE else submission.csr,
        key_pass=key_pass_of(context, submission),
    )


def _draft(context: Context, due: Due) -> Order:
    before, reissue = due.order, due.kind is Kind.REISSUE
    draft = Order(
        certificate_id=new_certificate_id(context.desk.rng),
        uin=before.uin,
        product_id=before.product_id,
        domain_num=before.domain_num,
        time_span=before.time_span,
        status=Status.AWAITING_MATERIAL,
        project_id=before.project_id,
        alias=before.alias,
        deal_id=before.deal_id if reissue else new_deal_id(context.desk.rng, context.now),
        tags=before.tags,
        muted=before.muted,
        delete_record=before.delete_record,
        by_desk=True,
        replaces=before.certificate_id if reissue else None,
        renews=None if reissue else before.certificate_id,
        ends_by=before.ends_by if reissue else None,
        created_at=context.now,
    )
    return derived(draft, before)
