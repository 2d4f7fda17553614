"""The operator's commands: what they print, refuse and explain, and the settings they read."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from certdesk.cli import main
from certdesk.settings import DECLARATIONS
from tests.acceptance.processes import certdesk, keys_in, printed
from tests.running import COMPANY, MANAGER, RunningDesk

MIB = 1024 * 1024
SECRET = "dGhpcnR5LXR3byBieXRlcyBvZiBhIHNlY3JldCBrZXk="


def inside(*words: str, **variables: str) -> Result:
    """Run a command in this process, which is ten times as fast; what it raises comes out here."""
    clean: dict[str, str | None] = {name: None for name in os.environ if "CERTDESK" in name}
    runner = CliRunner(env=clean | variables)
    return runner.invoke(main.certdesk, words, prog_name="certdesk", catch_exceptions=False)


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
    use_logins(run, mine)
    company = printed(run("company", "add", "-", *mine, text=json.dumps(COMPANY)))["CompanyId"]
    assert printed(run("company", "list", *mine))[0]["CompanyId"] == company
    assert printed(run("company", "show", str(company)))["Uin"] == keys.uin
    manager = json.dumps(MANAGER)
    added = printed(run("manager", "add", manager, *mine, "--company", str(company)))
    assert printed(run("manager", "list", *mine))[0]["ManagerId"] == added["ManagerId"]
    assert printed(run("manager", "show", str(added["ManagerId"])))["CompanyId"] == company
    use_zones(run, mine)
    assert printed(run("vault", "status"))["KeyEncryption"]["provider"] == "local keyset"
    assert printed(run("blocklist", "status"))["TotalCount"] == 0
    assert printed(run("settings"))[0]["Name"] == "data"


def use_zones(run: Callable[..., subprocess.CompletedProcess[str]], mine: tuple[str, str]) -> None:
    """Use the commands of zones once; nobody is asked whether the zone can be changed."""
    with tempfile.NamedTemporaryFile("w") as key:
        key.write(f'key "desk" {{ algorithm hmac-sha256; secret "{SECRET}"; }};')
        key.flush()
        given = ("--server", "127.0.0.1:53", "--key-file", key.name, "--unchecked")
        added = printed(run("zone", "add", "example.com", *mine, *given))
    its = {"server": "127.0.0.1:53", "key_name": "desk", "algorithm": "hmac-sha256"}
    assert (added["Zone"], added["Settings"], added["Tried"]) == ("example.com", its, False)
    assert printed(run("zone", "list", *mine))[0]["Settings"] == its
    assert printed(run("zone", "remove", "example.com", *mine))["Zone"] == "example.com"
    assert printed(run("zone", "list", "--json")) == []


def use_logins(run: Callable[..., subprocess.CompletedProcess[str]], mine: tuple[str, str]) -> None:
    """Use the commands of people who sign in to the console once; invitations print a link."""
    printed(run("user", "add", "erin", *mine))
    login = f"erin@{mine[1]}"
    invited = run("user", "invite", "erin", *mine)
    assert (invited.stdout.count("\n"), invited.stderr) == (1, "")
    invited = run("staff", "invite", "Ann 张", "--role", "auditor")
    assert (invited.stdout.count("\n"), invited.stderr) == (1, "")
    assert printed(run("user", "logins", *mine))[0]["Login"] == login
    assert "Ann 张" in [each["Login"] for each in printed(run("staff", "list"))]
    assert printed(run("staff", "show", "ann 张"))["Person"]["Role"] == "auditor"
    assert login in printed(run("staff", "link", "Ann 张", login))["Linked"]
    assert printed(run("user", "link", login, "uid:1000"))["Login"] == login
    assert printed(run("user", "unlink", login, "uid:1000"))["Login"] == login
    assert printed(run("staff", "unlink", "Ann 张", login))["Linked"] == []
    assert printed(run("user", "reset-second-step", login))["Sessions"] == 0
    assert printed(run("staff", "reset-second-step", "Ann 张"))["Sessions"] == 0
    assert printed(run("user", "end", login))["SecretIds"] == []
    assert printed(run("staff", "end", "Ann 张"))["Login"] == "Ann 张"


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
    """One line on stdout, nothing on stderr, exit code 0."""
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
        ["zone", "list", "--uin", "100000000000"],
        ["zone", "remove", "example.com", "--uin", "100000000000"],
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
    assert "the request is too large" in done.stderr


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
OF_NO_DESK = ("call", "demo", "world")
"""Commands that open no desk of the operator's."""


@pytest.mark.parametrize(
    ("words", "command"), EVERY_COMMAND, ids=[" ".join(words) for words, _ in EVERY_COMMAND]
)
def test_every_command_explains_itself(words: list[str], command: click.Command) -> None:
    """`--help` has a sentence on the command and one on each option."""
    shown = command.get_help(click.Context(command, info_name=" ".join(words)))
    assert command.help is not None
    assert command.help.partition("\n\n")[0].endswith(".")
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert [each.name for each in options if not each.help] == []
    assert "--help" in shown
    if words[0] not in OF_NO_DESK and not isinstance(command, click.Group):
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


# --- settings -----------------------------------------------------------------------------------


def values(*words: str, **variables: str) -> dict[str, object]:
    """Give what `certdesk settings` prints."""
    done = inside("settings", *words, **variables)
    assert done.exit_code == 0, done.stderr
    return {each["Name"]: each["Value"] for each in json.loads(done.stdout)}


def test_every_setting_is_shown_with_its_explanation() -> None:
    """Name, value, default, variable and help of each."""
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


def test_a_variable_names_the_file_where_no_option_does(tmp_path: Path) -> None:
    """CERTDESK_CONFIG, which the help of the option names; a file that is not there is told."""
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text('data = "first"\n')
    second.write_text('data = "second"\n')
    assert values(CERTDESK_CONFIG=str(first))["data"] == "first"
    assert values("--config", str(second), CERTDESK_CONFIG=str(first))["data"] == "second"
    assert values(CERTDESK_CONFIG=str(first), CERTDESK_DATA="variable")["data"] == "variable"
    assert values(CERTDESK_CONFIG="")["data"] == "./certdesk-data"
    assert "CERTDESK_CONFIG" in inside("serve", "--help").stdout
    missing = inside("settings", CERTDESK_CONFIG=str(tmp_path / "third.toml"))
    assert (missing.exit_code, missing.stdout) == (3, "")
    assert "third.toml cannot be read" in missing.stderr


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
        '[proof]\nhttp_port = 80\nallow_networks = ["127.0.0.0/8"]\ninterval = 10\n'
        '[issuer.acme.pebble]\ndirectory = "https://127.0.0.1:14000/dir"\n'
    )
    done = inside("settings", "--config", str(config), CERTDESK_ISSUER_ACME_PEBBLE_CA_FILE="ca")
    assert done.exit_code == 0
    for name in ("issuer.acme.pebble.directory", "CERTDESK_ISSUER_ACME_PEBBLE_CA_FILE"):
        assert f"certdesk: {name} has no effect\n" in done.stderr


def test_a_mistyped_variable_is_told() -> None:
    """It does not pass for a setting in silence; what `certdesk call` reads is none."""
    variables = {"CERTDESK_LISTEN_": "x", "CERTDESK_SECRET_KEY": "x", "CERTDESK_ENDPOINT": "x"}
    variables |= {"CERTDESK_CONFIG": ""}
    done = inside("settings", **variables)
    assert done.stderr == "certdesk: CERTDESK_LISTEN_ has no effect\n"


@pytest.mark.parametrize(
    "command",
    [
        "account list",
        "order move LrmeMvQr --to 100000000001",
        "orders",
        "person export ada@example.com",
        "review list",
    ],
)
def test_where_there_is_no_desk_none_is_made_by_looking_for_something(
    tmp_path: Path, command: str
) -> None:
    """As where a path was mistyped: an empty list would mislead."""
    data = tmp_path / "elsewhere"
    done = inside(*command.split(), "--data", str(data))
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr == (
        f"certdesk: there is no desk in {data}: name the right folder with --data, or make a "
        "desk with certdesk serve or certdesk account add\n"
    )
    assert not data.exists()


def test_a_person_has_to_be_named(tmp_path: Path) -> None:
    """Be it in the first line of standard input, which here has none."""
    done = inside("person", "export", "--phone", "--data", str(tmp_path))
    assert done.exit_code == 2
    assert (
        "EMAIL is missing. Use it, or put a value in the first line of standard input."
    ) in done.stderr
