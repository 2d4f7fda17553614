"""Policies: what users of an account may do, for the operator."""

from certdesk.actions.access import FIRST
from certdesk.catalog import Commit, catalog, permission_of
from certdesk.domain.accounts.policy import ALLOW, DENY, EVERYTHING, Policy, fits
from certdesk.domain.errors import (
    CertificateNotFound,
    InvalidParam,
    ProjectNotFound,
)
from certdesk.domain.orders.derivation import SECRETS
from certdesk.domain.people.role import STAFF
from certdesk.domain.values.redaction import redacted, redacted_bare
from certdesk.engine import Context
from certdesk.operator.lookups import check_free, check_name, known_account, known_policy
from certdesk.ports import Unit
from certdesk.wire.model import Integer, Part, Reply, Request, utc_time
from certdesk.wire.operator import users as asked
from certdesk.wire.vendor import ACTIONS

LONGEST_PATTERN = 64
PERMISSIONS = (*map(permission_of, ACTIONS), *SECRETS)
"""The names that a policy may have."""


class AddPolicyRequest(Request):
    """What is allowed or denied: actions by pattern, in some certificates and projects or all."""

    uin: str
    name: str
    effect: str
    actions: list[str]
    certificate_ids: list[str] | None = None
    project_ids: list[Integer] | None = None


class PolicyReply(Reply):
    """The policy's number."""

    policy_id: int


@catalog.action(InvalidParam, writes=True, internal=True)
def add_policy(context: Context, request: AddPolicyRequest) -> Commit[PolicyReply]:
    """Add a policy to an account; it binds the users to whom it is attached."""
    check_name(request.name)
    _check_rule(request)
    policy = Policy(
        uin=request.uin,
        name=request.name,
        effect=request.effect,
        actions=tuple(dict.fromkeys(request.actions)),
        certificates=tuple(dict.fromkeys(request.certificate_ids or EVERYTHING)),
        projects=tuple(dict.fromkeys(map(str, request.project_ids or ()))) or EVERYTHING,
        created_at=context.now,
    )

    def commit(unit: Unit) -> PolicyReply:
        known_account(unit, request.uin)
        check_free(unit.policies, request.uin, request.name)
        _check_places(unit, request)
        kept = unit.policies.add(policy)
        detail = f"{kept.effect} {' '.join(kept.actions)}"
        context.record(unit, f"policy:{kept.policy_id}", detail, uin=kept.uin)
        return PolicyReply(policy_id=kept.policy_id)

    return commit


class PolicyInfo(Part):
    """A policy as shown; `*` means all certificates or projects."""

    policy_id: int
    name: str
    effect: str
    actions: list[str]
    certificate_ids: list[str]
    project_ids: list[str]
    create_time: str | None


class ListPoliciesReply(Reply):
    """All policies of the account."""

    policies: list[PolicyInfo]


@catalog.action(internal=True, roles=STAFF)
def list_policies(
    context: Context, request: asked.ListPoliciesRequest
) -> Commit[ListPoliciesReply]:
    """List the policies of an account."""

    def read(unit: Unit) -> ListPoliciesReply:
        known_account(unit, request.uin)
        return ListPoliciesReply(
            policies=[policy_info(policy) for policy in unit.policies.where(uin=request.uin)]
        )

    return read


class ShowPolicyReply(Reply):
    """One policy, the account that it belongs to, and the users that it binds."""

    uin: str
    policy: PolicyInfo
    user_ids: list[int]


@catalog.action(internal=True, roles=STAFF)
def show_policy(context: Context, request: asked.ShowPolicyRequest) -> Commit[ShowPolicyReply]:
    """Show one policy and the users that it is attached to."""

    def read(unit: Unit) -> ShowPolicyReply:
        policy = known_policy(unit, request.policy_id)
        return ShowPolicyReply(
            uin=policy.uin, policy=policy_info(policy), user_ids=_bound(unit, policy)
        )

    return read


@catalog.action(InvalidParam, writes=True, internal=True)
def remove_policy(context: Context, request: asked.RemovePolicyRequest) -> Commit[PolicyReply]:
    """Delete a policy that is attached to no user, so that no denial is lifted by mistake."""

    def commit(unit: Unit) -> PolicyReply:
        policy = known_policy(unit, request.policy_id)
        bound = _bound(unit, policy)
        if bound:
            users = ", ".join(map(str, bound))
            raise InvalidParam(f"The policy is attached to users ({users}). Detach it first.")
        unit.policies.remove(policy.policy_id)
        context.record(unit, f"policy:{policy.policy_id}", "removed", uin=policy.uin)
        return PolicyReply(policy_id=policy.policy_id)

    return commit


def policy_info(policy: Policy) -> PolicyInfo:
    """Return what is shown of a policy."""
    return PolicyInfo(
        policy_id=policy.policy_id,
        name=policy.name,
        effect=policy.effect,
        actions=list(policy.actions),
        certificate_ids=list(policy.certificates),
        project_ids=list(policy.projects),
        create_time=utc_time(policy.created_at),
    )


def _bound(unit: Unit, policy: Policy) -> list[int]:
    return [
        user.user_id
        for user in unit.users.where(uin=policy.uin)
        if policy.policy_id in user.policies
    ]


def _check_rule(request: AddPolicyRequest) -> None:
    if request.effect not in (ALLOW, DENY):
        raise InvalidParam(f"Effect: must be {ALLOW} or {DENY}.")
    if not request.actions:
        raise InvalidParam("Actions: name at least one.")
    for pattern in request.actions:
        # A denial with a typing error would deny nothing.
        speaks = any(fits(pattern, permission) for permission in PERMISSIONS)
        if len(pattern) > LONGEST_PATTERN or not speaks:
            raise InvalidParam(
                f"Actions: {redacted(pattern)} matches no action. Examples: "
                "ssl:DescribeCompanies, ssl:Describe*."
            )


def _check_places(unit: Unit, request: AddPolicyRequest) -> None:
    """Refuse ids that do not exist in the account: a denial of them would deny nothing."""
    for certificate_id in request.certificate_ids or ():
        order = unit.orders.get(certificate_id)
        if order is None or order.uin != request.uin:
            raise CertificateNotFound(
                f"The account has no certificate {redacted_bare(certificate_id)}."
            )
    for project_id in request.project_ids or ():
        project = unit.projects.get(project_id)
        if project_id != FIRST and (project is None or project.uin != request.uin):
            raise ProjectNotFound(f"The account has no project {project_id}.")
