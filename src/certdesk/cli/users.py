"""`certdesk user`, `certdesk policy`, `certdesk project` and `certdesk token`."""

from __future__ import annotations

import click

from certdesk.cli.common import desk_options, show_reply
from certdesk.cli.group import Group
from certdesk.cli.new_keys import show_new_key
from certdesk.cli.operator import ask
from certdesk.cli.passing_on import pass_on
from certdesk.cli.people import add_to_users
from certdesk.cli.readable import ONE, listed
from certdesk.settings import Settings
from certdesk.wire.operator import users as asked


@click.group(cls=Group)
def user() -> None:
    """Users: people and programs of an account, with keys of their own (key add --user).

    A new one may do nothing. What its policies allow it may do, and a denial wins.
    """


USERS = listed(
    "Users",
    {
        "Id": "UserId",
        "Name": "Name",
        "Enabled": "Enabled",
        "Policies": "PolicyIds",
        "Keys": "SecretIds",
    },
    nothing="No users.",
)

pass_on(user, "add", asked.AddUserRequest)
pass_on(user, "list", asked.ListUsersRequest, USERS)
pass_on(user, "show", asked.ShowUserRequest, ONE)
pass_on(
    user,
    "disable",
    asked.SwitchUserRequest,
    help="Stop all keys of a user from working, within a second.",
    fixed={"enabled": False},
)
pass_on(
    user,
    "enable",
    asked.SwitchUserRequest,
    help="Let a user's keys work again.",
    fixed={"enabled": True},
)
pass_on(user, "attach", asked.AttachPolicyRequest)
pass_on(user, "detach", asked.DetachPolicyRequest)
add_to_users(user)


@click.group(cls=Group)
def policy() -> None:
    """Policies: what users may do, and what they may not."""


@policy.command("add")
@click.argument("name")
@click.option("--uin", required=True, help="The account that owns it.")
@click.option(
    "--allow", multiple=True, metavar="PATTERN", help="Allow actions, such as ssl:Describe*."
)
@click.option(
    "--deny", multiple=True, metavar="PATTERN", help="Deny actions, even if a policy allows them."
)
@click.option("--certificate", multiple=True, metavar="ID", help="Only for this certificate.")
@click.option("--project", multiple=True, type=int, metavar="ID", help="Only in this project.")
@desk_options
def policy_add(
    settings: Settings,
    name: str,
    uin: str,
    *,
    allow: tuple[str, ...],
    deny: tuple[str, ...],
    certificate: tuple[str, ...],
    project: tuple[int, ...],
) -> None:
    """Add a policy called NAME, which allows or denies actions; print its PolicyId.

    PATTERN is ssl: and an action's name, in which * is any text. All options but --uin may be
    repeated. Without --certificate and --project, it is for all certificates and all projects.
    It is for the users that it is attached to (user attach).
    """
    if bool(allow) == bool(deny):
        raise click.UsageError("use either --allow or --deny, not both")
    effect, actions = ("allow", allow) if allow else ("deny", deny)
    given = {"CertificateIds": certificate or None, "ProjectIds": project or None}
    show_reply(
        ask(settings, "AddPolicy", Uin=uin, Name=name, Effect=effect, Actions=actions, **given)
    )


POLICIES = listed(
    "Policies",
    {
        "Id": "PolicyId",
        "Name": "Name",
        "Effect": "Effect",
        "Actions": "Actions",
        "Certificates": "CertificateIds",
        "Projects": "ProjectIds",
    },
    nothing="No policies.",
)

pass_on(policy, "list", asked.ListPoliciesRequest, POLICIES)
pass_on(policy, "show", asked.ShowPolicyRequest, ONE)
pass_on(policy, "remove", asked.RemovePolicyRequest)


@click.group(cls=Group)
def project() -> None:
    """Projects: groups of an account's orders; new orders are in project 0, which is not listed."""


PROJECTS = listed(
    "Projects",
    {"Id": "ProjectId", "Name": "Name", "Orders": "OrderCount", "Begun": "CreateTime"},
    nothing="No projects but 0.",
)

pass_on(project, "add", asked.AddProjectRequest)
pass_on(project, "list", asked.ListProjectsRequest, PROJECTS)
pass_on(project, "rename", asked.RenameProjectRequest)
pass_on(project, "remove", asked.RemoveProjectRequest)


@click.group(cls=Group)
def token() -> None:
    """Temporary keys of users, which need their token and expire."""


@token.command("add")
@click.option("--user", "user_id", required=True, type=int, help="The user's UserId.")
@click.option("--minutes", required=True, type=int, help="Minutes for which it works: 1 to 2160.")
@click.option(
    "--policy",
    multiple=True,
    type=int,
    metavar="ID",
    help="Of the user's policies that allow something, only this one (may be repeated).",
)
@desk_options
def token_add(settings: Settings, user_id: int, minutes: int, policy: tuple[int, ...]) -> None:
    """Make a temporary key; print SecretId, SecretKey, Token and the end, in UTC.

    Clients send the token in X-TC-Token; the SDKs take it as the third part of a credential.
    """
    given = {"PolicyIds": policy or None}
    response = ask(settings, "AddToken", UserId=user_id, Minutes=minutes, **given)
    show_new_key(settings, response, advice="nothing else has changed")
