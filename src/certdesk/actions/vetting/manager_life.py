"""Sending managers to be vetted, and deleting them: actions of the mainland edition."""

from __future__ import annotations

from certdesk.actions.vetting import records, reviews
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    IllegalManagerStatus,
    ManagerCanNotDeleteCa,
    ManagerCanNotDeleteCert,
    ManagerNotFound,
)
from certdesk.domain.orders.lifecycle import SUBMITTED
from certdesk.domain.values.organisation import Manager
from certdesk.domain.vetting.review import State, state_of, subject_of_manager
from certdesk.engine import Context
from certdesk.ports import Unit, remove_review
from certdesk.wire.model import Integer, Reply, Request

TO_BE_SENT = frozenset({State.NONE, State.INVALID, State.EXPIRING, State.EXPIRED})
TO_BE_VERIFIED = frozenset({State.OK, State.EXPIRING, State.EXPIRED})


class SubmitAuditManagerRequest(Request):
    """The manager to send to vetting."""

    manager_id: Integer
    """The manager's id."""


class SubmitAuditManagerReply(Reply):
    """The manager."""

    manager_id: int


@catalog.action(IllegalManagerStatus, ManagerNotFound, writes=True, account_wide=True)
def submit_audit_manager(
    context: Context, request: SubmitAuditManagerRequest
) -> Commit[SubmitAuditManagerReply]:
    """Ask for the vetting of a manager who is not vetted, was rejected, or expires soon.

    An earlier vetting stays valid until a reviewer decides, or until it expires.
    """

    def commit(unit: Unit) -> SubmitAuditManagerReply:
        manager = _send(context, unit, request.manager_id, TO_BE_SENT)
        return SubmitAuditManagerReply(manager_id=manager.manager_id)

    return commit


class VerifyManagerRequest(Request):
    """The manager to vet once more."""

    manager_id: Integer
    """The manager's id."""


class VerifyManagerReply(Reply):
    """The manager."""

    manager_id: int


@catalog.action(IllegalManagerStatus, ManagerNotFound, writes=True, account_wide=True)
def verify_manager(context: Context, request: VerifyManagerRequest) -> Commit[VerifyManagerReply]:
    """Ask for a new vetting of a manager who was vetted before.

    The earlier vetting stays valid until a reviewer decides, or until it expires.
    """

    def commit(unit: Unit) -> VerifyManagerReply:
        manager = _send(context, unit, request.manager_id, TO_BE_VERIFIED)
        return VerifyManagerReply(manager_id=manager.manager_id)

    return commit


class DeleteManagerRequest(Request):
    """The manager to delete."""

    manager_id: Integer
    """The manager's id."""


class DeleteManagerReply(Reply):
    """The manager that was deleted."""

    manager_id: int


@catalog.action(
    ManagerCanNotDeleteCa,
    ManagerCanNotDeleteCert,
    ManagerNotFound,
    writes=True,
    account_wide=True,
    ends=True,
)
def delete_manager(context: Context, request: DeleteManagerRequest) -> Commit[DeleteManagerReply]:
    """Delete a manager that no order names; its company stays."""

    def commit(unit: Unit) -> DeleteManagerReply:
        manager = own_manager(context, unit, request.manager_id)
        orders = unit.orders.where(uin=manager.uin, manager_id=manager.manager_id)
        with_ca = next((order for order in orders if order.status in SUBMITTED), None)
        if with_ca is not None:
            raise ManagerCanNotDeleteCa(
                f"Order {with_ca.certificate_id}, which names the manager, is in progress."
            )
        if orders:
            raise ManagerCanNotDeleteCert(f"Order {orders[0].certificate_id} names the manager.")
        remove_review(unit, subject_of_manager(manager.manager_id))
        unit.managers.remove(manager.manager_id)
        context.record(unit, subject_of_manager(manager.manager_id))
        return DeleteManagerReply(manager_id=manager.manager_id)

    return commit


def own_manager(context: Context, unit: Unit, manager_id: int) -> Manager:
    """Read a manager of the caller's account.

    Raises:
        ManagerNotFound: the account has no manager with that number.
    """
    manager = records.own_manager(unit, context.caller.uin, manager_id)
    if manager is None:
        raise ManagerNotFound
    return manager


def _send(context: Context, unit: Unit, manager_id: int, from_: frozenset[State]) -> Manager:
    """Send a manager to vetting.

    Raises:
        ManagerNotFound: the account has no manager with that number.
        IllegalManagerStatus: its state does not allow it, it waits already, or it was erased.
    """
    manager = own_manager(context, unit, manager_id)
    state = state_of(manager, context.now)
    if state not in from_:
        raise IllegalManagerStatus(
            f"ManagerId: {manager_id} must be {', '.join(sorted(from_))}, and is {state}."
        )
    if records.is_nobody(manager):
        raise IllegalManagerStatus(f"ManagerId: {manager_id} was erased. Use another manager.")
    waiting = unit.reviews.get(subject_of_manager(manager_id))
    if waiting is not None and waiting.verdict is None:
        raise IllegalManagerStatus(f"ManagerId: {manager_id} already waits for its review.")
    context.record(unit, subject_of_manager(manager_id), state)
    return reviews.send_manager(context, unit, manager)
