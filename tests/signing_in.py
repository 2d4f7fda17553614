"""People at the console, without pages: each has a cookie, and runs actions with it."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import timedelta
from typing import Any

import msgspec
import pyotp

from certdesk import bootstrap
from certdesk.domain.errors import ServiceError
from certdesk.web.console.visitor import Visitor, visitor_of
from tests.inside import InsideDesk

PASSWORD = "correct horse battery staple"
NETWORK = "198.51.100.7"
STEP = timedelta(seconds=30)


@dataclasses.dataclass
class Browser:
    """A browser with a cookie."""

    desk: InsideDesk
    cookie: str = ""
    network: str = NETWORK
    secret: str = ""
    recovery_codes: list[str] = dataclasses.field(default_factory=list)

    @property
    def visitor(self) -> Visitor:
        """Whom the desk knows the browser as."""
        return visitor_of(self.desk.engine, self.cookie)

    @property
    def is_signed_in(self) -> bool:
        """Whether the desk knows who it is, after all steps."""
        return self.visitor.is_complete

    def run(self, action: str, **parameters: object) -> dict[str, Any]:
        """Run an action; a new cookie takes the place of the earlier one."""
        declared = bootstrap.actions().find(action, internal=True)
        assert declared is not None, action
        visitor = self.visitor
        reply = self.desk.engine.perform(
            declared,
            visitor.caller,
            declared.decode(parameters),
            str(uuid.uuid4()),
            holds=visitor.holds,
        )
        members = msgspec.to_builtins(reply)
        assert isinstance(members, dict)
        self.cookie = members.get("Session", self.cookie)
        return members

    def refusal(self, action: str, **parameters: object) -> str:
        """Run an action that is refused; return the code and the detail."""
        try:
            self.run(action, **parameters)
        except ServiceError as refused:
            return f"{refused.code}: {refused.detail}"
        return ""

    def sign_in(self, name: str, password: str = PASSWORD) -> dict[str, Any]:
        """Type a name and a password."""
        return self.run("SignIn", Name=name, Password=password, Network=self.network, Agent="Fox")

    def refused_sign_in(self, name: str, password: str = PASSWORD) -> str:
        """Type a name and a password that are refused."""
        return self.refusal("SignIn", Name=name, Password=password, Network=self.network)

    def sign_out(self) -> None:
        """End the session."""
        self.run("SignOut")

    def set_up_app(self) -> None:
        """Set up an authenticator app."""
        self.secret = self.run("BeginAuthenticator")["Secret"]
        confirmed = self.run("ConfirmAuthenticator", Code=self.code())
        self.recovery_codes = confirmed["RecoveryCodes"]

    def code(self, steps: int = 0) -> str:
        """Return what the app shows now, or some steps from now."""
        return pyotp.TOTP(self.secret).at(self.desk.clock.now() + steps * STEP)


def invited(desk: InsideDesk, name: str, role: str = "reviewer") -> str:
    """Invite a person of the staff; return the token."""
    return str(desk.operator("InviteStaff", Name=name, Role=role)["Token"])


def accepting(desk: InsideDesk, token: str, password: str = PASSWORD) -> Browser:
    """Accept an invitation in a new browser."""
    browser = Browser(desk)
    browser.run("AcceptInvitation", Token=token, Password=password)
    return browser


def staff(desk: InsideDesk, name: str, role: str = "reviewer") -> Browser:
    """Return a person of the staff who is signed in, with an app."""
    browser = accepting(desk, invited(desk, name, role))
    browser.set_up_app()
    return browser


def user(desk: InsideDesk, name: str) -> tuple[Browser, str, int]:
    """Return a user of a new account who is signed in, its Uin and its number."""
    uin = desk.account().uin
    number = desk.operator("AddUser", Uin=uin, Name=name)["UserId"]
    token = desk.operator("InviteUser", Uin=uin, Name=name)["Token"]
    return accepting(desk, token), uin, number
