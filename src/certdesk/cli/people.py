"""`certdesk staff`, and the commands of `certdesk user` about signing in to the console."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import click

from certdesk.cli.common import as_json, desk_options, refused, show_reply
from certdesk.cli.group import Group
from certdesk.cli.operator import ask
from certdesk.cli.passing_on import pass_on
from certdesk.cli.printing import at_terminal, local_time, say, tell
from certdesk.cli.readable import ONE, listed
from certdesk.domain.people.role import STAFF
from certdesk.domain.values.addresses import address_in
from certdesk.settings import Settings
from certdesk.web.console.origins import origin_of
from certdesk.wire.operator import people as asked

PATH = "/console/invitation/"

PEOPLE = listed(
    "People",
    {
        "Id": "PersonId",
        "Login": "Login",
        "Role": "Role",
        "Enabled": "Enabled",
        "App": "Authenticator",
        "Passkeys": "Passkeys",
        "Sessions": "Sessions",
        "Last used": "LastUsed",
        "Invited until": "Invited",
        "Same person": "Linked",
    },
    nothing="Nobody signs in to the console.",
)


@click.group(cls=Group)
def staff() -> None:
    """Staff: people who sign in to the console as operator, reviewer or auditor."""


@staff.command("invite")
@click.argument("name")
@click.option(
    "--role",
    required=True,
    type=click.Choice([str(role) for role in STAFF]),
    help="What the person may do. A reviewer vets; an auditor sees, and changes nothing.",
)
@desk_options
def staff_invite(settings: Settings, name: str, role: str) -> None:
    """Let a person of the staff sign in as NAME; print a link that works once.

    By the link, within 30 minutes, the person chooses a password. A person who signs in already
    gets a link to choose a new one.
    """
    _show_link(settings, ask(settings, "InviteStaff", Name=name, Role=role))


def add_to_users(user: click.Group) -> None:
    """Add to `certdesk user` what is about users of the console."""

    @user.command("invite")
    @click.argument("name")
    @click.option("--uin", required=True, help="The account of the user.")
    @desk_options
    def user_invite(settings: Settings, name: str, uin: str) -> None:
        """Let the user called NAME sign in to the console; print a link that works once.

        By the link, within 30 minutes, the user chooses a password. The user then signs in as
        NAME@UIN, and may do there what the policies of the user allow. A user who signs in already
        gets a link to choose a new password.
        """
        _show_link(settings, ask(settings, "InviteUser", Name=name, Uin=uin))

    @user.command("logins")
    @click.option("--uin", required=True, help="The account that owns them.")
    @as_json
    @desk_options
    def user_logins(settings: Settings, uin: str, *, json_: bool) -> None:
        """List the users of an account who sign in to the console: a table at a terminal.

        JSON otherwise.
        """
        show_reply(ask(settings, "ListPeople", Uin=uin), PEOPLE, json_=json_)

    _add_common(user)


def _add_common(group: click.Group) -> None:
    pass_on(group, "end", asked.EndPersonRequest)
    pass_on(group, "reset-second-step", asked.ResetSecondStepRequest)
    pass_on(group, "link", asked.LinkPersonRequest)
    pass_on(group, "unlink", asked.UnlinkPersonRequest)
    pass_on(group, "link-identity", asked.LinkIdentityRequest)
    pass_on(group, "unlink-identity", asked.UnlinkIdentityRequest)


pass_on(staff, "list", asked.ListPeopleRequest, PEOPLE, fixed={"uin": None})
pass_on(staff, "show", asked.ShowPersonRequest, ONE)
_add_common(staff)
pass_on(
    staff,
    "disable",
    asked.SwitchPersonRequest,
    help="Let LOGIN not sign in for now; its sessions end, and what it signs in with stays.",
    fixed={"enabled": False},
)
pass_on(
    staff,
    "enable",
    asked.SwitchPersonRequest,
    help="Let LOGIN sign in again.",
    fixed={"enabled": True},
)


def _show_link(settings: Settings, response: dict[str, Any]) -> None:
    """Print the link of an invitation alone, as a program reads it."""
    refused(response)
    url = response["Url"] or f"http://{settings.listen}"
    tls = bool(settings.tls_cert) or url.startswith("https:")
    origin = origin_of(settings.public_url, tls=tls, host=_host_of(url))
    if at_terminal():
        tell(
            f"the link for {response['Login']} works once, until {local_time(response['Expires'])}"
        )
    say(f"{origin.text}{PATH}{response['Token']}")


def _host_of(url: str) -> str:
    """Return the host and port of a desk's URL.

    On this machine, also where the desk listens on all its addresses, the host is `localhost`: the
    name that passkeys need.
    """
    parts = urlsplit(url)
    address = address_in(parts.hostname or "")
    is_here = address is not None and (address.is_loopback or address.is_unspecified)
    return f"localhost:{parts.port}" if is_here and parts.port else parts.netloc
