"""What the operator may ask about users, policies and projects."""

from typing import Annotated

from certdesk.wire.model import Integer, Request
from certdesk.wire.operator import Option


class AddUserRequest(Request):
    """Enter a user called NAME; print its UserId."""

    name: str
    uin: Annotated[str, Option("The account that owns it.")]


class ListUsersRequest(Request):
    """List an account's users: a table at a terminal, JSON otherwise.

    With each are the ids of its keys and policies.
    """

    uin: Annotated[str, Option("Whose users.")]


class ShowUserRequest(Request):
    """Show one user with its policies and temporary keys."""

    user_id: Integer


class SwitchUserRequest(Request):
    """Enable or disable a user's keys."""

    user_id: Integer
    enabled: bool


class AttachPolicyRequest(Request):
    """Bind a user by a policy of its account, within a second."""

    user_id: Integer
    policy_id: Integer


class DetachPolicyRequest(Request):
    """Bind a user by a policy no longer."""

    user_id: Integer
    policy_id: Integer


class ListPoliciesRequest(Request):
    """List an account's policies: a table at a terminal, JSON otherwise."""

    uin: Annotated[str, Option("Whose policies.")]


class ShowPolicyRequest(Request):
    """Show one policy and the users that it binds."""

    policy_id: Integer


class RemovePolicyRequest(Request):
    """Remove a policy that binds nobody (user detach)."""

    policy_id: Integer


class AddProjectRequest(Request):
    """Begin a project called NAME; print its ProjectId."""

    name: str
    uin: Annotated[str, Option("The account that owns it.")]


class ListProjectsRequest(Request):
    """List an account's projects: a table at a terminal, JSON otherwise.

    With each is how many orders it has.
    """

    uin: Annotated[str, Option("Whose projects.")]


class RenameProjectRequest(Request):
    """Give a project another NAME."""

    project_id: Integer
    name: str


class RemoveProjectRequest(Request):
    """Remove a project that has no orders."""

    project_id: Integer
