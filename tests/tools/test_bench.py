from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import dns.message
import pytest
from rich.console import Console

from bench import orders, written
from bench.__main__ import parser
from bench.chart import chart
from bench.found import Aim, Found, Run
from bench.load import client_up
from bench.machine import ALL, asking, serving
from bench.names import answer
from bench.report import COLUMNS, QUICK, aims, tables
from bench.servers import echo_up, whole
from bench.tables import FLOOR, aims_table
from bench.topics import TOPICS, submission
from certdesk.bootstrap import open_desk
from certdesk.settings import Settings

ROOT = Path(__file__).parents[2]
OTHERS = ("check: of a kind that has a long name, with words", "prepare", "commit")


@pytest.fixture
def found() -> Found:
    """Three runs of every row of a submission, of which the middle one is the median."""
    made = Found()
    rows = (*submission.ROWS, *submission.EMPTY)
    for name in (*(row.name for row in rows), FLOOR, submission.BEFORE):
        made.runs[name] = [Run(0.004, 0.002), Run(0.001, 0.003), Run(0.009, 0.001)]
    for name in (*(part for row in rows for part in row.parts), *OTHERS):
        made.costs[name] = [3e-4, 1e-4, 2e-4]
    made.shares = {"a/place/with/a/long/name": 1.0}
    return made


def test_medians_are_taken_of_each_number_for_itself(found: Found) -> None:
    """The slowest run on the clock need not be the one with the most CPU."""
    assert found.median("buy") == Run(0.004, 0.002)


def test_an_aim_is_the_median_of_the_rounds_and_not_of_its_two_sides(found: Found) -> None:
    """A submission costs 2, 3 and 1 ms; its parts as much, and 5 of 0.3, 0.1 and 0.2 ms."""
    text = "submit, RSA CSR: CPU ÷ its parts"
    (aim,) = (aim for aim in aims({"submission": found}) if aim.text == text)
    assert aim.found == pytest.approx([2 / 3.5, 3 / 3.5, 1 / 2])
    assert aim.middle == pytest.approx(2 / 3.5)
    assert aim.reached


def test_an_aim_that_is_not_reached_is_told_as_such() -> None:
    """By its median alone, whichever way it goes."""
    assert not Aim("a", [1, 3, 9], 2).reached
    assert Aim("a", [1, 3, 9], 2, at_least=True).reached


def test_tables_are_no_wider_than_a_screen(found: Found) -> None:
    """With nothing cut off, however long the names are."""
    screen = io.StringIO()
    console = Console(file=screen, width=COLUMNS, highlight=False)
    for table in tables({"submission": found}):
        console.print(table)
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= COLUMNS
    assert "…" not in screen.getvalue()


def test_the_help_is_no_wider_than_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names every topic."""
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    told = parser().format_help()
    assert max(map(len, told.splitlines())) <= COLUMNS
    assert all(f"\n  {name} " in told for name in TOPICS)


def test_figures_replace_those_of_before_and_nothing_else(
    found: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What people wrote around the marks stays, however often the page is written."""
    page, picture = tmp_path / "page.md", tmp_path / "page.svg"
    page.write_text(f"before\n{written.BEGIN}old{written.END}after\n")
    monkeypatch.setattr(written, "PAGE", page)
    monkeypatch.setattr(written, "CHART", picture)
    written.write_page({"submission": found})
    once = page.read_text()
    written.write_page({"submission": found})
    assert page.read_text() == once
    assert once.startswith("before\n")
    assert once.endswith("after\n")
    assert "old" not in once
    assert "| buy | 250 | 2000 |" in once
    assert ET.parse(picture).getroot().tag.endswith("svg")  # noqa: S314 -- written just now


def test_bars_are_as_long_as_their_logarithms() -> None:
    """From 10 to 100 is as far as from 100 to 1000."""
    drawing = chart("a < b", {"a": (10, "floor"), "b": (100, "desk"), "c": (1000, "other")})
    ends = [float(end) for end in re.findall(r'<path d="M\d+ \d+H([\d.]+)v', drawing)]
    assert ends[2] - ends[1] == pytest.approx(ends[1] - ends[0], abs=0.2)


def test_clients_have_other_cores_than_servers_where_there_are_others() -> None:
    """And all of them where the servers have every core."""
    assert serving() | asking() == ALL
    assert len(serving()) == 1
    assert asking(len(ALL)) == serving(len(ALL)) == ALL


def test_the_client_asks_the_bare_application_and_keeps_the_order_of_the_answers() -> None:
    """It is served by the desk's own server, so what a connection needs there it needs here."""
    with echo_up() as echo, client_up() as load:
        request = whole({"Host": echo.of.endpoint}, b"{}")
        sent = load.run(echo.of.endpoint, [request] * 5, connections=2)
        slow = load.run(echo.of.endpoint, [request] * 3, pace=10)
    assert len(sent.bodies) == len(sent.waits) == 5
    assert all(b"RequestId" in body for body in sent.bodies)
    assert slow.seconds >= 0.2


def test_a_topic_is_measured_from_end_to_end() -> None:
    """With few requests, which are told to tell nothing; `make slow` does so for all topics."""
    words = [sys.executable, "-m", "bench", "--only", "memory", "--quick"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Written to " in done.stdout
    assert done.stdout.splitlines()[0] == QUICK
    assert done.stdout.count(QUICK) == 2
    assert "Aims" not in done.stdout
    assert "microseconds a request" not in done.stdout
    assert "of one core meanwhile" in done.stdout
    assert "a new database was made" not in done.stdout + done.stderr


def test_a_quick_run_is_not_written_into_the_page() -> None:
    """Its numbers would stand there as measured ones."""
    words = [sys.executable, "-m", "bench", "--quick", "--write"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "--quick and --write" in done.stderr) == (2, True)


def test_a_ratio_shows_on_which_side_of_its_aim_it_is() -> None:
    """0.03 at most would be missed by 0.03."""
    (row,) = zip(
        *(column.cells for column in aims_table([Aim("a", [0.034], 0.03)]).columns), strict=True
    )
    assert row == ("a", "0.034", "", "≤ 0.03", "no")


def test_orders_are_added_to_those_that_are_there(tmp_path: Path) -> None:
    """A run that was interrupted is gone on with, on the same account."""
    keys = orders.with_orders(tmp_path, 3)
    assert orders.with_orders(tmp_path, 5) == keys
    with open_desk(Settings(data=str(tmp_path))) as opened:
        kept = opened.desk.store.read(lambda unit: unit.orders.where(uin=keys.uin))
    assert sorted(order.domain or "" for order in kept) == [orders.name(n) for n in range(5)]


@pytest.mark.parametrize(("kind", "expected"), [("TXT", ['"a"']), ("CAA", []), ("A", [])])
def test_the_name_server_answers_with_what_it_was_told(kind: str, expected: list[str]) -> None:
    """Of other types there is nothing at any name; the case of a question's letters is kept."""
    known = {b"_dnsauth.shop.example.com": [b"a"], b"shop.example.com": [b"b"]}
    query = dns.message.make_query("_dnsauth.SHOP.example.com", kind, use_edns=True)
    response = dns.message.from_wire(answer(query.to_wire(), known))
    assert query.is_response(response)
    texts = [record.to_text() for records in response.answer for record in records]
    assert texts == expected
