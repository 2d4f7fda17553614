"""The operator's requests about people who sign in to the console."""

from typing import Annotated

from msgspec import Meta

from certdesk.domain.people import names, passwords
from certdesk.wire.model import Request
from certdesk.wire.operator import Option

Login = Annotated[str, Meta(max_length=names.TYPED, extra={"text": "parsed"})]
"""What somebody types to sign in."""

TypedPassword = Annotated[str, Meta(max_length=passwords.TYPED, extra={"text": "hidden, parsed"})]
"""A password as somebody types it, with any characters."""

ROLES = ("operator", "reviewer", "auditor")


class InviteStaffRequest(Request):
    """Let a person of the staff sign in to the console as NAME; print a link that works once.

    By the link, within 30 minutes, the person chooses a password. A person who is known already
    gets a link to choose a new one.
    """

    name: str
    role: Annotated[
        str,
        Option("What the person may do; an auditor sees all and changes nothing.", choices=ROLES),
    ]


class InviteUserRequest(Request):
    """Let the user called NAME sign in to the console; print a link that works once.

    By the link, within 30 minutes, the user chooses a password. A user who signs in already gets a
    link to choose a new one.
    """

    name: str
    uin: Annotated[str, Option("The account of the user.")]


class ListPeopleRequest(Request):
    """List who signs in to the console, and how: a table at a terminal, JSON otherwise."""

    uin: Annotated[str | None, Option("The account whose users to list.")] = None


class ShowPersonRequest(Request):
    """Show who signs in as LOGIN: what with, where, and which other logins are the same person."""

    login: Login


class EndPersonRequest(Request):
    """Let LOGIN sign in no more: end sessions, password, passkeys, second step and invitations.

    The access keys of a user are disabled too. Who is invited again gets the same login back.
    """

    login: Login


class ResetSecondStepRequest(Request):
    """Remove the second step of LOGIN: app, passkeys, recovery codes; its sessions end.

    Be sure that it is the person who asks: until there is a new one, a password is enough.
    """

    login: Login


class LinkPersonRequest(Request):
    """Say that LOGIN and OTHER are one human being, who then never counts as two reviewers.

    OTHER is a login of the console, a user of the system (uid:1000) or of an account (user:12).
    """

    login: Login
    other: Login


class UnlinkPersonRequest(Request):
    """Say that LOGIN and OTHER are two human beings."""

    login: Login
    other: Login
