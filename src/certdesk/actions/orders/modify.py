"""Renaming orders, and moving them between projects."""

from certdesk.actions.access import OWN_ORDER, check_allowed, may_read_all, own_order, own_project
from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.policy import NO_CERTIFICATE, Refused
from certdesk.domain.errors import AuthError, CertificateNotFound, InvalidParam, NoProjectPermission
from certdesk.domain.orders.derivation import taken_to
from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import replace
from certdesk.domain.values.texts import text_fault
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Reply, Request, Unsigned

ALIAS_LENGTH = 200
MOST_IDS = 100


class ModifyCertificateAliasRequest(Request):
    """The order, and its new alias."""

    certificate_id: str
    """The certificate id of the order."""
    alias: str | None = None
    """The new name: 200 characters at most; without it the order has none."""


class ModifyCertificateAliasReply(Reply):
    """The order that was renamed."""

    certificate_id: str


@catalog.action(*OWN_ORDER, InvalidParam, writes=True)
def modify_certificate_alias(
    context: Context, request: ModifyCertificateAliasRequest
) -> Commit[ModifyCertificateAliasReply]:
    """Name an order with an alias, which lists show and search."""
    alias = request.alias or ""
    fault = text_fault(alias, ALIAS_LENGTH)

    def commit(unit: Unit) -> ModifyCertificateAliasReply:
        order = own_order(context, unit, request.certificate_id)
        if fault is not None:
            raise InvalidParam(f"Alias: {fault}.")
        _check_stays(order)
        unit.orders.replace(replace(order, alias=alias))
        context.record(unit, order.certificate_id)
        return ModifyCertificateAliasReply(certificate_id=order.certificate_id)

    return commit


class ModifyCertificateProjectRequest(Request):
    """The orders, and the project to move them to."""

    certificate_id_list: list[str]
    """Certificate ids of the orders: 1 to 100."""
    project_id: Unsigned
    """The number of a project of the account; every account has number 0."""


class ModifyCertificateProjectReply(Reply):
    """The ids that were moved, and those that were not."""

    success_certificates: list[str]
    fail_certificates: list[str]


@catalog.action(InvalidParam, NoProjectPermission, writes=True)
def modify_certificate_project(
    context: Context, request: ModifyCertificateProjectRequest
) -> Commit[ModifyCertificateProjectReply]:
    """Move orders to a project; a user needs permission in the old and in the new project.

    If a user moves an order whose private key or telephone numbers they may not read, the old
    project still counts for reading them. An id that is unknown, of another account, not
    allowed or on its way to another account is returned, and does not prevent the others.
    """
    ids = list(dict.fromkeys(request.certificate_id_list))
    if not 1 <= len(ids) <= MOST_IDS:
        raise InvalidParam(f"CertificateIdList: must be 1 to {MOST_IDS} ids, not {len(ids)}.")

    def commit(unit: Unit) -> ModifyCertificateProjectReply:
        project_id = request.project_id
        own_project(unit, context.caller.uin, project_id)
        _check_target(context, project_id)
        done, failed = [], []
        for certificate_id in ids:
            try:
                order = own_order(context, unit, certificate_id)
                moved = taken_to(order, project_id, released=may_read_all(context, unit, order))
                check_allowed(context, moved)
                _check_stays(order)
            except (AuthError, CertificateNotFound, InvalidParam, NoProjectPermission):
                failed.append(certificate_id)
                continue
            unit.orders.replace(moved)
            context.record(unit, certificate_id, f"project {project_id}")
            done.append(certificate_id)
        return ModifyCertificateProjectReply(success_certificates=done, fail_certificates=failed)

    return commit


def _check_stays(order: Order) -> None:
    """Refuse an order that is moving to another account.

    Raises:
        InvalidParam: it is moving; the vendor lists no status code for this action.
    """
    if order.moving:
        raise InvalidParam(
            f"CertificateId: {order.certificate_id} has status {order.status.in_words}."
        )


def _check_target(context: Context, project_id: int) -> None:
    """Refuse a project to which the caller may not move orders.

    Raises:
        NoProjectPermission: the caller's policies refuse it.
    """
    refused = context.caller.grants.refused(context.permission, NO_CERTIFICATE, project_id)
    if refused >= Refused.PROJECT:
        raise NoProjectPermission(f"No policy allows {context.permission} in project {project_id}.")
