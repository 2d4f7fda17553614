"""What a caller may do to which orders: every action on one asks here."""

from certdesk.catalog import permission_of
from certdesk.domain.accounts.policy import NO_CERTIFICATE, READ_KEY, READ_PERSONAL, Refused
from certdesk.domain.accounts.quotas import AUDIT, QuotaExceeded
from certdesk.domain.errors import (
    AuthError,
    CertificateNotFound,
    NoProjectPermission,
    NoRealNameAuth,
    ServiceError,
    UnauthorizedOperation,
)
from certdesk.domain.orders import derivation
from certdesk.domain.orders.derivation import coming_from, denied_for, refused_for
from certdesk.domain.orders.order import Order
from certdesk.engine import Context
from certdesk.ports import Unit, ids_with_key_of

FIRST = 0
"""The project that every account has, in which its orders are made."""

Refusals = tuple[type[ServiceError], ...]
BY_CERTIFICATE: Refusals = (AuthError, UnauthorizedOperation)
BY_PROJECT: Refusals = (NoProjectPermission, *BY_CERTIFICATE)
"""What a policy's refusal is, the first that the vendor lists for the action."""

OWN_ORDER = (AuthError, CertificateNotFound, NoProjectPermission)
"""What `own_order` refuses."""
UNAUTHORIZED = (CertificateNotFound, UnauthorizedOperation)
"""What `own_order` refuses by an action for which the vendor lists no other code for a policy."""
MAY_ADD = (AuthError, NoProjectPermission, NoRealNameAuth)
"""What `check_may_add` refuses."""


def own_project(unit: Unit, uin: str, project_id: int) -> None:
    """Refuse a project that the account does not have; every account has number 0.

    Raises:
        NoProjectPermission: it is another account's, or nobody's; both answer alike.
    """
    if project_id == FIRST:
        return
    project = unit.projects.get(project_id)
    if project is None or project.uin != uin:
        raise NoProjectPermission(f"There is no project {project_id}.")


def own_order(context: Context, unit: Unit, certificate_id: str) -> Order:
    """Read an order of the caller's account that its policies allow the action for.

    Raises:
        CertificateNotFound: the account has no order of that id; another account's answers
            exactly like a missing one.
        AuthError, NoProjectPermission, UnauthorizedOperation: a policy refuses it, as
            `check_allowed` says.
    """
    order = unit.orders.get(certificate_id)
    if order is None or order.uin != context.caller.uin:
        raise CertificateNotFound
    check_allowed(context, order)
    return order


def may_read_key(context: Context, unit: Unit, order: Order) -> bool:
    """Whether the caller may be given the private key of an order."""
    return not refused_for(context.caller.grants, READ_KEY, _by_key(context, unit, order))


def may_read_personal(context: Context, order: Order) -> bool:
    """Whether the caller may see telephone numbers of an order's material in full."""
    return not refused_for(context.caller.grants, READ_PERSONAL, order)


def may_read_all(context: Context, unit: Unit, order: Order) -> bool:
    """Whether the caller may be given everything that an order keeps secret."""
    return derivation.may_read_all(context.caller.grants, _by_key(context, unit, order))


def _by_key(context: Context, unit: Unit, order: Order) -> Order:
    """Give an order as one that comes from all certificates with its key.

    A key that is denied under one id is denied under each. Where no id is denied they need not be
    looked for.
    """
    denied = context.caller.grants.denied_certificates(READ_KEY)
    return coming_from(order, ids_with_key_of(unit, order)) if denied else order


def check_allowed(context: Context, order: Order) -> None:
    """Refuse what the caller's policies do not allow for an order where it is.

    Raises:
        NoProjectPermission: it is refused in the whole project.
        AuthError: it is refused for the certificate, or in the whole project by an action that
            does not list the former.
        UnauthorizedOperation: either, by an action that lists none of them.
    """
    refused = refused_for(context.caller.grants, context.permission, order)
    _refuse(context, refused, context.permission, order)


def check_not_denied(context: Context, action: str, order: Order) -> None:
    """Refuse for an order what a policy denies under the name of another action.

    Raises:
        NoProjectPermission, AuthError, UnauthorizedOperation: as `check_allowed`.
    """
    permission = permission_of(action)
    refused = denied_for(context.caller.grants, permission, order)
    _refuse(context, refused, permission, order)


def _refuse(context: Context, refused: Refused, permission: str, order: Order) -> None:
    if not refused:
        return
    whole = refused is Refused.PROJECT
    where = f"in project {order.project_id}" if whole else f"for {order.certificate_id}"
    fitting = BY_PROJECT if whole else BY_CERTIFICATE
    listed = next(
        (error for error in fitting if error in context.invocation.action.errors), fitting[0]
    )
    raise listed(f"No policy allows {permission} {where}.")


def check_may_add(context: Context, project_id: int) -> None:
    """Refuse a caller that may not add a certificate to a project, or is not verified.

    Raises:
        NoProjectPermission: policies refuse it in the whole project.
        AuthError: they allow it for single certificates only, and a new one is none of them.
        NoRealNameAuth: the account's identity is not verified.
    """
    refused = context.caller.grants.refused(context.permission, NO_CERTIFICATE, project_id)
    if refused >= Refused.PROJECT:
        raise NoProjectPermission(f"No policy allows {context.permission} in project {project_id}.")
    if refused:
        raise AuthError(f"No policy allows {context.permission} for new certificates.")
    if not context.caller.verified:
        raise NoRealNameAuth


def check_audit(context: Context, unit: Unit) -> None:
    """Refuse now what could not be written in the audit log later.

    Raises:
        QuotaExceeded: the account's log is full.
    """
    most = context.desk.rules.quotas.audit
    if unit.usage.of(context.caller.uin)[AUDIT] >= most:
        raise QuotaExceeded(AUDIT, most)
