"""Browsers with passkeys, and those that go to a provider and come back."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Self

from certdesk.domain.people.records import Person
from certdesk.engine import Caller
from tests import signing_in
from tests.inside import InsideDesk
from tests.signing_in import NETWORK, PASSWORD, invited

ORIGIN = "https://ssl.example.com"


@dataclasses.dataclass
class Browser(signing_in.Browser):
    """A browser with the cookie of a stranger, until somebody signs in."""

    cookie: str = "c" * 43

    @property
    def caller(self) -> Caller:
        """Who an action is run as."""
        return self.visitor.caller

    def ask(self, action: str) -> dict[str, Any]:
        """Ask the desk what a passkey is to be made or used for."""
        options = json.loads(self.run(action, **self._place())["Options"])
        assert isinstance(options, dict)
        return options

    def answer(self, action: str, answer: str, **more: str) -> dict[str, Any]:
        """Send what the browser answered."""
        return self.run(action, Origin=ORIGIN, Visitor=self.cookie, Answer=answer, **more)

    def begin(self, **more: object) -> str:
        """Begin to sign in with the provider; return where the browser is sent."""
        begun = self.run("BeginProviderSignIn", Provider="company", **self._place(), **more)
        return str(begun["Address"])

    def finish(self, brought: dict[str, str], **more: str) -> dict[str, Any]:
        """Bring back what the provider gave the browser."""
        sent = {"Code": brought["code"], "State": brought["state"]} | more
        place = {"Origin": ORIGIN, "Visitor": self.cookie, "Provider": "company"}
        return self.run("SignInWithProvider", **(place | sent))

    def with_provider(self, subject: str, **more: object) -> dict[str, Any]:
        """Sign in as somebody with the provider."""
        return self.finish(self.desk.provider.sign_in(self.begin(**more), subject))

    def stolen(self) -> Self:
        """Return another browser, with a cookie of its own."""
        return dataclasses.replace(self, cookie="d" * 43)

    def _place(self) -> dict[str, object]:
        return {"Origin": ORIGIN, "Visitor": self.cookie, "Network": NETWORK}


def halfway(desk: InsideDesk, name: str) -> Browser:
    """Have a reviewer who has chosen a password, and has no second step yet."""
    browser = Browser(desk)
    browser.run("AcceptInvitation", Token=invited(desk, name), Password=PASSWORD)
    return browser


def person_of(desk: InsideDesk, name: str) -> Person:
    """Read a person of the staff by name."""
    (person,) = desk.store.read(lambda unit: unit.people.where(uin="", name=name))
    return person
