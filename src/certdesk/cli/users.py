"""`certdesk user`, `certdesk policy`, `certdesk project` and `certdesk token`."""

from __future__ import annotations

import click

from certdesk.cli.common import as_json, desk_options, show_reply
from certdesk.cli.group import Group
from certdesk.cli.new_keys import show_new_key
from certdesk.cli.operator import ask
from certdesk.cli.readable import show_list, show_one
from certdesk.settings import Settings


@click.group(cls=Group)
def user() -> None:
    """Users: people and programs of an account, with keys of their own (key add --user).

    A new one may do nothing. What its policies allow it may do, and a denial wins.
    """


@user.command("add")
@click.argument("name")
@click.option("--uin", required=True, help="The account that it belongs to.")
@desk_options
def user_add(settings: Settings, name: str, uin: str) -> None:
    """Enter a user called NAME; print its UserId."""
    show_reply(ask(settings, "AddUser", Uin=uin, Name=name))


@user.command("list")
@click.option("--uin", required=True, help="Whose users.")
@as_json
@desk_options
def user_list(settings: Settings, uin: str, *, json_: bool) -> None:
    """List an account's users: a table at a terminal, JSON otherwise.

    With each are the ids of its keys and policies.
    """
    columns = {
        "Id": "UserId",
        "Name": "Name",
        "Enabled": "Enabled",
        "Policies": "PolicyIds",
        "Keys": "SecretIds",
    }
    response = ask(settings, "ListUsers", Uin=uin)
    show_list(response, "Users", columns, json_=json_, nothing="No users.")


@user.command("show")
@click.argument("user_id", type=int)
@as_json
@desk_options
def user_show(settings: Settings, user_id: int, *, json_: bool) -> None:
    """Show one user with its policies and temporary keys."""
    show_one(ask(settings, "ShowUser", UserId=user_id), json_=json_)


@user.command("disable")
@click.argument("user_id", type=int)
@desk_options
def user_disable(settings: Settings, user_id: int) -> None:
    """Stop all keys of a user from working, within a second."""
    show_reply(ask(settings, "SwitchUser", UserId=user_id, Enabled=False))


@user.command("enable")
@click.argument("user_id", type=int)
@desk_options
def user_enable(settings: Settings, user_id: int) -> None:
    """Let a user's keys work again."""
    show_reply(ask(settings, "SwitchUser", UserId=user_id, Enabled=True))


@user.command("attach")
@click.argument("user_id", type=int)
@click.argument("policy_id", type=int)
@desk_options
def user_attach(settings: Settings, user_id: int, policy_id: int) -> None:
    """Bind a user by a policy of its account, within a second."""
    show_reply(ask(settings, "AttachPolicy", UserId=user_id, PolicyId=policy_id))


@user.command("detach")
@click.argument("user_id", type=int)
@click.argument("policy_id", type=int)
@desk_options
def user_detach(settings: Settings, user_id: int, policy_id: int) -> None:
    """Bind a user by a policy no longer."""
    show_reply(ask(settings, "DetachPolicy", UserId=user_id, PolicyId=policy_id))


@click.group(cls=Group)
def policy() -> None:
    """Policies: what users may do, and what they may not."""


@policy.command("add")
@click.argument("name")
@click.option("--uin", required=True, help="The account that it belongs to.")
@click.option("--allow", multiple=True, metavar="PATTERN", help="Allow actions, as ssl:Describe*.")
@click.option("--deny", multiple=True, metavar="PATTERN", help="Deny actions, whoever allows them.")
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
    """Write a policy called NAME, which allows or denies; print its PolicyId.

    PATTERN is ssl: and an action's name, in which * is any text. All options but --uin may be
    repeated. Without --certificate it holds for all of them, without --project in all of them.
    It binds the users that it is attached to (user attach).
    """
    if bool(allow) == bool(deny):
        raise click.UsageError("give --allow or --deny, and not both: a policy does one of the two")
    effect, actions = ("allow", allow) if allow else ("deny", deny)
    given = {"CertificateIds": certificate or None, "ProjectIds": project or None}
    show_reply(
        ask(settings, "AddPolicy", Uin=uin, Name=name, Effect=effect, Actions=actions, **given)
    )


@policy.command("list")
@click.option("--uin", required=True, help="Whose policies.")
@as_json
@desk_options
def policy_list(settings: Settings, uin: str, *, json_: bool) -> None:
    """List an account's policies: a table at a terminal, JSON otherwise."""
    columns = {
        "Id": "PolicyId",
        "Name": "Name",
        "Effect": "Effect",
        "Actions": "Actions",
        "Certificates": "CertificateIds",
        "Projects": "ProjectIds",
    }
    response = ask(settings, "ListPolicies", Uin=uin)
    show_list(response, "Policies", columns, json_=json_, nothing="No policies.")


@policy.command("show")
@click.argument("policy_id", type=int)
@as_json
@desk_options
def policy_show(settings: Settings, policy_id: int, *, json_: bool) -> None:
    """Show one policy and the users that it binds."""
    show_one(ask(settings, "ShowPolicy", PolicyId=policy_id), json_=json_)


@policy.command("remove")
@click.argument("policy_id", type=int)
@desk_options
def policy_remove(settings: Settings, policy_id: int) -> None:
    """Remove a policy that binds nobody (user detach)."""
    show_reply(ask(settings, "RemovePolicy", PolicyId=policy_id))


@click.group(cls=Group)
def project() -> None:
    """Projects: groups of an account's orders; new orders lie in project 0, which is not listed."""


@project.command("add")
@click.argument("name")
@click.option("--uin", required=True, help="The account that it belongs to.")
@desk_options
def project_add(settings: Settings, name: str, uin: str) -> None:
    """Begin a project called NAME; print its ProjectId."""
    show_reply(ask(settings, "AddProject", Uin=uin, Name=name))


@project.command("list")
@click.option("--uin", required=True, help="Whose projects.")
@as_json
@desk_options
def project_list(settings: Settings, uin: str, *, json_: bool) -> None:
    """List an account's projects: a table at a terminal, JSON otherwise.

    With each is how many orders it has.
    """
    columns = {
        "Id": "ProjectId",
        "Name": "Name",
        "Orders": "OrderCount",
        "Begun": "CreateTime",
    }
    response = ask(settings, "ListProjects", Uin=uin)
    show_list(response, "Projects", columns, json_=json_, nothing="No projects but 0.")


@project.command("rename")
@click.argument("project_id", type=int)
@click.argument("name")
@desk_options
def project_rename(settings: Settings, project_id: int, name: str) -> None:
    """Give a project another NAME."""
    show_reply(ask(settings, "RenameProject", ProjectId=project_id, Name=name))


@project.command("remove")
@click.argument("project_id", type=int)
@desk_options
def project_remove(settings: Settings, project_id: int) -> None:
    """Remove a project that has no orders."""
    show_reply(ask(settings, "RemoveProject", ProjectId=project_id))


@click.group(cls=Group)
def token() -> None:
    """Temporary keys of users, which work with their token and until their end."""


@token.command("add")
@click.option("--user", "user_id", required=True, type=int, help="The user's UserId.")
@click.option("--minutes", required=True, type=int, help="How long it works: 1 to 2160.")
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
