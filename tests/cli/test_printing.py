"""What commands print: nothing that a terminal obeys, and nothing that could be a secret."""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click
import click.testing
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import certdesk.cli
from certdesk.cli import logs, printing
from certdesk.cli.main import certdesk as program
from certdesk.domain.values.visible import unseen
from tests.cli.test_hostile_texts import leaves

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
    "module",
    # `streams` makes the output, and prints nothing.
    [path for path in MODULES if path.stem not in {"printing", "streams"}],
    ids=lambda path: path.stem,
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


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table."""
    printing.table(columns, rows, nothing="Nothing.")


def test_a_table_obeys_no_markup_and_no_escape() -> None:
    """Cells are told as they are, without what shows nothing, and not without end."""
    shown = printed(table, ("[b]Id", "About"), [(HOSTILE, "x" * 5000)])
    assert "[/x]" in shown
    assert [each for each in OBEYED if each in shown] == []
    assert shown.count("x") < 600


@given(
    st.lists(
        st.lists(st.text("abé中-. ", max_size=90), min_size=4, max_size=4), min_size=1, max_size=4
    ),
    st.integers(20, 200),
)
def test_a_table_fits_the_terminal_and_cuts_nothing(rows: list[list[str]], width: int) -> None:
    """A row takes several lines there; longer than the terminal is only what is so by itself."""
    rows = [["id", *row] for row in rows]
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("COLUMNS", str(width))
        shown = printed(table, ("Id", "One", "Two", "Three", "Four"), rows)
    lines = shown.splitlines()
    for cell in (cell for row in rows for cell in row):
        assert any(cell.rstrip() in line for line in lines)
    for line in lines:
        assert cell_len(line) <= width or line.strip() in {c.strip() for row in rows for c in row}


@pytest.mark.parametrize(
    ("since", "told"),
    [
        ("2026-03-01T12:00:00Z", "0 min"),
        ("2026-03-01T11:00:30Z", "59 min"),
        ("2026-02-28T12:01:00Z", "23 h"),
        ("2026-01-01T12:00:00Z", "59 d"),
        ("2026-03-01T13:00:00Z", "0 min"),
        (None, ""),
    ],
)
def test_an_age_is_told_in_the_largest_unit_that_fits(since: str | None, told: str) -> None:
    """A clock that was put back makes nothing younger than new."""
    assert printing.age(since, "2026-03-01T12:00:00Z") == told


def test_a_table_without_rows_says_so() -> None:
    """And not the names of columns that have nothing in them."""
    assert printed(table, ("Id", "About"), []) == "Nothing.\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "koi8-r", "gb18030", "utf-8"])
def test_any_encoding_can_show_any_text(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it lacks is escaped, and a program still reads the very text."""
    text = "Büro 中文 Ω 😀"
    for command, values in (
        (printing.show, ({"Text": text},)),
        (printing.say, (text,)),
        (printing.styled, (text, "bold")),
        (table, (("Name",), [(text,)])),
    ):
        raw = io.BytesIO()
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding, errors="strict"))
        command(*values)
        shown = raw.getvalue().decode(encoding)
        if command is printing.show:
            assert json.loads(shown) == {"Text": text}
        assert unseen(shown.replace("\n", "")) is None
        assert shown.isascii() or encoding != "ascii"


def test_every_help_can_be_shown_anywhere() -> None:
    """In ASCII: click writes it, and would send UTF-8 to a terminal of another encoding."""
    for command in leaves(program):
        done = click.testing.CliRunner().invoke(program, [*command.split(), "--help"])
        assert (command, done.exit_code, done.output.isascii()) == (command, 0, True)


@pytest.mark.parametrize("width", [40, 80])
def test_no_summary_of_a_command_is_cut(width: int) -> None:
    """The list of commands is what a person chooses from; a long line goes on below."""
    groups = {command.rpartition(" ")[0] for command in leaves(program)}
    for group in groups:
        words = [*group.split(), "--help"]
        done = click.testing.CliRunner().invoke(program, words, terminal_width=width)
        assert (group, done.exit_code, "..." in done.output.replace("[ARGS]...", "")) == (
            group,
            0,
            False,
        )


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
    done = click.testing.CliRunner().invoke(program, ["order", "sho"])
    assert 'No such command "sho".' in done.output


def test_a_group_without_a_command_still_shows_its_help() -> None:
    """As click does it."""
    done = click.testing.CliRunner().invoke(program, ["person"])
    assert "Personal data" in done.output
