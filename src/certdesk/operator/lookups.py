"""Names of new things, and the things that ids stand for, in the operator's actions."""

from certdesk.domain.accounts.account import Account
from certdesk.domain.accounts.policy import Policy, Project, User
from certdesk.domain.errors import (
    AccountNotFound,
    CertificateNotFound,
    InvalidParam,
    PolicyNotFound,
    ProjectNotFound,
    UserNotFound,
)
from certdesk.domain.orders.order import Order
from certdesk.domain.values.redaction import missing_message, redacted_bare
from certdesk.domain.values.texts import text_fault
from certdesk.ports import Collection, Unit

LONGEST = 64


def check_name(name: str) -> None:
    """Refuse a name that is blank, too long, or not visible in a list.

    Raises:
        InvalidParam: it has more than 64 characters, invisible characters, or blanks only.
    """
    if not name.strip():
        raise InvalidParam("Name: must contain more than blanks.")
    if text_fault(name, LONGEST):
        raise InvalidParam(f"Name: must have at most {LONGEST} printable characters.")


def check_free(
    kept: Collection[User] | Collection[Policy] | Collection[Project], uin: str, name: str
) -> None:
    """Refuse a name that another thing of the same kind has in the account.

    Raises:
        InvalidParam: the name is taken.
    """
    if kept.count(uin=uin, name=name):
        raise InvalidParam(f"Name: the account already has a {redacted_bare(name)}.")


def known_account(unit: Unit, uin: str) -> Account:
    """Read an account.

    Raises:
        AccountNotFound: there is no account with that Uin.
    """
    account = unit.accounts.get(uin)
    if account is None:
        raise AccountNotFound(missing_message("account", uin))
    return account


def enabled_account(unit: Unit, uin: str) -> Account:
    """Read an account that may receive something.

    Raises:
        AccountNotFound: there is no account with that Uin.
        InvalidParam: the account is disabled.
    """
    account = known_account(unit, uin)
    if not account.enabled:
        raise InvalidParam(
            f"Uin: account {uin} is disabled. Run certdesk account enable {uin} first."
        )
    return account


def known_order(unit: Unit, certificate_id: str) -> Order:
    """Read an order.

    Raises:
        CertificateNotFound: there is no order with that certificate id.
    """
    order = unit.orders.get(certificate_id)
    if order is None:
        raise CertificateNotFound(missing_message("order", certificate_id))
    return order


def known_user(unit: Unit, user_id: int) -> User:
    """Read a user.

    Raises:
        UserNotFound: there is no user with that number.
    """
    user = unit.users.get(user_id)
    if user is None:
        raise UserNotFound(f"There is no user {user_id}.")
    return user


def known_policy(unit: Unit, policy_id: int) -> Policy:
    """Read a policy.

    Raises:
        PolicyNotFound: there is no policy with that number.
    """
    policy = unit.policies.get(policy_id)
    if policy is None:
        raise PolicyNotFound(f"There is no policy {policy_id}.")
    return policy


def known_project(unit: Unit, project_id: int) -> Project:
    """Read a project.

    Raises:
        ProjectNotFound: there is no project with that number.
    """
    project = unit.projects.get(project_id)
    if project is None:
        raise ProjectNotFound(f"There is no project {project_id}.")
    return project
