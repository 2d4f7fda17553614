"""The findings in the documentation: `docs/benchmarks.md`, between its marks, and its chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.table import Table

from bench.chart import chart
from bench.found import Found
from bench.report import about, notes, tables
from bench.tables import FLOOR

DOCS = Path(__file__).parents[1] / "docs"
PAGE, CHART = DOCS / "benchmarks.md", DOCS / "benchmarks.svg"
BEGIN, END = "<!-- figures: make bench ARGS=--write -->\n", "<!-- end of figures -->\n"
TITLE = "CPU of the server for a request, in microseconds (logarithmic)"
DRAWN = ("submission", "lists", "rivals")
"""The topics whose rows are bars."""


def write_page(found: Mapping[str, Found]) -> None:
    """Put the figures into the page, in place of those of before, and draw the chart."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{_figures(found)}{END}{after}", "utf-8")
    CHART.write_text(chart(TITLE, dict(_bars(found))), "utf-8")


def _bars(found: Mapping[str, Found]) -> Iterator[tuple[str, tuple[float, str]]]:
    for topic in DRAWN:
        for name in found[topic].runs if topic in found else ():
            kind = "floor" if name == FLOOR else "other" if topic == "rivals" else "desk"
            yield name, (1_000_000 * found[topic].median(name).cpu, kind)


def _figures(found: Mapping[str, Found]) -> str:
    parts = [about(found), *map(_markdown, tables(found)), *notes(found)]
    return "\n" + "\n\n".join(parts) + "\n\n"


def _markdown(table: Table) -> str:
    columns = [[str(column.header), *map(str, column.cells)] for column in table.columns]
    heading, *rows = zip(*columns, strict=True)
    rule = ["---", *("---:" for _ in columns[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heading, rule, *rows))
