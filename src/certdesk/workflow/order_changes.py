"""Changes of an order that the desk makes alone; most are made in a transaction that is given."""

from __future__ import annotations

from datetime import datetime

from certdesk.domain.orders.lifecycle import Event, HoldEvent
from certdesk.domain.orders.order import Decider, Order
from certdesk.domain.orders.renewal import Forget, next_succession
from certdesk.domain.orders.revocation import ask_to_revoke, keep_certificate
from certdesk.domain.values.record import replace
from certdesk.domain.values.revocation_reason import KEY_KNOWN, Reason
from certdesk.domain.vetting.review import subject_of_revocation
from certdesk.ports import Unit, note, successors_of, withdraw_review
from certdesk.workflow.order_state import OrderState, as_read, unchanged


def closed(state: OrderState, reason: str, now: datetime) -> OrderState:
    """Return the state of an order whose review has failed."""

    def tell(unit: Unit, order: Order) -> Order:
        note(unit, now, order, "FailReview", reason)
        return order

    return state.changed(state.order.after(Event.FAIL, reason), tell)


def revoke_compromised(unit: Unit, order: Order, now: datetime) -> None:
    """Mark a certificate for revocation because others know its key; no review is needed."""
    decided = ask_to_revoke(
        as_read(unit, order),
        Event.DECIDE_TO_REVOKE,
        reason=Reason.KEY_COMPROMISE,
        decided_by=Decider.DESK,
        why=KEY_KNOWN,
    )
    unit.orders.replace(decided)
    withdraw_review(unit, subject_of_revocation(order.certificate_id))
    note(unit, now, order, "CondemnKey", Reason.KEY_COMPROMISE)


def decline_revocation(unit: Unit, order: Order, reason: str, now: datetime) -> None:
    """Withdraw the request to revoke a certificate, which stays in force."""
    unit.orders.replace(keep_certificate(unchanged(unit, order), reason))
    note(unit, now, order, "CancelRevoke", reason)


def expire(unit: Unit, order: Order, now: datetime) -> None:
    """Mark a certificate as expired; its successor is still made."""
    ended = unchanged(unit, order).after(Event.EXPIRE)
    move = next_succession(ended, successors_of(unit, ended), now)
    if isinstance(move, Forget):
        ended = replace(ended, hosted=False)
        unit.renewals.remove(order.certificate_id)
    unit.orders.replace(ended)
    note(unit, now, order, "Expire", "")


def end_cancelling(unit: Unit, order: Order, now: datetime) -> None:
    """Finish the cancellation of an order whose DNS records have been removed."""
    unit.orders.replace(unchanged(unit, order).held(HoldEvent.END_CLEANUP))
    note(unit, now, order, "EndCancelling", "")
