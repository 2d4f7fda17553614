"""The operator's requests about users, policies and projects."""

from typing import Annotated

from certdesk.wire.model import Integer, Request
from certdesk.wire.operator import Option


class AddUserRequest(Request):
    """Add a user called NAME; print its UserId."""

    name: str
    uin: Annotated[str, Option("The account that owns it.")]


class ListUsersRequest(Request):
    """List an account's users: a table at a terminal, JSON otherwise.

    Each user is shown with the ids of its keys and policies.
    """

    uin: Annotated[str, Option("The account that owns them.")]


class ShowUserRequest(Request):
    """Show one user with its policies and temporary keys."""

    user_id: Integer


class SwitchUserRequest(Request):
    """Enable or disable a user's keys."""

    user_id: Integer
    enabled: bool


class AttachPolicyRequest(Request):
    """Attach a policy of its account to a user, within a second."""

    user_id: Integer
    policy_id: Integer


class DetachPolicyRequest(Request):
    """Detach a policy from a user."""

    user_id: Integer
    policy_id: Integer


class ListPoliciesRequest(Request):
    """List an account's policies: a table at a terminal, JSON otherwise."""

    uin: Annotated[str, Option("The account that owns them.")]


class ShowPolicyRequest(Request):
    """Show one policy and the users that it is attached to."""

    policy_id: Integer


class RemovePolicyRequest(Request):
    """Remove a policy that is attached to no user (user detach)."""

    policy_id: Integer


class AddProjectRequest(Request):
    """Add a project called NAME; print its ProjectId."""

    name: str
    uin: Annotated[str, Option("The account that owns it.")]


class ListProjectsRequest(Request):
    """List an account's projects: a table at a terminal, JSON otherwise.

    Each project is shown with the number of its orders.
    """

    uin: Annotated[str, Option("The account that owns them.")]


class RenameProjectRequest(Request):
    """Rename a project to NAME."""

    project_id: Integer
    name: str


class RemoveProjectRequest(Request):
    """Remove a project that has no orders."""

    project_id: Integer
