"""The operator's requests about people who sign in to the console."""

from typing import Annotated

from msgspec import Meta

from certdesk.domain.people import names, passwords
from certdesk.wire.model import Parsed, Request
from certdesk.wire.operator import Option

Login = Annotated[str, Meta(max_length=names.TYPED, extra={"text": "parsed"})]
"""What somebody types to sign in."""

TypedPassword = Annotated[str, Meta(max_length=passwords.TYPED, extra={"text": "hidden, parsed"})]
"""A password as somebody types it, with any characters."""


class ListPeopleRequest(Request):
    """List who signs in to the console, and how: a table at a terminal, JSON otherwise."""

    uin: Annotated[str | None, Option("The account whose users to list.")] = None


class ShowPersonRequest(Request):
    """Show who signs in as LOGIN: what with, where, and which other logins are the same person."""

    login: Login


class EndPersonRequest(Request):
    """Let LOGIN sign in no more: end sessions, password, passkeys, second step and invitations.

    The access keys of a user are disabled too. Another person may be invited by the name.
    """

    login: Login


class SwitchPersonRequest(Request):
    """Enable or disable a login."""

    login: Login
    enabled: bool


class ResetSecondStepRequest(Request):
    """Remove the second step of LOGIN: app, passkeys, recovery codes; its sessions end.

    Be sure that it is the person who asks: until there is a new one, a password is enough.
    """

    login: Login


class LinkPersonRequest(Request):
    """Say that LOGIN and OTHER are one human being, who then never counts as two reviewers.

    OTHER is a login of the console, also one that was ended (person:3), a user of the system
    (uid:1000), or a user of an account (user:12).
    """

    login: Login
    other: Login


class UnlinkPersonRequest(Request):
    """Remove the link between LOGIN and OTHER, which may still be linked over other logins."""

    login: Login
    other: Login


class LinkIdentityRequest(Request):
    """Let LOGIN sign in with an identity at a provider of OpenID Connect.

    The person still needs a group of the login's role. Sessions of LOGIN end.
    """

    login: Login
    provider: Annotated[str, Option("The provider, by its name in the settings (oidc.NAME).")]
    subject: Annotated[
        Parsed, Option("What the provider knows the person by (the claim sub), not an address.")
    ]


class UnlinkIdentityRequest(Request):
    """Let LOGIN no longer sign in with a provider; sessions of LOGIN end."""

    login: Login
    provider: Annotated[str, Option("The provider, by its name in the settings (oidc.NAME).")]
