"""What people read at a terminal: help that fits, lists as tables, one thing as its members."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from certdesk.cli import main as cli
from tests.actions.submitting import COMPANY
from tests.cli.test_orders import at_terminal
from tests.running import NO_KEYS_AHEAD, RunningDesk, running


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Name the command, and all that are in it."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*path, name))


ALL = list(commands(cli.certdesk))
JSON = {("ca", "show"), ("order", "show"), ("settings",), ("products",), ("orders",)}
"""Commands that show things under other names, or in a form of their own."""


def help_of(path: tuple[str, ...]) -> str:
    """Read the help of a command at 80 columns."""
    done = CliRunner().invoke(cli.certdesk, [*path, "--help"], env={"COLUMNS": "80"})
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_fits_a_terminal(path: tuple[str, ...]) -> None:
    """No line is longer than it is wide, a list of choices neither."""
    assert [line for line in help_of(path).splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(
    "path",
    sorted({path for path in ALL if path[-1:] in (("list",), ("show",))} | JSON),
    ids=" ".join,
)
def test_whatever_is_shown_to_people_is_there_as_json_too(path: tuple[str, ...]) -> None:
    """Also at a terminal."""
    assert re.search(r"^ +--json ", help_of(path), re.MULTILINE)


# --- a desk --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk with an order that waits for people."""
    with running(tmp_path_factory.mktemp("readable") / "desk", settings=NO_KEYS_AHEAD) as started:
        yield started


@pytest.fixture(scope="module")
def order(desk: RunningDesk) -> str:
    """An OV order, with a manager whom nobody knows yet."""
    client = desk.client()
    bought = client.buy(18)
    client.submit(bought, **{name: value for name, value in COMPANY.items() if value is not None})
    client.call("CertificateOrderSubmit", CertId=bought)
    return bought


def test_a_list_is_a_table_and_json_when_it_is_asked_for(desk: RunningDesk, order: str) -> None:
    """Here of accounts; the operator's other lists go the same way."""
    assert order
    table = at_terminal(desk, "account", "list", variables={"COLUMNS": "80"}).splitlines()
    (account,) = json.loads(at_terminal(desk, "account", "list", "--json"))
    assert table[0].split() == ["Uin", "Name", "Enabled", "Verified", "Opened"]
    assert table[2].split()[:2] == [account["Uin"], account["Name"]]
    assert "yes" in table[2]
    assert at_terminal(desk, "user", "list", "--uin", account["Uin"]) == "No users.\r\n"


def test_what_is_to_be_vetted_reads_as_names_and_values(desk: RunningDesk, order: str) -> None:
    """The company, the people and the order under their headings; a time has its zone."""
    shown = at_terminal(desk, "review", "show", f"order:{order}", variables={"TZ": "Europe/Berlin"})
    lines = [line.rstrip() for line in shown.splitlines()]
    for heading in ("Company", "Manager", "Contact", "Order"):
        assert heading in lines
    told = json.loads(at_terminal(desk, "review", "show", f"order:{order}", "--json"))
    its = lines[lines.index("Company") + 1 : lines.index("Manager")]
    assert f"  Name       {told['Company']['CompanyName']}" in its
    assert f"  Phone      {told['Company']['CompanyPhone']}" in its
    assert "  Id number  -" in its
    assert re.search(r"^Since +[0-9-]{10} [0-9:]{8} CES?T\r$", shown, re.MULTILINE)


def test_that_nobody_asked_is_said_where_something_is_looked_at_all_the_same(
    desk: RunningDesk, order: str
) -> None:
    """Beside the output, and only there."""
    done = desk.run("review", "show", f"revocation:{order}")
    assert "it does not wait for a decision" in done.stderr
    assert json.loads(done.stdout)["Since"] is None
    assert desk.run("review", "show", f"order:{order}").stderr == ""


def test_a_wrong_value_is_told_with_the_rule(desk: RunningDesk) -> None:
    """So that whoever mistyped sees what came."""
    for words, text in (
        (("review", "show", "5"), 'key:SPKI, not "5".'),
        (("review", "show", "order:"), "key:SPKI, not a text of 6 characters."),
        (
            ("order", "show", "ZadwtbbX"),
            "There is no such order. The name was a text of 8 characters",
        ),
        (("review", "show", "manager:99"), "There is no manager 99."),
        (("orders", "--status", "99"), "Status: must be 0 to 15, not 99."),
        (("orders", "--ending", "30"), 'for hours, days or weeks, not "30"'),
    ):
        done = desk.run(*words)
        assert done.returncode in (1, 2)
        assert text in " ".join(done.stderr.split())
