"""Secrets come to light where they belong and nowhere else."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certdesk.vault.local_keyset import LocalKeyset
from tests.acceptance.canaries import digits, forms, found, secret_parts, word
from tests.acceptance.database import change, tables
from tests.acceptance.processes import NO_RSA_STOCK, begun, certdesk, environment, serving
from tests.running import COMPANY, MANAGER, PROGRAM, Keys, RunningDesk
from tests.web.raw import Answer, Wire, call, request

SETTINGS = 'log.level = "debug"\n' + NO_RSA_STOCK
E_MAILS = ("AdminEmail", "ContactEmail", "ManagerMail", "ContactMail")
NUMBERS = ("PhoneNumber", "AdminPhoneNum", "ContactNumber")
OWN_PLACES = {
    "DescribeCertificateDetail": ("CertificatePrivateKey", *E_MAILS, *NUMBERS),
    "DescribeManagers": E_MAILS,
    "account add": ("SecretKey",),
    "key add": ("SecretKey",),
    "key rotate": ("SecretKey",),
    "manager list": E_MAILS,
    "manager show": E_MAILS,
    "token add": ("SecretKey", "Token"),
}
"""Where a secret may stand: in which member of whose output."""


class Scene:
    """A desk, everything secret that was ever put into it, and everything that came out of it."""

    def __init__(self, desk: RunningDesk) -> None:
        """Begin with a running desk."""
        self.desk = desk
        self.canaries: dict[str, bytes] = {}
        self.outputs: list[tuple[str, bytes]] = []

    def secret(self, name: str, value: str) -> str:
        """Remember a value as secret."""
        self.canaries[f"{name} {len(self.canaries)}"] = value.encode()
        return value

    def command(self, *words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run an operator's command and keep what it wrote, without what it is to show."""
        done = self.desk.run(*words, text=text)
        name = " ".join(words[:2])
        self.keep(f"stdout of {name}", done.stdout.encode(), OWN_PLACES.get(name, ()))
        self.keep(f"stderr of {name}", done.stderr.encode())
        return done

    def keys(self, *words: str) -> Keys:
        """Run a command that makes a key; its SecretKey is secret from then on."""
        made = json.loads(self.command(*words).stdout)
        return Keys(made["Uin"], made["SecretId"], self.secret("SecretKey", made["SecretKey"]))

    def call(self, keys: Keys, action: str, /, **given: object) -> Answer:
        """Call the API and keep the reply, without what it is to show."""
        return self.send(keys, action, json.dumps(given).encode())

    def send(self, keys: Keys, action: str, payload: bytes, *more: str) -> Answer:
        """Send a body to the API and keep the reply, without what it is to show."""
        answer = call(self.desk.endpoint, keys, action, payload, *more)
        self.keep(f"reply of {action}", answer.body, OWN_PLACES.get(action, ()))
        return answer

    def keep(self, place: str, written: bytes, left_out: tuple[str, ...] = ()) -> None:
        """Keep an output; members of these names are taken out of its JSON first."""
        if left_out and written:
            written = json.dumps(without(json.loads(written), left_out)).encode()
        self.outputs.append((place, written))

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Read every file that the desk keeps, log and settings included."""
        for path in sorted(self.desk.folder.parent.rglob("*")):
            if path.is_file():
                yield path.name, path.read_bytes()


def without(value: Any, names: tuple[str, ...]) -> Any:  # noqa: ANN401 -- any JSON
    """Take the members of these names out of JSON, wherever they are."""
    if isinstance(value, dict):
        return {name: without(each, names) for name, each in value.items() if name not in names}
    return [without(each, names) for each in value] if isinstance(value, list) else value


def company_of(scene: Scene) -> dict[str, object]:
    """Make a company with secrets of its own."""
    return {
        **COMPANY,
        "CompanyName": word("Company "),
        "CompanyPhone": scene.secret("telephone", digits("86", 24)),
        "IdType": "OTHERS",
        "IdNumber": scene.secret("identity number", digits("91", 24)),
    }


def manager_of(scene: Scene) -> dict[str, object]:
    """Make a manager and a contact with secrets of their own."""
    given: dict[str, object] = dict(MANAGER)
    for role in ("Manager", "Contact"):
        given[f"{role}Phone"] = scene.secret("telephone", digits("86", 24))
        given[f"{role}Mail"] = scene.secret("e-mail", word("mail")) + "@example.com"
        given[f"{role}IdType"] = "HZ"
        given[f"{role}IdNumber"] = scene.secret("identity number", digits("E", 24))
    return given


def material_of(scene: Scene, certificate_id: str) -> dict[str, object]:
    """Make the material of a CFCA order, which takes everything that is secret."""
    given: dict[str, object] = {
        "CertId": certificate_id,
        "GenCsrType": "online",
        "CertCommonName": "example.com",
        "CompanyType": 2,
        "CompanyId": "0",
        "ContactEmail": scene.secret("e-mail", word("mail")) + "@example.com",
        "CsrKeyParameter": "2048",
        "KeyPass": scene.secret("KeyPass", word("Key Pass")),
        "OrgIdType": "TYDMZ",
        "OrgIdNumber": scene.secret("identity number", digits("91", 24)),
        "OrgOrganization": word("Company "),
        "OrgDivision": "Division",
        "OrgAddress": "1 High Street",
        "OrgCountry": "CN",
        "OrgCity": "Shenzhen",
        "OrgRegion": "Guangdong",
        "OrgPhoneArea": "0755",
        "OrgPhoneNumber": scene.secret("telephone", digits("86", 24)),
    }
    for role in ("Admin", "Tech"):
        given |= {
            f"{role}FirstName": "Ada",
            f"{role}LastName": "Person",
            f"{role}Phone": scene.secret("telephone", digits("86", 24)),
            f"{role}Email": scene.secret("e-mail", word("mail")) + "@example.com",
            f"{role}Title": "Head",
            f"{role}IdType": "SFZ",
            f"{role}IdNumber": scene.secret("identity number", digits("44", 24)),
        }
    return given


SECRET_PARAMETERS = (
    *("KeyPass", "OrgIdNumber", "AdminIdNumber", "TechIdNumber", "OrgPhoneNumber"),
    *("AdminPhone", "TechPhone", "AdminEmail", "TechEmail", "ContactEmail"),
)


def enter_records(scene: Scene, keys: Keys) -> None:
    """Have the operator enter a company and a manager, and fail at it in every way."""
    mine = ("--uin", keys.uin)
    unfit: list[dict[str, object]] = [
        {"IdNumber": scene.secret("long number", digits("9", 40))},
        {"IdNumbre": scene.secret("number under a wrong name", digits("9", 24))},
        {"IdNumber": int(scene.secret("number as a number", digits("9", 24)))},
        {"CompanyPhone": [scene.secret("telephone in a list", digits("8", 24))]},
        {"CompanyPhone": scene.secret("telephone with a bell", digits("8", 24)) + "\a"},
    ]
    for wrong in unfit:
        given = json.dumps(company_of(scene) | wrong)
        assert scene.command("company", "add", "-", *mine, text=given).returncode == 1
    broken = json.dumps(company_of(scene))[:-1]
    assert scene.command("company", "add", "-", *mine, text=broken).returncode == 2
    entered = scene.command("company", "add", "-", *mine, text=json.dumps(company_of(scene)))
    company = str(json.loads(entered.stdout)["CompanyId"])
    place = (*mine, "--company", company)
    unfit = [
        {"ManagerMail": scene.secret("no e-mail", word("mail"))},
        {"ManagerIdNumber": scene.secret("long number", digits("9", 40))},
        {"ContactIdNumber": {"Number": scene.secret("number in a structure", digits("9", 24))}},
    ]
    for wrong in unfit:
        given = json.dumps(manager_of(scene) | wrong)
        assert scene.command("manager", "add", "-", *place, text=given).returncode == 1
    entered = scene.command("manager", "add", "-", *place, text=json.dumps(manager_of(scene)))
    manager = str(json.loads(entered.stdout)["ManagerId"])
    scene.command("company", "list", *mine)
    scene.command("company", "show", company)
    scene.command("manager", "list", *mine)
    scene.command("manager", "show", manager)
    scene.call(keys, "DescribeCompanies")
    scene.call(keys, "DescribeManagers", CompanyId=int(company))


def be_refused(scene: Scene, keys: Keys, certificate_id: str) -> None:
    """Hand in secrets in every way that is refused."""
    material = material_of(scene, certificate_id)
    for parameter in SECRET_PARAMETERS:
        for value in (
            int(scene.secret("as a number", digits("9", 24))),
            [scene.secret("in a list", digits("9", 24))],
            {"Value": scene.secret("in a structure", digits("9", 24))},
            scene.secret("too long", digits("9", 300)),
            scene.secret("with a bell", digits("9", 24)) + "\a",
        ):
            assert scene.call(keys, "CertificateInfoSubmit", **(material | {parameter: value})).code
    for wrong in (
        {"KeyPas": scene.secret("under a wrong name", word("k"))},
        {"CertCommonName": "no name"},
        {"CertId": "Foreign1"},
    ):
        assert scene.call(keys, "CertificateInfoSubmit", **(material | wrong)).code
    payload = json.dumps(material).encode()
    for body in (payload[:-1], b"[" + payload + b"]", payload + b"\0", b"\xef\xbb\xbf" + payload):
        assert scene.send(keys, "CertificateInfoSubmit", body).code == "InvalidParameter"
    assert scene.send(keys, "NoSuchAction", payload).code == "InvalidAction"
    forged = dataclasses.replace(keys, secret_key=keys.secret_key[::-1])
    assert scene.send(forged, "CertificateInfoSubmit", payload).code.startswith("AuthFailure")
    mistaken = dataclasses.replace(keys, secret_id=keys.secret_key)
    assert scene.send(mistaken, "CertificateInfoSubmit", payload).code.startswith("AuthFailure")


def be_broken(scene: Scene, keys: Keys, certificate_id: str) -> None:
    """Hand in secrets while the database fails, and ask for one that was altered."""
    folder = scene.desk.folder
    change(
        folder,
        "CREATE TRIGGER fail BEFORE INSERT ON submissions BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    given = material_of(scene, certificate_id)
    assert scene.call(keys, "CertificateInfoSubmit", **given).code == "InternalError"
    change(folder, "DROP TRIGGER fail")
    scene.call(keys, "CertificateInfoSubmit", **material_of(scene, certificate_id))
    change(folder, "UPDATE submissions SET personal = key_pass")
    asked = scene.call(keys, "DescribeCertificateDetail", CertificateId=certificate_id)
    assert asked.code == "InternalError"


def use_tokens(scene: Scene, keys: Keys) -> None:
    """Make a user with keys of both kinds, and use a token rightly and wrongly."""
    entered = scene.command("user", "add", "robot", "--uin", keys.uin)
    user = str(json.loads(entered.stdout)["UserId"])
    lasting = scene.keys("key", "add", keys.uin, "--user", user)
    made = json.loads(scene.command("token", "add", "--user", user, "--minutes", "5").stdout)
    secret_key = scene.secret("SecretKey", made["SecretKey"])
    temporary = Keys(made["Uin"], made["SecretId"], secret_key)
    token = "X-TC-Token: " + scene.secret("token", made["Token"])
    wrong = "X-TC-Token: " + scene.secret("wrong token", word("token"))
    code = "AuthFailure.UnauthorizedOperation"
    assert scene.send(temporary, "DescribeCompanies", b"{}", token).code == code
    for signer, line in ((temporary, wrong), (lasting, token)):
        refused = scene.send(signer, "DescribeCompanies", b"{}", line)
        assert refused.code == "AuthFailure.TokenFailure"
    scene.command("user", "show", user)
    scene.command("user", "list", "--uin", keys.uin)


def play(scene: Scene) -> None:
    """Go through every action and command with secrets that can be recognised."""
    keys = scene.keys("account", "add", "canaries")
    other = scene.keys("account", "add", "somebody else")
    second = scene.keys("key", "add", keys.uin)
    scene.keys("key", "rotate", second.secret_id)
    enter_records(scene, keys)
    use_tokens(scene, keys)
    buy = {"ProductId": 98, "DomainNum": 1, "TimeSpan": 1}
    (certificate_id,) = scene.call(keys, "CreateCertificate", **buy).response["CertificateIds"]
    be_refused(scene, keys, certificate_id)
    for algorithm, parameter in (("RSA", "2048"), ("ECC", "prime256v1")):
        key = {"CsrEncryptAlgo": algorithm, "CsrKeyParameter": parameter}
        given = material_of(scene, certificate_id) | key
        assert scene.call(keys, "CertificateInfoSubmit", **given).code == ""
        masked = given | {"AdminPhone": "86" + "*" * 20 + str(given["AdminPhone"])[-2:]}
        assert scene.call(keys, "CertificateInfoSubmit", **masked).code == ""
        detail = scene.call(keys, "DescribeCertificateDetail", CertificateId=certificate_id)
        parts = secret_parts(detail.response["CertificatePrivateKey"])
        assert parts
        scene.canaries |= {f"private key {algorithm}, {name}": part for name, part in parts.items()}
    foreign = scene.call(other, "DescribeCertificateDetail", CertificateId=certificate_id)
    assert foreign.code == "FailedOperation.CertificateNotFound"
    scene.command("vault", "status")
    scene.command("account", "list")
    be_broken(scene, keys, certificate_id)
    scene.call(keys, "CancelCertificateOrder", CertificateId=certificate_id)
    kek = json.loads((scene.desk.folder / "kek.json").read_text())
    for key in kek["key"]:
        scene.canaries["key-encryption key"] = base64.b64decode(key["keyData"]["value"])[-32:]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A desk that has seen every secret there is."""
    desk = RunningDesk(tmp_path_factory.mktemp("secrets") / "data", settings=SETTINGS)
    desk.start()
    try:
        scene = Scene(desk)
        play(scene)
        yield scene
    finally:
        desk.stop()


def test_the_search_finds_a_secret_in_every_form() -> None:
    """What is to be proven absent has to be found where it is."""
    secret = word("secret").encode()
    for name, written in forms(secret):
        assert found({"it": secret}, [("here", b"before" + written + b"after")]), name
    for skipped in range(3):
        longer = base64.b64encode(b"x" * skipped + secret + b"yz")
        assert found({"it": secret}, [("here", longer)])
    assert found({"it": secret}, [("here", b"nothing")]) == []


def test_no_file_holds_a_secret_in_the_clear(scene: Scene) -> None:
    """Database, write-ahead log, shared memory, lock, log and settings."""
    files = dict(scene.files())
    assert {"certdesk.db", "certdesk.db-wal", "certdesk.db-shm", "data.log", "kek.json"} <= set(
        files
    )
    kek = files.pop("kek.json")
    assert found(scene.canaries, files.items()) == []
    others = {name: part for name, part in scene.canaries.items() if "encryption" not in name}
    assert found(others, [("kek.json", kek)]) == []


def test_no_output_holds_a_secret_but_in_its_own_place(scene: Scene) -> None:
    """Replies of every kind and what commands write, also where they are refused or fail."""
    assert len(scene.outputs) > 100
    assert found(scene.canaries, scene.outputs) == []


def test_no_process_shows_a_secret(scene: Scene) -> None:
    """Neither the server nor a command has one among its arguments or variables."""
    shown = {
        f"{what} of the server": in_proc(scene.desk.pid, what) for what in ("cmdline", "environ")
    }
    with begun(
        subprocess.PIPE, "company", "add", "-", "--uin", "1", "--data", str(scene.desk.folder)
    ) as command:
        for what in ("cmdline", "environ"):
            # It is empty for a moment while the program is being loaded.
            while not (shown_now := in_proc(command.pid, what)):
                time.sleep(0.01)
            shown[f"{what} of a command"] = shown_now
        command.communicate(json.dumps(company_of(scene)))
    assert len(shown) == 4
    assert found(scene.canaries, shown.items()) == []


def in_proc(pid: int, what: str) -> bytes:
    """Read what the system shows of a process; it shows root alone what a desk's variables are."""
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except PermissionError:
        assert os.geteuid() != 0
        return b"nothing is shown"


def test_what_fails_is_logged_without_what_it_was_about(scene: Scene) -> None:
    """The log of the failures above names place and reason."""
    assert "submissions.personal of " in scene.desk.log
    assert "the database failed" in scene.desk.log


def test_an_event_is_one_line_whatever_was_sent(scene: Scene) -> None:
    """Line ends of every kind in what a client sends do not break the log's lines."""
    keys = scene.desk.account()
    for name in (b"a\x85b", b"a\xe2\x80\xa8b", b'a"b\\', b"\xff\xfe"):
        with Wire(scene.desk.endpoint) as wire:
            signed = request(scene.desk.endpoint, keys, "DescribeCompanies", b"{}")
            wire.send(signed.replace(b"X-TC-Action: DescribeCompanies", b"X-TC-Action: " + name))
            assert wire.answer().code
    for line in scene.desk.log.splitlines():
        assert isinstance(json.loads(line), dict)


# --- the key file -------------------------------------------------------------------------------


SERVE, COMMAND = ["serve", "--listen", "127.0.0.1:0"], ["account", "list"]


def refused(words: list[str], data: str, reason: str) -> None:
    """The program does not open the desk, and nothing in the folder changes."""
    folder = Path(data)
    before = tables(folder), contents(folder)
    done = certdesk(*words, "--data", data)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("certdesk: ")
    assert reason in done.stderr
    assert str(folder / "kek.json") in done.stderr
    assert "Traceback" not in done.stderr
    assert (tables(folder), contents(folder)) == before


def contents(folder: Path) -> dict[str, bytes]:
    """Read the files of a folder that are not the database's own."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.name == "kek.json" or not path.name.startswith(("certdesk.db", "desk.lock"))
    }


def test_a_desk_does_not_open_with_another_key_file_or_none(tmp_path: Path) -> None:
    """Exit code 3 and a reason, nothing is overwritten, and its own key opens it again (row 16)."""
    data = str(tmp_path / "data")
    added = certdesk("account", "add", "a", "--data", data)
    key_file = tmp_path / "data" / "kek.json"
    own = key_file.rename(tmp_path / "own.json")
    refused(SERVE, data, "there is no key file")
    refused(COMMAND, data, "there is no key file")
    LocalKeyset.open(key_file, create=True)
    refused(SERVE, data, "is not the key with which")
    refused(COMMAND, data, "is not the key with which")
    key_file.unlink()
    key_file.write_text("{}")
    key_file.chmod(0o400)
    refused(COMMAND, data, "does not contain a Tink keyset")
    key_file.unlink()
    key_file.write_bytes(own.read_bytes())
    key_file.chmod(0o444)
    refused(COMMAND, data, "chmod")
    key_file.chmod(0o400)
    listed = certdesk("account", "list", "--data", data)
    assert json.loads(listed.stdout)[0]["Uin"] == json.loads(added.stdout)["Uin"]


# --- the files themselves -----------------------------------------------------------------------


def modes(folder: Path) -> dict[str, str]:
    """Give the mode of a folder and of all that is in it."""
    paths = [folder, *folder.iterdir()]
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in paths}


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Folder 0700, data and socket 0600, key file 0400, whatever the umask."""
    folder = tmp_path / "data"
    alone = subprocess.run(
        [PROGRAM, "account", "add", "a", "--data", str(folder)],
        capture_output=True,
        check=True,
        umask=0,
        env=environment(),
    )
    assert alone.stdout
    expected = {"data": "0o700", "certdesk.db": "0o600", "desk.lock": "0o600", "kek.json": "0o400"}
    assert modes(folder) == expected
    before = os.umask(0)
    try:
        words = ("serve", "--data", str(folder), "--listen", "127.0.0.1:0")
        with serving(tmp_path / "log", *words) as served:
            own = ("certdesk.db-wal", "certdesk.db-shm", "admin.sock")
            assert modes(folder) == expected | dict.fromkeys(own, "0o600")
            limits = Path(f"/proc/{served.process.pid}/limits").read_text()
            # Whose it is is who may look into it; where it may be dumped it is the user's own.
            assert Path(f"/proc/{served.process.pid}/environ").stat().st_uid == 0
    finally:
        os.umask(before)
    (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core.split()[4:6] == ["0", "0"]
