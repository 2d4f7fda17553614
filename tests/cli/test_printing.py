"""What commands print: nothing that a terminal obeys, and nothing that could be a secret."""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Callable
from pathlib import Path

import click
import click.testing
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

import certdesk.cli
from certdesk.cli import logs, printing
from certdesk.cli.main import certdesk as program
from certdesk.domain.visible import unseen

MODULES = sorted(Path(certdesk.cli.__file__).parent.glob("*.py"))
PRINTS = {"echo", "secho", "style", "prompt", "confirm", "echo_via_pager", "progressbar", "pause"}
HOSTILE = (
    "[/x] [red]a\x1b[2J\x1b]0;t\x07\rb\u202ec\u200bd\U000e0041e\u2800f\x9bg\nh" + "\u0301" * 40
)
OBEYED = ("\x1b", "\r", "\x07", "\x9b", "\u202e", "\u200b", "\U000e0041", "\u2800", "\u0301" * 9)


def prints(node: ast.AST) -> list[str]:
    """Name what a node has to do with printing."""
    match node:
        case ast.Import() | ast.ImportFrom() if "rich" in ast.unparse(node).split(".")[0].split():
            return ["rich"]
        case ast.ImportFrom(module="click", names=names):
            return [each.name for each in names if each.name in PRINTS]
        case ast.Attribute(value=ast.Name(id="click"), attr=name) if name in PRINTS:
            return [f"click.{name}"]
        case ast.Attribute(value=ast.Name(id="sys"), attr="stdout"):
            return ["sys.stdout"]
        case ast.Call(func=ast.Name(id="print")):
            return ["print"]
    return []


@pytest.mark.parametrize(
    "module", [path for path in MODULES if path.stem != "printing"], ids=lambda path: path.stem
)
def test_no_other_module_of_the_commands_prints_by_itself(module: Path) -> None:
    """Neither with rich nor with click's printing nor with Python's own."""
    nodes = ast.walk(ast.parse(module.read_text("utf-8")))
    assert [name for node in nodes for name in prints(node)] == []


@given(st.text(max_size=200))
def test_whatever_is_printed_is_on_one_line_and_can_be_seen(text: str) -> None:
    """The line that is said, and the JSON that is shown; a program reads the same text from it."""
    said, shown = printed(printing.say, text), printed(printing.show, {"Text": text})
    for line in (said, shown):
        assert line.endswith("\n")
        assert line[:-1].isprintable()
        assert unseen(line[:-1]) is None
    assert json.loads(shown) == {"Text": text}


def printed(command: Callable[..., None], *values: object) -> str:
    """Give what a function prints."""
    runner = click.testing.CliRunner()

    @click.command()
    def run() -> None:
        command(*values)

    return runner.invoke(run, []).output


def test_a_table_obeys_no_markup_and_no_escape() -> None:
    """Cells are told as they are, without what shows nothing, and not without end."""
    shown = printed(printing.table, ("[b]Id", "About"), [(HOSTILE, "x" * 5000)])
    assert "[/x]" in shown
    assert [each for each in OBEYED if each in shown] == []
    assert shown.count("x") < 400


def test_a_styled_line_obeys_nothing_either() -> None:
    """Of what stands in it."""
    shown = printed(printing.styled, HOSTILE, "bold")
    assert "[/x] [red]a" in shown
    assert [each for each in OBEYED if each in shown.replace("\x1b[1m", "")] == []


def test_a_log_for_people_shows_fields_and_exceptions_as_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both have what tenants wrote in them; JSON escapes it anyway."""
    err = io.StringIO()
    monkeypatch.setattr("sys.stderr", err)
    before = structlog.get_config()
    try:
        for form in ("console", "json"):
            logs.log_to_stderr("info", form)
            log = structlog.get_logger()
            log.warning("told", reason=HOSTILE, values=[HOSTILE])
            try:
                int(HOSTILE)
            except ValueError:
                log.exception("failed")
    finally:
        structlog.configure(**before)
    text = err.getvalue()
    assert text.count("ValueError") >= 2
    assert [each for each in OBEYED if each in text] == []


@pytest.mark.parametrize(
    ("words", "secret"),
    [
        (["person", "export", "a@example.com", "110101199003077758"], "110101199003077758"),
        (["call", "DescribeCompanies", "{}", "Corr3ct-Horse"], "Corr3ct-Horse"),
        (
            ["company", "add", '{"IdNumber": "91440300708461136T"', "--uin", "1"],
            "91440300708461136T",
        ),
        (["call", "X", "{}", "--endpoint", "http://user:Corr3ct@h ost"], "Corr3ct"),
        (["person", "110101199003077758"], "110101199003077758"),
        (["Corr3ct-Horse"], "Corr3ct-Horse"),
        (["account", "limit", "1", "X", "Corr3ct-Horse"], "Corr3ct-Horse"),
        (["order", "revoke", "1", "--reason", "Corr3ct-Horse"], "Corr3ct-Horse"),
        (["company", "show", "\x1b[2J"], "\x1b"),
        (["order", "\u202eshow"], "\u202e"),
    ],
)
def test_wrong_usage_is_told_without_the_words_that_have_no_place(
    words: list[str], secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may be secrets, or pasted from a tenant."""
    monkeypatch.setenv("CERTDESK_SECRET_ID", "AKID")
    monkeypatch.setenv("CERTDESK_SECRET_KEY", "x")
    done = click.testing.CliRunner().invoke(program, words)
    assert done.exit_code in (2, 3)
    assert secret not in done.output


def test_a_mistyped_command_is_told() -> None:
    """A word is no secret."""
    done = click.testing.CliRunner().invoke(program, ["order", "shwo"])
    assert 'No such command "shwo".' in done.output


def test_a_group_without_a_command_still_shows_its_help() -> None:
    """As click does it."""
    done = click.testing.CliRunner().invoke(program, ["person"])
    assert "Personal data" in done.output
