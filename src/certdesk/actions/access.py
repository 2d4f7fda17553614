"""Which callers may do what to which orders: every action on an order checks it here."""

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
"""The project that every account has, and that new orders are in."""

Refusals = tuple[type[ServiceError], ...]
BY_CERTIFICATE: Refusals = (AuthError, UnauthorizedOperation)
BY_PROJECT: Refusals = (NoProjectPermission, *BY_CERTIFICATE)
"""The errors for a policy's refusal, of which the first that the vendor lists is used."""

OWN_ORDER = (AuthError, CertificateNotFound, NoProjectPermission)
"""The errors that `own_order` raises."""
UNAUTHORIZED = (CertificateNotFound, UnauthorizedOperation)
"""The errors of `own_order` for an action that lists no other code for a policy's refusal."""
MAY_ADD = (AuthError, NoProjectPermission, NoRealNameAuth)
"""The errors that `check_may_add` raises."""


def own_project(unit: Unit, uin: str, project_id: int) -> None:
    """Refuse a project that the account does not have; every account has number 0.

    Raises:
        NoProjectPermission: it is another account's, or does not exist; the reply is the same for
            both.
    """
    if project_id == FIRST:
        return
    project = unit.projects.get(project_id)
    if project is None or project.uin != uin:
        raise NoProjectPermission(f"There is no project {project_id}.")


def own_order(context: Context, unit: Unit, certificate_id: str) -> Order:
    """Read an order of the caller's account, if the caller's policies allow the action for it.

    Raises:
        CertificateNotFound: the account has no order with that id; the reply is the same whether
            another account has it or nobody.
        AuthError, NoProjectPermission, UnauthorizedOperation: a policy refuses it, as
            `check_allowed` says.
    """
    order = unit.orders.get(certificate_id)
    if order is None or order.uin != context.caller.uin:
        raise CertificateNotFound
    check_allowed(context, order)
    return order


def may_read_key(context: Context, unit: Unit, order: Order) -> bool:
    """Whether the caller may get the private key of an order."""
    return not refused_for(context.caller.grants, READ_KEY, _by_key(context, unit, order))


def may_read_personal(context: Context, order: Order) -> bool:
    """Whether the caller may see telephone numbers of an order's material in full."""
    return not refused_for(context.caller.grants, READ_PERSONAL, order)


def may_read_all(context: Context, unit: Unit, order: Order) -> bool:
    """Whether the caller may get all the secrets that are stored for an order."""
    return derivation.may_read_all(context.caller.grants, _by_key(context, unit, order))


def _by_key(context: Context, unit: Unit, order: Order) -> Order:
    """Return an order marked as coming from all certificates with its key.

    A denial to read the key under one certificate id applies to each id with the same key. If no
    policy denies anything by id, the other certificates need not be looked up.
    """
    denied = context.caller.grants.denied_certificates(READ_KEY)
    return coming_from(order, ids_with_key_of(unit, order)) if denied else order


def check_allowed(context: Context, order: Order) -> None:
    """Refuse what the caller's policies do not allow for an order in its project.

    Raises:
        NoProjectPermission: it is refused for the whole project.
        AuthError: it is refused for the certificate, or for the whole project by an action that
            does not list NoProjectPermission.
        UnauthorizedOperation: either, by an action that lists neither of these.
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
        NoProjectPermission: policies refuse it for the whole project.
        AuthError: policies allow it only for named certificates, and a new one is not among them.
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
    """Refuse an action now if the audit log could not take its entry later.

    Raises:
        QuotaExceeded: the account's log is full.
    """
    most = context.desk.rules.quotas.audit
    if unit.usage.of(context.caller.uin)[AUDIT] >= most:
        raise QuotaExceeded(AUDIT, most)
