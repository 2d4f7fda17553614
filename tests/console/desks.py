"""A running desk as people see it: its address, and visitors who are signed in."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pyotp

from tests.console.visitor import Answer, Visitor
from tests.running import Keys, RunningDesk, User, running

STEP_SECONDS = 30
PASSWORD = "correct horse battery staple"
INVITATION = "/console/invitation/"
_SECRET = re.compile(r'<code class="secret">([A-Z2-7 ]+)</code>')
_CODE = re.compile(r"<li><code>([a-z0-9-]+)</code></li>")


@dataclasses.dataclass
class Login:
    """A login of the console, with all that its person knows."""

    name: str
    password: str = PASSWORD
    secret: str = ""
    recovery_codes: list[str] = dataclasses.field(default_factory=list)
    last_step: int = 0


class ConsoleDesk:
    """A desk and its console; the desk follows the clock in a file."""

    def __init__(self, desk: RunningDesk, clock: Path) -> None:
        """Visit the console of `desk`."""
        self.desk = desk
        self._clock = clock
        self._moved = 0
        self._signed_in: dict[str, Visitor] = {}

    @functools.cached_property
    def keys(self) -> Keys:
        """The keys of the account of `somebody("user")`."""
        return self.desk.account()

    def move_clock(self, seconds: int) -> None:
        """Let time pass for the desk."""
        self._moved += seconds
        begun = self._clock.with_suffix(".new")
        begun.write_text(f"+{self._moved}")
        begun.replace(self._clock)

    def code(self, login: Login) -> str:
        """Return a code of a person's app that was not used yet; time passes if need be."""
        step = (int(time.time()) + self._moved) // STEP_SECONDS
        if step <= login.last_step:
            self.move_clock(STEP_SECONDS * (login.last_step + 1 - step))
        login.last_step = max(step, login.last_step + 1)
        return pyotp.TOTP(login.secret).generate_otp(login.last_step)

    @property
    def origin(self) -> str:
        """What a browser calls the desk."""
        return f"http://localhost:{self.desk.endpoint.rpartition(':')[2]}"

    def url(self, path: str = "/console/") -> str:
        """The address of a page."""
        return f"{self.origin}{path}"

    def visitor(self) -> Visitor:
        """Return somebody who has never been here."""
        return Visitor(self.origin)

    def invitation(self, role: str, name: str = "") -> tuple[Login, str]:
        """Invite somebody to the staff; return the login and the path of the link."""
        login = Login(name or f"{role}-{uuid.uuid4().hex[:8]}")
        invited = self.desk.operate("InviteStaff", Name=login.name, Role=role)
        return login, f"{INVITATION}{invited['Token']}"

    def invitation_of_user(self, keys: Keys, name: str = "", *allowed: str) -> tuple[Login, str]:
        """Invite a new user of an account, who may call the `allowed` actions."""
        name = name or f"user-{uuid.uuid4().hex[:8]}"
        number = self.desk.operate("AddUser", Uin=keys.uin, Name=name)["UserId"]
        if allowed:
            self.desk.bind(User(number, keys), "allow", *allowed)
        invited = self.desk.operate("InviteUser", Uin=keys.uin, Name=name)
        return Login(f"{name}@{keys.uin}"), f"{INVITATION}{invited['Token']}"

    def accept(self, login: Login, path: str) -> Visitor:
        """Accept an invitation, set up a second step, and return who is signed in then."""
        visitor = self.visitor()
        accepted = visitor.submit(path, Password=login.password, Repeated=login.password)
        found = _SECRET.search(accepted.html)
        if found:
            login.secret = found[1].replace(" ", "")
            done = visitor.send("/console/account/authenticator", Code=self.code(login))
            login.recovery_codes = _CODE.findall(done.html)
            assert login.recovery_codes, done.words
        return visitor

    def sign_in(self, login: Login) -> Visitor:
        """Sign somebody in, in a new browser."""
        visitor = self.visitor()
        answer = visitor.submit("/console/sign-in", Name=login.name, Password=login.password)
        if login.secret:
            answer = visitor.submit("/console/second-step", Code=self.code(login))
        assert answer.status == 200, answer.words
        return visitor

    def somebody(self, role: str) -> Visitor:
        """Return somebody of a role who is signed in, the same one each time.

        A `user` is one of the account of `keys`, and may do everything there.
        """
        if role not in self._signed_in:
            user = role == "user"
            login, path = (
                self.invitation_of_user(self.keys, "", "ssl:*") if user else self.invitation(role)
            )
            self._signed_in[role] = self.accept(login, path)
        return self._signed_in[role]


@contextlib.contextmanager
def console_in(folder: Path, settings: str) -> Iterator[ConsoleDesk]:
    """Run a desk whose clock tests move."""
    clock = folder / "clock"
    clock.write_text("+0")
    with running(folder / "data", settings=settings, clock=clock) as desk:
        yield ConsoleDesk(desk, clock)


def heading(answer: Answer) -> str:
    """Return the heading of a page."""
    found = re.search(r"<h1>(.*?)</h1>", answer.html)
    assert found, answer.words
    return found[1]
