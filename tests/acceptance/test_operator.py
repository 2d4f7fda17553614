"""The command from end to end: beside a server, under load, without one, and while one changes."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from certdesk.cli import main
from certdesk.settings import DECLARATIONS
from tests.acceptance.processes import NO_RSA_STOCK, READY, begun, certdesk, serving
from tests.running import COMPANY, MANAGER, Client, Keys, RunningDesk, running

MIB = 1024 * 1024
LOOPBACK = x509.IPAddress(ip_address("127.0.0.1"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk that the module shares."""
    with running(tmp_path_factory.mktemp("operator") / "data", settings=NO_RSA_STOCK) as desk:
        yield desk


@pytest.fixture
def data(tmp_path: Path) -> str:
    """A folder without a desk."""
    return str(tmp_path / "data")


def printed(done: subprocess.CompletedProcess[str]) -> Any:  # noqa: ANN401 -- whatever JSON it is
    """Give the JSON that a command printed: one line of it and nothing else."""
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


def inside(*words: str, **variables: str) -> Result:
    """Run a command in this process, which is ten times as fast; what it raises comes out here."""
    clean: dict[str, str | None] = {name: None for name in os.environ if "CERTDESK" in name}
    runner = CliRunner(env=clean | variables)
    return runner.invoke(main.certdesk, words, prog_name="certdesk", catch_exceptions=False)


def keys_in(added: dict[str, str]) -> Keys:
    """Read the keys that a command printed."""
    return Keys(added["Uin"], added["SecretId"], added["SecretKey"])


# --- what they print ----------------------------------------------------------------------------


def go_through(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """Use every operator's command once; each has to print its JSON alone."""
    keys = keys_in(printed(run("account", "add", "网络组")))
    assert printed(run("account", "disable", keys.uin))["Enabled"] is False
    assert printed(run("account", "enable", keys.uin))["Enabled"] is True
    assert printed(run("account", "verify", keys.uin, "--withdraw"))["Verified"] is False
    listed = {each["Uin"]: each for each in printed(run("account", "list"))}
    assert listed[keys.uin]["Name"] == "网络组"
    second = printed(run("key", "add", keys.uin))["SecretId"]
    third = printed(run("key", "rotate", second))["SecretId"]
    assert printed(run("key", "disable", third)) == {"Uin": keys.uin, "SecretId": third}
    mine = ("--uin", keys.uin)
    use_users(run, keys.uin, mine)
    company = printed(run("company", "add", "-", *mine, text=json.dumps(COMPANY)))["CompanyId"]
    assert printed(run("company", "list", *mine))[0]["CompanyId"] == company
    assert printed(run("company", "show", str(company)))["Uin"] == keys.uin
    manager = json.dumps(MANAGER)
    added = printed(run("manager", "add", manager, *mine, "--company", str(company)))
    assert printed(run("manager", "list", *mine))[0]["ManagerId"] == added["ManagerId"]
    assert printed(run("manager", "show", str(added["ManagerId"])))["CompanyId"] == company
    assert printed(run("vault", "status"))["KeyEncryption"]["provider"] == "local keyset"
    assert printed(run("blocklist", "status"))["TotalCount"] == 0
    assert printed(run("settings"))[0]["Name"] == "data"


def use_users(
    run: Callable[..., subprocess.CompletedProcess[str]], uin: str, mine: tuple[str, str]
) -> None:
    """Use the commands of users, policies, projects and tokens once."""
    project = str(printed(run("project", "add", "Webseiten", *mine))["ProjectId"])
    assert printed(run("project", "rename", project, "网站")) == {"ProjectId": int(project)}
    assert printed(run("project", "list", *mine))[0]["Name"] == "网站"
    user = str(printed(run("user", "add", "robot", *mine))["UserId"])
    rule = ("--allow", "ssl:Describe*", "--allow", "ssl:CreateCertificate", "--project", project)
    policy = str(printed(run("policy", "add", "look", *rule, *mine))["PolicyId"])
    assert printed(run("policy", "list", *mine))[0]["ProjectIds"] == [project]
    assert printed(run("user", "attach", user, policy))["PolicyIds"] == [int(policy)]
    assert printed(run("policy", "show", policy))["UserIds"] == [int(user)]
    assert printed(run("key", "add", uin, "--user", user))["Uin"] == uin
    made = printed(run("token", "add", "--user", user, "--minutes", "5", "--policy", policy))
    assert list(made) == ["Uin", "SecretId", "SecretKey", "Token", "Expires"]
    assert printed(run("user", "list", *mine))[0]["PolicyIds"] == [int(policy)]
    assert printed(run("user", "show", user))["TemporaryKeys"][0]["SecretId"] == made["SecretId"]
    assert printed(run("user", "disable", user)) == {"UserId": int(user), "Enabled": False}
    assert printed(run("user", "enable", user)) == {"UserId": int(user), "Enabled": True}
    assert printed(run("user", "detach", user, policy))["PolicyIds"] == []
    assert printed(run("policy", "remove", policy)) == {"PolicyId": int(policy)}
    assert printed(run("project", "remove", project)) == {"ProjectId": int(project)}


def test_commands_print_their_json_alone_beside_a_server(desk: RunningDesk) -> None:
    """One line on stdout, nothing on stderr, exit code 0 (design, part 2)."""
    go_through(desk.run)


def test_commands_print_their_json_alone_without_a_server(data: str) -> None:
    """They open the folder themselves where no server has it; the first one makes it."""
    keys = keys_in(printed(certdesk("account", "add", "网络组", "--data", data)))
    given = [json.dumps(COMPANY), "--uin", keys.uin, "--data", data]
    assert printed(certdesk("company", "add", *given)) == {"CompanyId": 1}
    assert printed(certdesk("key", "rotate", keys.secret_id, "--data", data))["Uin"] == keys.uin
    refused = certdesk("key", "rotate", "AKIDnone", "--data", data)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("certdesk: AuthFailure.SecretIdNotFound: ")


@pytest.mark.parametrize(
    "words",
    [
        ["account", "disable", "100000000000"],
        ["account", "enable", "100000000000"],
        ["account", "verify", "nobody"],
        ["key", "add", "100000000000"],
        ["key", "rotate", "AKIDnone"],
        ["key", "disable", "AKIDnone"],
        ["company", "add", json.dumps(COMPANY), "--uin", "100000000000"],
        ["company", "list", "--uin", "100000000000"],
        ["company", "show", "999"],
        ["key", "add", "100000000000", "--user", "1"],
        ["user", "add", "robot", "--uin", "100000000000"],
        ["user", "list", "--uin", "100000000000"],
        ["user", "show", "999"],
        ["user", "disable", "999"],
        ["user", "enable", "999"],
        ["user", "attach", "999", "999"],
        ["user", "detach", "999", "999"],
        ["policy", "add", "look", "--uin", "100000000000", "--allow", "*"],
        ["policy", "list", "--uin", "100000000000"],
        ["policy", "show", "999"],
        ["policy", "remove", "999"],
        ["project", "add", "web", "--uin", "100000000000"],
        ["project", "list", "--uin", "100000000000"],
        ["project", "rename", "999", "web"],
        ["project", "remove", "999"],
        ["token", "add", "--user", "999", "--minutes", "5"],
        ["manager", "add", json.dumps(MANAGER), "--uin", "100000000000", "--company", "1"],
        ["manager", "list", "--uin", "100000000000"],
        ["manager", "show", "999"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_what_does_not_exist_is_refused_with_a_reason(desk: RunningDesk, words: list[str]) -> None:
    """Exit code 1, the code and a sentence on stderr, nothing on stdout."""
    done = inside(*words, "--data", str(desk.folder))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "NotFound: " in done.stderr or "ResourceNotFound." in done.stderr


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"CompanyName": "A"},
        COMPANY | {"CompanyNmae": "A"},
        COMPANY | {"CompanyName": 1},
        COMPANY | {"CompanyName": "A" * 65},
        COMPANY | {"settings": "x", "action": "y"},
        COMPANY | {"CompanyCountry": "XX"},
    ],
)
def test_a_company_that_will_not_do_is_refused(desk: RunningDesk, given: dict[str, object]) -> None:
    """Missing, unknown, mistyped and unfit values: exit code 1, and nothing is entered."""
    uin = desk.account().uin
    done = inside("company", "add", json.dumps(given), "--uin", uin, "--data", str(desk.folder))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("certdesk: ")
    assert desk.certdesk("company", "list", "--uin", uin) == []


def test_more_than_a_mebibyte_is_refused(desk: RunningDesk) -> None:
    """Whoever hands in a file by mistake is told so at once."""
    large = json.dumps(COMPANY | {"CompanyName": "A" * MIB})
    done = desk.run("company", "add", "-", "--uin", "1", text=large)
    assert (done.returncode, done.stdout) == (1, "")
    assert "too much at once" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["nothing"],
        ["account"],
        ["account", "add"],
        ["account", "add", "a", "b"],
        ["account", "add", "a", "--nothing"],
        ["company", "add", "{}"],
        ["company", "add", "{", "--uin", "1"],
        ["company", "add", "[]", "--uin", "1"],
        ["company", "add", "[" * 100_000, "--uin", "1"],
        ["company", "add", "@/nonexistent", "--uin", "1"],
        ["company", "show", "one"],
        ["manager", "add", "{}", "--uin", "1", "--company", "1", "--status", "fine"],
        ["call"],
        ["call", "DescribeCompanies", "[]", "--endpoint", "http://127.0.0.1:1"],
        ["serve", "--port", "1"],
    ],
    ids=str,
)
def test_wrong_usage_is_told_from_a_refusal(words: list[str]) -> None:
    """Exit code 2, the usage on stderr, nothing on stdout."""
    done = inside(*words, CERTDESK_SECRET_ID="a", CERTDESK_SECRET_KEY="b")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: certdesk")


def test_a_desk_that_cannot_be_opened_has_a_code_of_its_own(tmp_path: Path) -> None:
    """Exit code 3 and a sentence, whether the folder, the file or the URL is at fault."""
    file = tmp_path / "file"
    file.write_text("no database, and no folder\n" * 50)
    for options in (
        ["--data", str(file)],
        ["--data", str(tmp_path), "--database", "mysql://localhost/desk"],
        ["--data", str(tmp_path), "--database", f"sqlite:///{file}"],
        ["--data", str(tmp_path), "--config", str(tmp_path / "none.toml")],
    ):
        done = certdesk("account", "list", *options)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.startswith("certdesk: ")
        assert "Traceback" not in done.stderr


# --- help ---------------------------------------------------------------------------------------


def every_command() -> Iterator[tuple[list[str], click.Command]]:
    """Walk through all commands there are."""
    context = click.Context(main.certdesk)
    for name in main.COMMANDS:
        command = main.certdesk.get_command(context, name)
        assert command is not None
        yield [name], command
        if isinstance(command, click.Group):
            yield from (([name, each], command.commands[each]) for each in command.commands)


EVERY_COMMAND = list(every_command())


@pytest.mark.parametrize(
    ("words", "command"), EVERY_COMMAND, ids=[" ".join(words) for words, _ in EVERY_COMMAND]
)
def test_every_command_explains_itself(words: list[str], command: click.Command) -> None:
    """`--help` has a sentence on the command and one on each option (design, part 2)."""
    shown = command.get_help(click.Context(command, info_name=" ".join(words)))
    assert command.help is not None
    assert command.help.partition("\n\n")[0].endswith(".")
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert [each.name for each in options if not each.help] == []
    assert "--help" in shown
    if words[0] != "call" and not isinstance(command, click.Group):
        assert {"--data", "--config", "--database"} <= {
            opt for each in options for opt in each.opts
        }


def test_help_needs_no_desk(data: str) -> None:
    """It is printed on stdout, and makes nothing."""
    done = certdesk("account", "add", "--help", "--data", data)
    assert done.returncode == 0
    assert "SecretKey" in done.stdout
    assert not Path(data).exists()


def test_the_version_is_told() -> None:
    """As every program tells it."""
    done = certdesk("--version")
    assert (done.returncode, done.stdout.startswith("certdesk, version ")) == (0, True)


# --- certdesk call ------------------------------------------------------------------------------


def call(
    desk: RunningDesk, keys: Keys, *words: str, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `certdesk call` with these keys on this desk."""
    signing = {"CERTDESK_SECRET_ID": keys.secret_id, "CERTDESK_SECRET_KEY": keys.secret_key}
    return certdesk("call", *words, "--endpoint", desk.url, text=text, variables=signing)


def test_a_call_takes_its_parameters_from_everywhere(desk: RunningDesk, tmp_path: Path) -> None:
    """As an argument, from a file, from standard input, or none at all."""
    keys = desk.account()
    company = desk.company(keys)
    file = tmp_path / "parameters.json"
    file.write_text(json.dumps({"CompanyId": company}))
    for words, text in (
        (["DescribeCompanies"], None),
        (["DescribeCompanies", file.read_text()], None),
        (["DescribeCompanies", f"@{file}"], None),
        (["DescribeCompanies", "-"], file.read_text()),
    ):
        response = printed(call(desk, keys, *words, text=text))["Response"]
        assert response["TotalCount"] == 1


def test_a_call_that_is_refused_prints_the_refusal_and_fails(desk: RunningDesk) -> None:
    """The reply is on stdout as it came, and the exit code is 1."""
    keys = desk.account()
    for words, code in (
        (["DescribeCompanies", '{"Limit": -1}'], "InvalidParameterValue"),
        (["DescribeCompanies", '{"Limit": "\\ud800"}'], "InvalidParameter"),
        (["Nothing"], "InvalidAction"),
    ):
        done = call(desk, keys, *words)
        assert (done.returncode, done.stderr) == (1, "")
        assert json.loads(done.stdout)["Response"]["Error"]["Code"] == code


def test_a_call_without_keys_or_without_a_desk_says_so() -> None:
    """Exit code 3: there was nobody to refuse it."""
    keys = {"CERTDESK_SECRET_ID": "a", "CERTDESK_SECRET_KEY": "b"}
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        silent = threading.Thread(target=hang_up, args=[other, b"SSH-2.0-none\r\n"])
        silent.start()
        for endpoint, variables in (
            ("http://127.0.0.1:9", {}),
            ("http://127.0.0.1:9", keys),
            ("127.0.0.1:9", keys),
            ("http://127.0.0.1:port", keys),
            (f"http://127.0.0.1:{port}", keys),
        ):
            done = certdesk(
                "call", "DescribeCompanies", "--endpoint", endpoint, variables=variables
            )
            assert (done.returncode, done.stdout) == (3, "")
            assert done.stderr.startswith("certdesk: ")
            assert "Traceback" not in done.stderr
        silent.join()


def hang_up(listener: socket.socket, words: bytes) -> None:
    """Take one connection, say something that is no HTTP, and close it."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(words)


# --- settings -----------------------------------------------------------------------------------


def values(*words: str, **variables: str) -> dict[str, object]:
    """Give what `certdesk settings` prints."""
    done = inside("settings", *words, **variables)
    assert done.exit_code == 0, done.stderr
    return {each["Name"]: each["Value"] for each in json.loads(done.stdout)}


def test_every_setting_is_shown_with_its_explanation() -> None:
    """Name, value, default, variable and help of each (design, part 2)."""
    shown = printed(certdesk("settings"))
    assert [each["Name"] for each in shown] == [declared.name for declared in DECLARATIONS]
    assert all(each["Help"].endswith(".") for each in shown)
    assert all(each["Environment"].startswith("CERTDESK_") for each in shown)


def test_options_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    """Every setting is read from three places, the nearest to the person counting most."""
    config = tmp_path / "desk.toml"
    config.write_text(
        'data = "file"\nlisten = "127.0.0.1:1"\n[keys.stock]\np_256 = 3\nrsa_2048 = 4\n'
    )
    variables = {"CERTDESK_DATA": "variable", "CERTDESK_KEYS_STOCK_P_256": "5"}
    file = ("--config", str(config))
    found = values(*file, "--data", "option", **variables)
    assert found["data"] == "option"
    assert found["listen"] == "127.0.0.1:1"
    assert (found["keys.stock.p_256"], found["keys.stock.rsa_2048"]) == (5, 4)
    assert values(*file, **variables)["data"] == "variable"
    assert values(*file)["data"] == "file"
    assert values()["data"] == "./certdesk-data"


@pytest.mark.parametrize(
    "text",
    [
        'date = "x"',
        "[keys.stock]\np_384 = 1",
        "[keys]\nstock = 1",
        '[keys.stock]\np_256 = "many"',
        "[http]\nthreads = true",
        "listen = 8080",
        "= 1",
        "listen = '127.0.0.1:0'\nlisten = '127.0.0.1:0'",
    ],
)
def test_a_setting_that_is_unknown_or_wrong_is_refused(tmp_path: Path, text: str) -> None:
    """Exit code 3, and a sentence that names the file or the setting."""
    config = tmp_path / "desk.toml"
    config.write_text(text)
    done = inside("settings", "--config", str(config))
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr.startswith("certdesk: ")


def test_settings_of_parts_to_come_are_taken_with_a_warning(tmp_path: Path) -> None:
    """The contract's settings may be written down before their part of the desk is there."""
    config = tmp_path / "desk.toml"
    config.write_text(
        '[dns]\nresolvers = ["127.0.0.1:53"]\ndnssec = "off"\n'
        "[vetting]\nautomatic = true\n"
        '[proof]\nhttp_port = 80\nallow_networks = ["127.0.0.0/8"]\ninterval = 10\n'
        '[issuer.acme.pebble]\ndirectory = "https://127.0.0.1:14000/dir"\n'
    )
    done = inside("settings", "--config", str(config), CERTDESK_VETTING_AUTOMATIC="1")
    assert done.exit_code == 0
    for name in ("vetting.automatic", "issuer.acme.pebble.directory"):
        assert f"certdesk: {name} has no effect\n" in done.stderr
    assert "certdesk: CERTDESK_VETTING_AUTOMATIC has no effect\n" in done.stderr


def test_a_mistyped_variable_is_told() -> None:
    """It does not pass for a setting in silence; what `certdesk call` reads is none."""
    variables = {"CERTDESK_LISTEN_": "x", "CERTDESK_SECRET_KEY": "x", "CERTDESK_ENDPOINT": "x"}
    done = inside("settings", **variables)
    assert done.stderr == "certdesk: CERTDESK_LISTEN_ has no effect\n"


# --- beside, before and after a server ----------------------------------------------------------


def add_accounts(data: str, count: int) -> list[subprocess.CompletedProcess[str]]:
    """Run `certdesk account add` so many times at once."""
    with ThreadPoolExecutor(count) as threads:
        names = [f"account {number}" for number in range(count)]
        return list(
            threads.map(lambda name: certdesk("account", "add", name, "--data", data), names)
        )


def names_of(data: str) -> list[str]:
    """Give the names of all accounts, in order."""
    return sorted(each["Name"] for each in printed(certdesk("account", "list", "--data", data)))


def test_commands_at_once_without_a_server_take_turns(data: str) -> None:
    """Each opens the folder for itself, and the first of them makes it."""
    added = add_accounts(data, 3)
    assert len({printed(done)["Uin"] for done in added}) == 3
    assert names_of(data) == ["account 0", "account 1", "account 2"]


def test_commands_while_a_server_starts_are_carried_out_once(data: str, tmp_path: Path) -> None:
    """Some come before it, some after; none fails, none is done twice, and it starts."""
    with ThreadPoolExecutor(1) as threads:
        adding = threads.submit(add_accounts, data, 3)
        with serving(tmp_path / "log", "serve", "--data", data, "--listen", "127.0.0.1:0"):
            assert all(printed(done) for done in adding.result())
            assert names_of(data) == ["account 0", "account 1", "account 2"]


def test_commands_while_a_server_ends_are_carried_out_once(data: str, tmp_path: Path) -> None:
    """What the server took in hand it finishes; the rest is done without it."""
    with serving(tmp_path / "log", "serve", "--data", data, "--listen", "127.0.0.1:0") as served:
        with ThreadPoolExecutor(1) as threads:
            adding = threads.submit(add_accounts, data, 6)
            while len(names_of(data)) < 1:
                pass
            served.process.terminate()
            assert all(printed(done) for done in adding.result())
        assert served.process.wait() == 0
    assert names_of(data) == [f"account {number}" for number in range(6)]


def test_commands_work_while_the_desk_is_busy(desk: RunningDesk) -> None:
    """Threads of their own: twelve clients that never rest do not keep the operator out."""
    keys = desk.account()
    ended = threading.Event()

    def work() -> None:
        client = desk.client(keys)
        certificate = client.buy()
        while not ended.is_set():
            client.submit(certificate)

    with ThreadPoolExecutor(12) as threads:
        working = [threads.submit(work) for _ in range(12)]
        try:
            for _ in range(3):
                company = desk.company(desk.account())
                assert desk.certdesk("company", "show", str(company))["Company"]["CompanyId"]
        finally:
            ended.set()
        assert [each.result() for each in working] == [None] * 12


def test_a_long_path_to_the_folder_is_no_obstacle(tmp_path: Path) -> None:
    """A socket's address has 108 bytes at most; the folder's path may have more."""
    folder = tmp_path / ("long " * 30).strip() / "数据"
    added = printed(certdesk("account", "add", "early", "--data", str(folder)))
    with running(folder, settings=NO_RSA_STOCK) as desk:
        assert [each["Name"] for each in desk.certdesk("account", "list")] == ["early"]
        assert desk.client(keys_in(added)).buy()


def test_a_database_elsewhere_is_used_by_server_and_commands(data: str, tmp_path: Path) -> None:
    """`--database` moves the file; key file and socket stay in the folder."""
    options = ["--data", data, "--database", f"sqlite:///{tmp_path / 'elsewhere' / 'desk.db'}"]
    keys = keys_in(printed(certdesk("account", "add", "early", *options)))
    with serving(tmp_path / "log", "serve", *options, "--listen", "127.0.0.1:0") as served:
        assert Client(served.endpoint, keys).buy()
        assert len(printed(certdesk("account", "list", *options))) == 1
    assert (tmp_path / "elsewhere" / "desk.db").is_file()
    assert not (Path(data) / "certdesk.db").exists()


# --- starting and ending ------------------------------------------------------------------------


def test_a_sandbox_tells_its_keys_and_then_that_it_is_ready(tmp_path: Path) -> None:
    """Two lines on stdout, both of use; the folder is gone afterwards (design, part 2)."""
    variables = {"TMPDIR": str(tmp_path)}
    words = ["sandbox", "--listen", "127.0.0.1:0"]
    with serving(tmp_path / "log", *words, variables=variables) as served:
        told, ready = served.lines
        sandbox = json.loads(told)
        assert set(sandbox) == {"SecretId", "SecretKey", "Uin", "Endpoint"}
        assert ready == READY + sandbox["Endpoint"]
        client = Client(served.endpoint, keys_in(sandbox))
        assert client.submit(client.buy())["RequestId"]
        (folder,) = [path for path in tmp_path.iterdir() if path.is_dir()]
        assert names_of(str(folder)) == ["sandbox"]
        served.process.terminate()
        assert served.process.wait() == 0
        assert "SANDBOX" in served.errors.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_a_sandbox_with_a_folder_keeps_it(data: str, tmp_path: Path) -> None:
    """What is in it is there afterwards."""
    with serving(tmp_path / "log", "sandbox", "--data", data, "--listen", "127.0.0.1:0"):
        pass
    assert names_of(data) == ["sandbox"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_in_hand_finish(tmp_path: Path, how: signal.Signals) -> None:
    """Exit code 0, every request that was begun is answered, and no socket is left (row 4)."""
    data, config = str(tmp_path / "data"), tmp_path / "desk.toml"
    config.write_text("[keys]\nmakers = 1\n")
    keys = keys_in(printed(certdesk("account", "add", "a", "--data", data)))
    words = ["serve", "--data", data, "--config", str(config), "--listen", "127.0.0.1:0"]
    slow = {"CsrEncryptAlgo": "RSA", "CsrKeyParameter": "2048"}
    with ThreadPoolExecutor(8) as threads, serving(tmp_path / "log", *words) as served:
        clients = [Client(served.endpoint, keys) for _ in range(8)]
        bought = [client.buy() for client in clients]
        submitting = [
            threads.submit(client.submit, certificate, **slow)
            for client, certificate in zip(clients, bought, strict=True)
        ]
        time.sleep(0.1)
        served.process.send_signal(how)
        assert all(each.result()["RequestId"] for each in submitting)
        assert served.process.wait() == 0
        assert "Traceback" not in served.errors.read_text()
    assert not Path(data, "admin.sock").exists()
    with serving(tmp_path / "log", *words) as served:
        client = Client(served.endpoint, keys)
        assert all(client.detail(each)["CertificatePrivateKey"] for each in bought)


def test_a_server_that_is_told_to_end_while_it_starts_ends(data: str) -> None:
    """However early the signal comes, the next start finds everything in order."""
    for moment in (0.3, 0.7):
        with begun(subprocess.DEVNULL, "serve", "--data", data, "--listen", "127.0.0.1:0"):
            time.sleep(moment)
    assert names_of(data) == []


# --- where it may be reached --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listen", "reason"),
    [
        ("0.0.0.0:0", "plain HTTP is served on loopback only"),
        ("127.0.0.1", "give HOST:PORT"),
        ("127.0.0.1:99999", "give HOST:PORT"),
        ("no.such.host.invalid:1", "cannot be listened on"),
    ],
)
def test_an_address_that_will_not_do_is_refused(data: str, listen: str, reason: str) -> None:
    """Plain HTTP off the loopback above all: exit code 3 and what to do."""
    done = certdesk("serve", "--data", data, "--listen", listen)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("certdesk: listen: ")
    assert reason in done.stderr


def test_an_address_in_use_is_refused(desk: RunningDesk, data: str) -> None:
    """Exit code 3, and the other server is not disturbed."""
    done = certdesk("serve", "--data", data, "--listen", desk.endpoint)
    assert done.returncode == 3
    assert "cannot be listened on" in done.stderr
    assert desk.client().buy()


class Pair:
    """A server's certificate and key in two files, as an operator has them."""

    def __init__(self, folder: Path) -> None:
        """Put the files into `folder`."""
        self.certificate, self.key = folder / "cert.pem", folder / "key.pem"

    @property
    def options(self) -> dict[str, str]:
        """The settings that name them."""
        return {"CERTDESK_TLS_CERT": str(self.certificate), "CERTDESK_TLS_KEY": str(self.key)}

    def make(
        self, encryption: KeySerializationEncryption | None = None
    ) -> tuple[bytes, bytes, int]:
        """Make another pair ; give certificate, key and serial number."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk.example")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([LOOPBACK]), critical=False)
            .sign(key, hashes.SHA256())
        )
        encoded = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
        return certificate.public_bytes(Encoding.PEM), encoded, certificate.serial_number

    def write(self) -> int:
        """Write another pair; give its serial number."""
        certificate, key, serial = self.make()
        self.certificate.write_bytes(certificate)
        self.key.write_bytes(key)
        return serial


def shown(port: int) -> int:
    """Shake hands with a server; give the serial number of the certificate that it shows."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname="desk.example") as secured,
    ):
        encoded = secured.getpeercert(binary_form=True)
    assert encoded is not None
    return x509.load_der_x509_certificate(encoded).serial_number


def test_with_a_certificate_the_desk_is_reached_from_anywhere(data: str, tmp_path: Path) -> None:
    """TLS off the loopback; a changed certificate is loaded in place, half a change is not."""
    pair = Pair(tmp_path)
    first = pair.write()
    words = ["serve", "--data", data, "--listen", "0.0.0.0:0"]
    with serving(tmp_path / "log", *words, variables=pair.options) as served:
        assert served.url.startswith("https://0.0.0.0:")
        port = int(served.url.rpartition(":")[2])
        assert shown(port) == first
        keys = keys_in(printed(certdesk("account", "add", "a", "--data", data)))
        signing = {
            "CERTDESK_SECRET_ID": keys.secret_id,
            "CERTDESK_SECRET_KEY": keys.secret_key,
            "SSL_CERT_FILE": str(pair.certificate),
        }
        endpoint = f"https://127.0.0.1:{port}"
        described = certdesk("call", "DescribeCompanies", "--endpoint", endpoint, variables=signing)
        assert printed(described)["Response"]["TotalCount"] == 0
        certificate, key, second = pair.make()
        pair.certificate.write_bytes(certificate)
        time.sleep(6)
        assert shown(port) == first
        pair.key.write_bytes(key)
        deadline = time.monotonic() + 30
        while shown(port) == first:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert shown(port) == second


def test_a_certificate_that_cannot_be_used_is_told_at_the_start(data: str, tmp_path: Path) -> None:
    """Missing, one file alone, of another key, or encrypted: exit code 3."""
    pair = Pair(tmp_path)
    assert_no_start(data, pair.options)
    assert_no_start(data, {"CERTDESK_TLS_CERT": str(pair.certificate)})
    pair.write()
    other, _, _ = pair.make()
    pair.certificate.write_bytes(other)
    assert_no_start(data, pair.options)
    certificate, key, _ = pair.make(BestAvailableEncryption(b"word"))
    pair.certificate.write_bytes(certificate)
    pair.key.write_bytes(key)
    assert "encrypted" in assert_no_start(data, pair.options)


def assert_no_start(data: str, variables: dict[str, str]) -> str:
    """Try to serve with a certificate; give what is told instead."""
    done = certdesk("serve", "--data", data, "--listen", "0.0.0.0:0", variables=variables)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("certdesk: tls.cert and tls.key ")
    return done.stderr


def test_the_socket_is_the_operators_alone(desk: RunningDesk) -> None:
    """Nobody else can reach the operator's actions, and the API does not have them."""
    assert (desk.folder / "admin.sock").stat().st_mode & 0o777 == 0o600
    with pytest.raises(Exception, match="InvalidAction"):
        desk.client().call("ListAccounts")


def test_what_is_no_request_does_not_disturb_the_socket(desk: RunningDesk) -> None:
    """Junk, endless lines and clients that hang up leave the operator's way in open."""
    for junk in (
        b"",
        b"\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"{}\n",
        b'{"Action": 1}\n',
        b"a" * 2 * MIB,
    ):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(desk.folder / "admin.sock"))
            client.settimeout(20)
            try:
                client.sendall(junk)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
            except ConnectionError:
                pass
    assert desk.certdesk("account", "list")
