from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import orders, written
from bench.chart import chart
from bench.findings import Findings, Run
from bench.load import connect, exchange
from bench.rows import FLOOR, ROWS
from bench.servers import echo_up, whole
from certdesk.bootstrap import open_desk
from certdesk.settings import Settings

PARTS = {part for row in ROWS for part in row.parts}
OTHERS = ("prepare", "commit", "first answer", "imports")


@pytest.fixture
def findings() -> Findings:
    """Give three runs of everything, of which the middle one is the median."""
    names = [FLOOR, *(row.name for row in ROWS)]
    runs = {name: [Run(0.004, 0.002), Run(0.001, 0.003), Run(0.009, 0.001)] for name in names}
    return Findings(runs, {part: [3e-4, 1e-4, 2e-4] for part in (*PARTS, *OTHERS)}, {"web": 1}, 0)


def test_medians_are_taken_of_each_number_for_itself(findings: Findings) -> None:
    """The slowest run on the clock need not be the one with the most CPU."""
    assert findings.median("buy") == Run(0.004, 0.002)
    assert findings.floor == pytest.approx(0.0022)


def test_an_aim_that_is_not_reached_is_told_as_such(findings: Findings) -> None:
    """A submission here costs 2000 µs; its parts are 2000 of the floor and 5 of 200 each."""
    aims = {aim.text: aim for aim in findings.aims()}
    submission = aims["submit, RSA CSR: CPU against the sum of its parts"]
    assert submission.found == pytest.approx(2000 / 3000)
    assert submission.reached
    slow = Findings({**findings.runs, "submit, RSA CSR": [Run(1, 1)]}, findings.costs, {}, 0)
    assert not next(aim for aim in slow.aims() if aim.text == submission.text).reached


def test_figures_replace_those_of_before_and_nothing_else(
    findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What people wrote around the marks stays, however often the page is written."""
    page, picture = tmp_path / "page.md", tmp_path / "page.svg"
    page.write_text(f"before\n{written.BEGIN}old{written.END}after\n")
    monkeypatch.setattr(written, "PAGE", page)
    monkeypatch.setattr(written, "CHART", picture)
    written.write_page(findings)
    once = page.read_text()
    written.write_page(findings)
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


def test_the_bare_application_answers() -> None:
    """It is served by the desk's own server, so what a connection needs there it needs here."""
    with echo_up() as (endpoint, _), connect(endpoint) as line:
        body, closes = exchange(line, whole({"Host": endpoint}, b"{}"))
    assert b"RequestId" in body
    assert not closes


def test_orders_are_added_to_those_that_are_there(tmp_path: Path) -> None:
    """A run that was interrupted is gone on with, on the same account."""
    keys = orders.with_orders(tmp_path, 3)
    assert orders.with_orders(tmp_path, 5) == keys
    with open_desk(Settings(data=str(tmp_path))) as opened:
        kept = opened.desk.store.read(lambda unit: unit.orders.where(uin=keys.uin))
    assert sorted(order.domain or "" for order in kept) == [orders.name(n) for n in range(5)]
