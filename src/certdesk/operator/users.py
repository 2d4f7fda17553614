"""Users of an account: people and programs with keys of their own, for the operator."""

from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.policy import User
from certdesk.domain.errors import InvalidParam, PolicyNotFound
from certdesk.domain.people.role import STAFF
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.operator.lookups import (
    check_free,
    check_name,
    known_account,
    known_policy,
    known_user,
)
from certdesk.operator.people.sessions import end_sessions_of_users
from certdesk.operator.policies import PolicyInfo, policy_info
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, utc_time
from certdesk.wire.operator import users as asked


class AddUserReply(Reply):
    """The user's number."""

    user_id: int


@catalog.action(InvalidParam, writes=True, internal=True)
def add_user(context: Context, request: asked.AddUserRequest) -> Commit[AddUserReply]:
    """Add a user to an account; the user may do nothing until a policy is attached."""
    check_name(request.name)

    def commit(unit: Unit) -> AddUserReply:
        known_account(unit, request.uin)
        check_free(unit.users, request.uin, request.name)
        user = unit.users.add(User(uin=request.uin, name=request.name, created_at=context.now))
        context.record(unit, f"user:{user.user_id}", user.name, uin=user.uin)
        return AddUserReply(user_id=user.user_id)

    return commit


class UserInfo(Part):
    """A user as listed, with the ids of the permanent keys in use."""

    user_id: int
    name: str
    enabled: bool
    policy_ids: list[int]
    secret_ids: list[str]
    create_time: str | None


class ListUsersReply(Reply):
    """All users of the account."""

    users: list[UserInfo]


@catalog.action(internal=True, roles=STAFF)
def list_users(context: Context, request: asked.ListUsersRequest) -> Commit[ListUsersReply]:
    """List the users of an account."""

    def read(unit: Unit) -> ListUsersReply:
        known_account(unit, request.uin)
        return ListUsersReply(
            users=[_info(unit, user) for user in unit.users.where(uin=request.uin)]
        )

    return read


class TemporaryKey(Part):
    """A temporary key that has not ended; without policy ids it has all policies of its user."""

    secret_id: str
    policy_ids: list[int]
    expires: str | None


class ShowUserReply(Reply):
    """One user, the account that it belongs to, its policies, and its temporary keys."""

    uin: str
    user: UserInfo
    policies: list[PolicyInfo]
    temporary_keys: list[TemporaryKey]


@catalog.action(internal=True, roles=STAFF)
def show_user(context: Context, request: asked.ShowUserRequest) -> Commit[ShowUserReply]:
    """Show one user with policies and temporary keys."""

    def read(unit: Unit) -> ShowUserReply:
        user = known_user(unit, request.user_id)
        found = [unit.policies.get(policy_id) for policy_id in user.policies]
        return ShowUserReply(
            uin=user.uin,
            user=_info(unit, user),
            policies=[policy_info(policy) for policy in found if policy is not None],
            temporary_keys=_temporary_keys(context, unit, user),
        )

    return read


class SwitchUserReply(Reply):
    """The state of the user now."""

    user_id: int
    enabled: bool


@catalog.action(writes=True, internal=True)
def switch_user(context: Context, request: asked.SwitchUserRequest) -> Commit[SwitchUserReply]:
    """Enable or disable a user; the sessions of one that is disabled end."""

    def commit(unit: Unit) -> SwitchUserReply:
        user = known_user(unit, request.user_id)
        unit.users.replace(replace(user, enabled=request.enabled))
        if not request.enabled:
            end_sessions_of_users(unit, user.uin, user.user_id)
        context.record(unit, f"user:{user.user_id}", f"enabled {request.enabled}", uin=user.uin)
        return SwitchUserReply(user_id=user.user_id, enabled=request.enabled)

    return commit


class UserPolicyReply(Reply):
    """The policies of the user now."""

    user_id: int
    policy_ids: list[int]


@catalog.action(writes=True, internal=True)
def attach_policy(context: Context, request: asked.AttachPolicyRequest) -> Commit[UserPolicyReply]:
    """Attach a policy of the account to a user."""

    def commit(unit: Unit) -> UserPolicyReply:
        user = known_user(unit, request.user_id)
        if known_policy(unit, request.policy_id).uin != user.uin:
            raise PolicyNotFound(f"The user's account has no policy {request.policy_id}.")
        others = [policy_id for policy_id in user.policies if policy_id != request.policy_id]
        return _bind(context, unit, user, [*others, request.policy_id])

    return commit


@catalog.action(writes=True, internal=True)
def detach_policy(context: Context, request: asked.DetachPolicyRequest) -> Commit[UserPolicyReply]:
    """Detach a policy from a user."""

    def commit(unit: Unit) -> UserPolicyReply:
        user = known_user(unit, request.user_id)
        if request.policy_id not in user.policies:
            raise PolicyNotFound(f"The user has no policy {request.policy_id}.")
        others = [policy_id for policy_id in user.policies if policy_id != request.policy_id]
        return _bind(context, unit, user, others)

    return commit


def _bind(context: Context, unit: Unit, user: User, policies: list[int]) -> UserPolicyReply:
    bound = tuple(sorted(policies))
    unit.users.replace(replace(user, policies=bound))
    detail = f"policies {', '.join(map(str, bound)) or 'none'}"
    context.record(unit, f"user:{user.user_id}", detail, uin=user.uin)
    return UserPolicyReply(user_id=user.user_id, policy_ids=list(bound))


def _info(unit: Unit, user: User) -> UserInfo:
    keys = unit.access_keys.where(
        uin=user.uin, user_id=user.user_id, token_digest=None, enabled=True
    )
    return UserInfo(
        user_id=user.user_id,
        name=user.name,
        enabled=user.enabled,
        policy_ids=list(user.policies),
        secret_ids=[key.secret_id for key in keys],
        create_time=utc_time(user.created_at),
    )


def _temporary_keys(context: Context, unit: Unit, user: User) -> list[TemporaryKey]:
    return [
        TemporaryKey(
            secret_id=key.secret_id,
            policy_ids=list(key.policies),
            expires=utc_time(key.expires_at),
        )
        for key in unit.access_keys.where(uin=user.uin, user_id=user.user_id, enabled=True)
        if key.expires_at is not None and key.expires_at > context.now
    ]
