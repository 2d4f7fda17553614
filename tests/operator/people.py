"""People at a desk inside the test: invited, signed in, at their browsers."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from certdesk.domain.people.role import Role
from certdesk.engine import Caller
from certdesk.operator.people.sessions import digest_of, session_of
from tests.inside import InsideDesk

ORIGIN = "https://ssl.example.com"
NETWORK = "192.0.2.7"
PASSWORD = "four words that nobody guesses"
STRANGER = Caller(uin="", actor="console", verified=False, role=Role.NOBODY)


@dataclasses.dataclass
class Browser:
    """Somebody at a browser, with the value of its cookie; a stranger until they sign in."""

    desk: InsideDesk
    cookie: str = "c" * 43

    @property
    def caller(self) -> Caller:
        """Who an action is run as, as the console looks it up for each request."""
        digest, now = digest_of(self.cookie), self.desk.clock.now()
        known = self.desk.store.read(lambda unit: session_of(unit, digest, now))
        return STRANGER if known is None else known.caller

    @property
    def is_signed_in(self) -> bool:
        """Whether the session lasts and is complete."""
        return self.caller.role is not Role.NOBODY

    def run(self, action: str, **parameters: object) -> dict[str, Any]:
        """Run an action; a session that it begins is this browser's from now on."""
        reply = self.desk.console(self.caller, action, **parameters)
        self.cookie = reply.get("Session", self.cookie)
        return reply

    def ask(self, action: str) -> dict[str, Any]:
        """Ask the desk what a passkey is to be made or used for."""
        place = {"Origin": ORIGIN, "Visitor": self.cookie, "Network": NETWORK}
        options = json.loads(self.run(action, **place)["Options"])
        assert isinstance(options, dict)
        return options

    def answer(self, action: str, answer: str, **more: str) -> dict[str, Any]:
        """Send what the browser answered."""
        return self.run(action, Origin=ORIGIN, Visitor=self.cookie, Answer=answer, **more)

    def begin(self, **more: object) -> str:
        """Begin to sign in with the provider; return where the browser is sent."""
        place = {"Origin": ORIGIN, "Visitor": self.cookie, "Network": NETWORK}
        return str(self.run("BeginProviderSignIn", Provider="company", **place, **more)["Address"])

    def finish(self, brought: dict[str, str], **more: str) -> dict[str, Any]:
        """Bring back what the provider gave the browser."""
        sent = {"Code": brought["code"], "State": brought["state"]} | more
        place = {"Origin": ORIGIN, "Visitor": self.cookie, "Provider": "company"}
        return self.run("SignInWithProvider", **(place | sent))

    def sign_in(self, subject: str, **more: object) -> dict[str, Any]:
        """Sign in as somebody with the provider."""
        return self.finish(self.desk.provider.sign_in(self.begin(**more), subject))

    def steal(self) -> Browser:
        """Return another browser, with a cookie of its own."""
        return dataclasses.replace(self, cookie="d" * 43)


def invited(desk: InsideDesk, name: str, role: Role) -> str:
    """Invite a person of the staff; return the token."""
    return str(desk.operator("InviteStaff", Name=name, Role=role)["Token"])


def halfway(desk: InsideDesk, name: str, role: Role = Role.REVIEWER) -> Browser:
    """Have a person who has chosen a password, and has no second step yet."""
    browser = Browser(desk)
    browser.run("AcceptInvitation", Token=invited(desk, name, role), Password=PASSWORD)
    return browser


def person_of(desk: InsideDesk, name: str) -> Any:  # noqa: ANN401 -- the record
    """Read a person by name."""
    (person,) = desk.store.read(lambda unit: unit.people.where(uin="", name=name))
    return person
