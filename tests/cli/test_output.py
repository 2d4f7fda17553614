"""Where commands print to: terminals of any encoding, full disks; users without a name."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.database import opened
from tests.acceptance.processes import environment
from tests.acceptance.watching import until
from tests.running import NO_KEYS_AHEAD, PROGRAM, RunningDesk, another_user, running

NAME = "Büro 中文"
NO_SPACE = "the output cannot be written: No space left on device"
FULL = Path("/dev/full")
NOBODYS_UID = 54321

needs_full = pytest.mark.skipif(not FULL.exists(), reason="the system has no /dev/full")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk with an account whose name few encodings have."""
    with running(tmp_path_factory.mktemp("output") / "desk", settings=NO_KEYS_AHEAD) as started:
        started.operate("AddAccount", Name=NAME)
        yield started


def run(
    desk: RunningDesk,
    *words: str,
    variables: Mapping[str, str] | None = None,
    stdout: int | Any = subprocess.PIPE,  # noqa: ANN401 -- as subprocess has it
    under: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[bytes]:
    """Run a command on the desk with its output somewhere."""
    return subprocess.run(
        [*under, PROGRAM, *words, "--data", str(desk.folder)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment(**(variables or {})),
        check=False,
    )


PLAIN_C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("variables", "encoding"),
    [
        ({"LANG": "C", "LC_ALL": "C"}, "utf-8"),
        (PLAIN_C, "ascii"),
        ({"PYTHONIOENCODING": "ascii"}, "ascii"),
        ({"PYTHONIOENCODING": "latin-1"}, "latin-1"),
    ],
)
def test_a_program_reads_the_same_json_in_any_encoding(
    desk: RunningDesk, variables: Mapping[str, str], encoding: str
) -> None:
    """Letters that it lacks are escaped as JSON has it."""
    done = run(desk, "account", "list", variables=variables)
    assert (done.returncode, done.stderr) == (0, b"")
    assert NAME in [each["Name"] for each in json.loads(done.stdout.decode(encoding))]


def test_json_from_standard_input_is_utf_8_whatever_the_terminal_is(desk: RunningDesk) -> None:
    """So that a file means the same on every machine."""
    uin = desk.certdesk("account", "list")[0]["Uin"]
    text = json.dumps({"CompanyName": NAME, "CompanyCountry": "CN"}, ensure_ascii=False)
    words = [PROGRAM, "company", "add", "-", "--uin", uin, "--data", str(desk.folder)]
    done = subprocess.run(
        words, input=text.encode(), capture_output=True, env=environment(**PLAIN_C), check=True
    )
    company = json.loads(done.stdout)["CompanyId"]
    assert desk.operate("ShowCompany", CompanyId=company)["Company"]["CompanyName"] == NAME


# --- keys ----------------------------------------------------------------------------------------


def enabled(desk: RunningDesk, uin: str) -> set[str]:
    """Name the keys of an account that work."""
    accounts = desk.operate("ListAccounts")["Accounts"]
    (keys,) = (each["SecretIds"] for each in accounts if each["Uin"] == uin)
    return set(keys)


def uins(desk: RunningDesk, name: str) -> list[str]:
    """List the accounts of a name."""
    accounts = desk.operate("ListAccounts")["Accounts"]
    return [each["Uin"] for each in accounts if each["Name"] == name]


@needs_full
def test_a_key_that_cannot_be_written_is_not_good(desk: RunningDesk) -> None:
    """The command says so with the Uin, and the account gets another key."""
    before = {each["Uin"] for each in desk.operate("ListAccounts")["Accounts"]}
    with FULL.open("wb") as full:
        done = run(desk, "account", "add", "Full", stdout=full)
    (uin,) = {each["Uin"] for each in desk.operate("ListAccounts")["Accounts"]} - before
    assert done.returncode == 4
    assert NO_SPACE in done.stderr.decode()
    assert f"to make a key for it, run certdesk key add {uin}" in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert enabled(desk, uin) == set()
    key = desk.certdesk("key", "add", uin)
    assert enabled(desk, uin) == {key["SecretId"]}


@needs_full
def test_a_key_that_was_rotated_in_vain_works_as_before(desk: RunningDesk) -> None:
    """And one that was added in vain is disabled."""
    keys = desk.account()
    with FULL.open("wb") as full:
        assert run(desk, "key", "rotate", keys.secret_id, stdout=full).returncode == 4
        assert run(desk, "key", "add", keys.uin, stdout=full).returncode == 4
    assert enabled(desk, keys.uin) == {keys.secret_id}
    assert desk.client(keys).call("DescribeCompanies")["TotalCount"] == 0


@needs_full
def test_a_temporary_key_that_cannot_be_written_is_not_good(desk: RunningDesk) -> None:
    """As with the others."""
    keys = desk.account()
    user = str(desk.operate("AddUser", Uin=keys.uin, Name="ci")["UserId"])
    with FULL.open("wb") as full:
        words = ("token", "add", "--user", user, "--minutes", "5")
        assert run(desk, *words, stdout=full).returncode == 4
    assert desk.operate("ShowUser", UserId=int(user))["TemporaryKeys"] == []


def test_a_key_that_nobody_reads_is_not_good(desk: RunningDesk) -> None:
    """The other end of a pipe was closed."""
    reading, writing = os.pipe()
    os.close(reading)
    done = run(desk, "account", "add", "Closed", stdout=writing)
    os.close(writing)
    assert done.returncode == 4
    (uin,) = uins(desk, "Closed")
    assert enabled(desk, uin) == set()


def full_pipe() -> tuple[int, int]:
    """Return the ends of a pipe that takes nothing more until somebody reads."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"\n" * 4096)
    os.set_blocking(writing, True)
    return reading, writing


def test_a_key_that_can_neither_be_written_nor_be_taken_back_is_told(desk: RunningDesk) -> None:
    """Where the desk's own disk is the full one, it is not said to be disabled."""
    reading, writing = full_pipe()
    command = [PROGRAM, "account", "add", "Stuck", "--data", str(desk.folder)]
    with subprocess.Popen(command, stdout=writing, stderr=subprocess.PIPE, text=True) as adding:
        os.close(writing)
        until(
            lambda: "Stuck" in {each["Name"] for each in desk.operate("ListAccounts")["Accounts"]}
        )
        with opened(desk.folder, "rw") as other:
            other.execute("BEGIN IMMEDIATE")
            os.close(reading)
            _, told = adding.communicate()
    assert adding.returncode == 4
    (uin,) = uins(desk, "Stuck")
    (key,) = enabled(desk, uin)
    assert "could not be disabled either (InternalError)" in told
    assert f"certdesk key disable {key}" in told


CLOSED = ("sh", "-c", 'exec "$@" >&-', "sh")
ALL_CLOSED = ("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")


@pytest.mark.parametrize("closed", [CLOSED, ALL_CLOSED], ids=["stdout", "all three"])
def test_a_new_key_is_taken_back_where_there_is_no_output(
    desk: RunningDesk, closed: tuple[str, ...]
) -> None:
    """The caller has closed it: the key before works, and there is no other."""
    keys = desk.account()
    user = str(desk.operate("AddUser", Uin=keys.uin, Name="ci")["UserId"])
    token = ("token", "add", "--user", user, "--minutes", "5")
    before = {each["Uin"] for each in desk.operate("ListAccounts")["Accounts"]}
    for words in (
        ("key", "rotate", keys.secret_id),
        ("key", "add", keys.uin),
        ("account", "add", "None"),
        token,
    ):
        done = run(desk, *words, under=closed)
        assert (done.returncode, done.stdout) == (4, b""), words
        assert b"Traceback" not in done.stderr
        told = b"could not be printed, and is disabled" in done.stderr
        assert told is (closed is CLOSED), words
    assert enabled(desk, keys.uin) == {keys.secret_id}
    (new,) = {each["Uin"] for each in desk.operate("ListAccounts")["Accounts"]} - before
    assert enabled(desk, new) == set()
    assert desk.operate("ShowUser", UserId=int(user))["TemporaryKeys"] == []
    assert desk.client(keys).call("DescribeCompanies")["TotalCount"] == 0


def test_a_file_that_is_opened_takes_the_place_of_no_stream(tmp_path: Path) -> None:
    """A new desk without any of the three, whose database nothing is printed into, is whole."""
    folder = str(tmp_path / "desk")
    words = [*ALL_CLOSED, PROGRAM, "account", "add", "First", "--data", folder]
    assert subprocess.run(words, env=environment(), check=False).returncode == 4
    listing = [PROGRAM, "account", "list", "--data", folder]
    done = subprocess.run(listing, env=environment(), capture_output=True, check=True)
    assert [each["Name"] for each in json.loads(done.stdout)] == ["First"]


HELP = [("--help",), ("--version",), ("sandbox", "--help"), ("key", "add", "--help")]


@needs_full
@pytest.mark.parametrize("words", HELP)
def test_help_that_is_lost_is_said_in_a_line(words: tuple[str, ...]) -> None:
    """As any output."""
    with FULL.open("wb") as full:
        command = [PROGRAM, *words]
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, env=environment(), check=False
        )
    assert (done.returncode, done.stderr.decode()) == (4, f"certdesk: {NO_SPACE}\n")


@needs_full
@pytest.mark.parametrize("words", [(), ("key",), ("nonsense",), ("account", "add")])
def test_wrong_usage_keeps_its_code_where_it_cannot_be_said(words: tuple[str, ...]) -> None:
    """Nothing is left but the code."""
    with FULL.open("wb") as full:
        done = subprocess.run([PROGRAM, *words], stderr=full, env=environment(), check=False)
    assert done.returncode == 2


@needs_full
@pytest.mark.parametrize("words", [("account", "list"), ("settings",), ("orders",), ("ca", "show")])
def test_any_output_that_is_lost_is_said_in_a_line(
    desk: RunningDesk, words: tuple[str, ...]
) -> None:
    """With a code of its own, and no traceback."""
    with FULL.open("wb") as full:
        done = run(desk, *words, stdout=full)
    assert (done.returncode, done.stderr.decode()) == (4, f"certdesk: {NO_SPACE}\n")


def test_a_second_account_of_a_name_is_warned_of(desk: RunningDesk) -> None:
    """Beside the output, which stays one JSON object."""
    first = desk.certdesk("account", "add", "Twin")
    done = desk.run("account", "add", "twin")
    assert json.loads(done.stdout).keys() == {"Uin", "SecretId", "SecretKey"}
    assert f"account {first['Uin']} has the same name" in done.stderr
    assert desk.run("account", "add", "Nobody else's").stderr == ""


# --- the machine ---------------------------------------------------------------------------------


def test_python_m_certdesk_is_the_command() -> None:
    """For those who have the module and no script on their path."""
    done = subprocess.run(
        [sys.executable, "-m", "certdesk", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("certdesk, version ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_user_without_a_name_can_do_everything(tmp_path: Path) -> None:
    """As in containers that are run under a number of which passwd(5) knows nothing."""
    home = Path(shutil.copytree(tmp_path, tmp_path / "own"))
    os.chown(home, NOBODYS_UID, NOBODYS_UID)
    tmp_path.chmod(0o755)
    who = another_user(NOBODYS_UID)

    def done(*words: str) -> Any:  # noqa: ANN401 -- any JSON
        command = [*who, PROGRAM, *words, "--data", str(home / "desk")]
        bare = {"PATH": os.environ["PATH"], "CERTDESK_KEYS_STOCK_RSA_2048": "0"}
        ended = subprocess.run(
            command, capture_output=True, text=True, env=bare, check=False, cwd=home
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        return json.loads(ended.stdout)

    uin = done("account", "add", "Web team")["Uin"]
    company = done("company", "add", '{"CompanyName": "A", "CompanyCountry": "GB"}', "--uin", uin)
    people = '{"ManagerFirstName": "Ada", "ManagerLastName": "Smith"}'
    number = str(company["CompanyId"])
    manager = done("manager", "add", people, "--uin", uin, "--company", number)["ManagerId"]
    assert done("review", "approve", f"manager:{manager}")["Approvals"] == [f"uid {NOBODYS_UID}"]
