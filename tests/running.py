"""A real desk in a real process, and the official SDK as its client, for tests to use."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import structlog
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from certdesk.cli.operator import ask
from certdesk.settings import load

NO_KEYS_AHEAD = "[keys.stock]\nrsa_2048 = 0\nrsa_4096 = 0\np_256 = 0\n"
"""Settings of a desk that makes no key before one is needed."""

PROGRAM = str(Path(sys.executable).with_name("certdesk"))
START_SECONDS = 60

COMPANY = {
    "CompanyName": "Tencent Cloud SSL Certificate",
    "CompanyCountry": "CN",
    "CompanyProvince": "Guangdong Province",
    "CompanyCity": "Guangzhou",
    "CompanyAddress": "No. 101, xxxxxx, xx District, Guangzhou, Guangdong Province",
    "CompanyPhone": "010-234123123",
}
MANAGER = {
    "ManagerFirstName": "Ning",
    "ManagerLastName": "Huang",
    "ManagerPosition": "R&D",
    "ManagerPhone": "13112341234",
    "ManagerMail": "ssl@tencent.com",
    "ManagerDepartment": "R&D Department",
    "ContactFirstName": "Ning",
    "ContactLastName": "Huang",
    "ContactPosition": "R&D",
    "ContactPhone": "13112341234",
    "ContactMail": "ssl@tencent.com",
}


@dataclasses.dataclass(frozen=True)
class Keys:
    """What `certdesk account add` prints."""

    uin: str
    secret_id: str
    secret_key: str


@dataclasses.dataclass(frozen=True)
class User:
    """A user of an account, and a key of that user."""

    number: int
    keys: Keys


class Client:
    """The official SDK, pointed at a desk; replies are the members of `Response`."""

    def __init__(self, endpoint: str, keys: Keys, token: str | None = None) -> None:
        """Sign with `keys`; a temporary one needs its token."""
        profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=endpoint))
        given = credential.Credential(keys.secret_id, keys.secret_key, token)
        self.sdk = CommonClient("ssl", "2019-12-05", given, "", profile)

    def call(self, action: str, **parameters: object) -> dict[str, Any]:
        """Call an action; raises the SDK's TencentCloudSDKException for an error."""
        response = self.sdk.call_json(action, parameters)["Response"]
        assert isinstance(response, dict)
        return response

    def buy(self, product: int = 25, names: int = 1, years: int = 1) -> str:
        """Buy an order; give its certificate id."""
        bought = self.call("CreateCertificate", ProductId=product, DomainNum=names, TimeSpan=years)
        return str(bought["CertificateIds"][0])

    def submit(self, certificate_id: str, **changes: object) -> dict[str, Any]:
        """Hand in good personal material for an order, with changes; None takes one out."""
        material: dict[str, object] = {
            "CertId": certificate_id,
            "GenCsrType": "online",
            "CertCommonName": "example.com",
            "CompanyType": 1,
            "CompanyId": "0",
            "ContactEmail": "webmaster@example.com",
            "CsrEncryptAlgo": "ECC",
            "CsrKeyParameter": "prime256v1",
        }
        material |= changes
        given = {name: value for name, value in material.items() if value is not None}
        return self.call("CertificateInfoSubmit", **given)

    def detail(self, certificate_id: str) -> dict[str, Any]:
        """Read an order back."""
        return self.call("DescribeCertificateDetail", CertificateId=certificate_id)


class RunningDesk:
    """A `certdesk serve` in a process of its own, on a free port of the loopback."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: str = "",
        command: str = "serve",
        clock: Path | None = None,
        under: Sequence[str] = (),
    ) -> None:
        """Serve the data in `folder` with `settings` (TOML); `start` starts it.

        What is written to `clock` moves the desk's own. `under` are words of another program,
        which becomes the desk.
        """
        self._under = list(under)
        self.folder = folder
        self._clock = ["--clock-file", str(clock)] if clock else []
        self.command = command
        self._config = folder.with_name(f"{folder.name}.toml")
        # Tests of other things ask more often, and wrongly, than the usual limits let them.
        unlimited = "" if "rate" in settings else "rate.limit = 0\n"
        if not re.search(r"^\[?http\b", settings, re.MULTILINE):
            unlimited += "http.wrong_per_minute = 0\nhttp.pages_per_second = 0\n"
            unlimited += "http.unsigned_per_second = 0\nhttp.console_per_minute = 0\n"
        self._config.write_text(unlimited + settings)
        self._log = folder.with_name(f"{folder.name}.log")
        self._process: subprocess.Popen[str] | None = None
        self.endpoint = ""

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.endpoint}"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What it wrote to stderr so far."""
        return self._log.read_text()

    def start(self) -> None:
        """Start it and wait until it says that it answers."""
        options = ["--data", str(self.folder), "--config", str(self._config)]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [
                    *self._under,
                    PROGRAM,
                    self.command,
                    *options,
                    *self._clock,
                    "--listen",
                    "127.0.0.1:0",
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("certdesk ready on http://"), self.log
        self.endpoint = line.split("http://")[1].strip()

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in good order (SIGTERM)."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        found = self._process.poll()
        self._process.send_signal(how)
        self._process.wait(START_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        assert found is None, f"the desk had ended by itself ({found}): {self.log[-2000:]}"

    def certdesk(self, *words: str, text: str | None = None, uid: int | None = None) -> Any:  # noqa: ANN401 -- any JSON
        """Run an operator's command on this desk; give the JSON that it printed."""
        done = self.run(*words, text=text, uid=uid)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def run(
        self,
        *words: str,
        text: str | None = None,
        uid: int | None = None,
        gid: int | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run an operator's command on this desk, whatever comes of it.

        As another user of the system where `uid` is given, which only root can.
        """
        who = [] if uid is None else another_user(uid, gid)
        return subprocess.run(
            [
                *who,
                PROGRAM,
                *words,
                "--data",
                str(self.folder),
                "--config",
                str(self._config),
            ],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            env={name: value for name, value in os.environ.items() if "CERTDESK" not in name},
        )

    def operate(self, action: str, **parameters: object) -> dict[str, Any]:
        """Carry out an operator's action as a command would, without a process for it."""
        settings, _ = load(self._config, {}, {"data": str(self.folder)})
        logging = structlog.get_config()
        try:
            response = ask(settings, action, **parameters)
        finally:
            # Without a running desk a command sets up its own.
            structlog.configure(**logging)
        assert "Error" not in response, response
        return response

    def account(self, *, verified: bool = True) -> Keys:
        """Open an account."""
        added = self.operate("AddAccount", Name="test", Verified=verified)
        return Keys(added["Uin"], added["SecretId"], added["SecretKey"])

    def client(self, keys: Keys | None = None) -> Client:
        """Give the SDK with an account's keys (a new account's where none are given)."""
        return Client(self.endpoint, keys or self.account())

    def user(self, keys: Keys, *allowed: str) -> User:
        """Enter a user of an account, with a key; the actions that fit `allowed` are allowed."""
        entered = self.operate("AddUser", Uin=keys.uin, Name=uuid.uuid4().hex)["UserId"]
        added = self.operate("AddKey", Uin=keys.uin, UserId=entered)
        user = User(entered, Keys(added["Uin"], added["SecretId"], added["SecretKey"]))
        if allowed:
            self.bind(user, "allow", *allowed)
        return user

    def bind(
        self,
        user: User,
        effect: str,
        *actions: str,
        certificates: Iterable[str] = (),
        projects: Iterable[int] = (),
    ) -> int:
        """Write a policy and attach it to a user; give its number."""
        written = self.operate(
            "AddPolicy",
            Uin=user.keys.uin,
            Name=uuid.uuid4().hex,
            Effect=effect,
            Actions=actions,
            CertificateIds=list(certificates),
            ProjectIds=list(projects),
        )
        self.operate("AttachPolicy", UserId=user.number, PolicyId=written["PolicyId"])
        return int(written["PolicyId"])

    def project(self, keys: Keys) -> int:
        """Begin a project of an account; give its id."""
        return int(self.operate("AddProject", Uin=keys.uin, Name=uuid.uuid4().hex)["ProjectId"])

    def company(self, keys: Keys, **changes: object) -> int:
        """Enter a company; give its id."""
        added = self.operate("AddCompany", Uin=keys.uin, **COMPANY | changes)
        return int(added["CompanyId"])

    def manager(
        self, keys: Keys, company: int, *, status: str | None = None, **changes: object
    ) -> int:
        """Enter a manager; give its id."""
        whose = {"Uin": keys.uin, "CompanyId": company, "Status": status}
        added = self.operate("AddManager", **whose, **MANAGER | changes)
        return int(added["ManagerId"])


def another_user(uid: int, gid: int | None = None) -> list[str]:
    """Give the words before a command that is to run as that user, as one who may read all files.

    Without a group it is one who may open all of them too, also the desk's socket. What the kernel
    tells of it at the other end of a socket is the user (unix(7)).
    """
    files = "+dac_read_search" if gid is not None else "+dac_override,+dac_read_search"
    who = [f"--reuid={uid}", f"--regid={gid or uid}", "--clear-groups"]
    return ["setpriv", *who, f"--inh-caps={files}", f"--ambient-caps={files}"]


@contextlib.contextmanager
def running(
    folder: Path, *, settings: str = "", clock: Path | None = None, under: Sequence[str] = ()
) -> Iterator[RunningDesk]:
    """Run a desk on `folder` as long as the context lasts; see `RunningDesk`."""
    desk = RunningDesk(folder, settings=settings, clock=clock, under=under)
    try:
        desk.start()
        yield desk
    finally:
        desk.stop()
