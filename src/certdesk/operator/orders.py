"""One order as the operator sees it: what was done and what comes next; and resuming it."""

from __future__ import annotations

from certdesk.actions.tasks import make_due
from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.records import AuditEntry
from certdesk.domain.errors import InvalidCertificateStatusCode
from certdesk.domain.orders import suspension
from certdesk.domain.orders.advice import advice, outlook
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.renewal import in_force, is_over
from certdesk.domain.validation.challenge import challenge_of
from certdesk.domain.validation.records import Evidence, Proof
from certdesk.engine import Context
from certdesk.operator.key_in_use import OrderWithKey, key_of, same_key
from certdesk.operator.lookups import known_order
from certdesk.operator.order_lists import OrderInfo, order_info
from certdesk.ports import Unit, disabled_account, followers_of, successors_of
from certdesk.wire.model import Part, Reply, utc_time
from certdesk.wire.operator import orders as asked

CHECKS_SHOWN = 40
"""How many of the newest checks of an order are shown."""


class ProofInfo(Part, kw_only=True):
    """The challenge of a name, and its state."""

    domain: str
    type: str
    record: str
    value: str
    proved_time: str | None
    looked_time: str | None
    reason: str
    caa_reason: str


class Happening(Part, kw_only=True):
    """One event or finding of an order; `Steps` is the evidence of a check."""

    time: str | None
    who: str
    what: str
    detail: str
    steps: list[str]


class ShowOrderReply(Reply, kw_only=True):
    """An order, its proofs, all that happened to it, oldest first, and what comes next.

    `SameKey` are the valid certificates that other accounts have for its key.
    """

    order: OrderInfo
    names: list[str]
    order_id: str | None
    deadline: str | None
    same_key: list[OrderWithKey]
    proofs: list[ProofInfo]
    happenings: list[Happening]
    next: str
    due_time: str | None
    failures: int
    failure: str


@catalog.action(internal=True)
def show_order(context: Context, request: asked.ShowOrderRequest) -> Commit[ShowOrderReply]:
    """Show one order with its history."""

    def read(unit: Unit) -> ShowOrderReply:
        order = known_order(unit, request.certificate_id)
        its = order.certificate_id
        proofs = unit.proofs.where(certificate_id=its, attempt=order.proving)
        checks = unit.evidence.where(certificate_id=its)[-CHECKS_SHOWN:]
        task = unit.tasks.get(its)
        ahead = outlook(unit.renewals.get(its), successors_of(unit, order))
        disabled = disabled_account(unit, order)
        what = advice(order, proofs, task, context.now)
        return ShowOrderReply(
            order=_info(unit, order),
            names=list(order.ascii_names),
            order_id=order.order_id,
            deadline=utc_time(order.deadline),
            same_key=same_key(unit, order.uin, key_of(unit, order)),
            proofs=[_proof(proof) for proof in proofs],
            happenings=_story(unit.audit.where(subject=its), checks),
            next=suspension.notice(disabled) if disabled else f"{what} {ahead}".rstrip(),
            due_time=utc_time(task.due_at) if task else None,
            failures=task.failures if task else 0,
            failure=task.reason if task else "",
        )

    return read


class CurrentOrderReply(Reply):
    """The newest valid order among an order and its successors, or the one that will be valid."""

    order: OrderInfo


@catalog.action(InvalidCertificateStatusCode, internal=True)
def current_order(
    context: Context, request: asked.CurrentOrderRequest
) -> Commit[CurrentOrderReply]:
    """Show which certificate is in force in place of one that was reissued or renewed."""
    del context

    def read(unit: Unit) -> CurrentOrderReply:
        order = known_order(unit, request.certificate_id)
        followers = followers_of(unit, order)
        found = in_force(order, followers)
        if found is None and is_over(order):
            stand = "; ".join(
                f"{each.certificate_id} at {each.status.in_words}" for each in followers
            )
            raise InvalidCertificateStatusCode(
                f"No certificate in force follows {order.certificate_id}, which has status "
                f"{order.status.in_words}. Certificates that came after it: {stand or 'none'}."
            )
        return CurrentOrderReply(order=_info(unit, found or order))

    return read


class ResumeOrderReply(Reply):
    """The order, which is worked on again."""

    certificate_id: str


@catalog.action(internal=True, writes=True)
def resume_order(context: Context, request: asked.ResumeOrderRequest) -> Commit[ResumeOrderReply]:
    """Work on an order now, even if it was set aside or is not due yet."""
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> ResumeOrderReply:
        order = known_order(unit, request.certificate_id)
        make_due(context, unit, order)
        context.record(unit, order.certificate_id, uin=order.uin)
        return ResumeOrderReply(certificate_id=order.certificate_id)

    return commit


def _info(unit: Unit, order: Order) -> OrderInfo:
    return order_info(unit, order, unit.accounts.get(order.uin))


def _proof(proof: Proof) -> ProofInfo:
    challenge = challenge_of(proof)
    return ProofInfo(
        domain=proof.name,
        type=proof.kind,
        record=challenge.record,
        value=proof.value,
        proved_time=utc_time(proof.proved_at),
        looked_time=utc_time(proof.looked_at),
        reason=proof.reason,
        caa_reason=proof.caa_reason,
    )


def _story(entries: list[AuditEntry], checks: list[Evidence]) -> list[Happening]:
    told = [(entry.at, _done(entry)) for entry in entries]
    told += [(check.ended_at, _found(check)) for check in checks]
    return [happening for _, happening in sorted(told, key=lambda pair: pair[0])]


def _done(entry: AuditEntry) -> Happening:
    return Happening(
        time=utc_time(entry.at), who=entry.actor, what=entry.action, detail=entry.detail, steps=[]
    )


def _found(check: Evidence) -> Happening:
    found = "found" if check.verdict > 0 else check.reason
    return Happening(
        time=utc_time(check.ended_at),
        who="desk",
        what=f"Look for {check.kind}",
        detail=f"{check.name}: {found}",
        steps=list(check.steps),
    )
