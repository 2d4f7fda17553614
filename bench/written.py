"""The findings in the documentation: `docs/benchmarks.md`, between its marks, and its chart."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from bench.chart import chart
from bench.findings import Findings
from bench.parts import GENERATING
from bench.report import BUSY, about, hint, tables
from bench.rows import FLOOR, MOTO

DOCS = Path(__file__).parents[1] / "docs"
PAGE, CHART = DOCS / "benchmarks.md", DOCS / "benchmarks.svg"
BEGIN, END = "<!-- figures: make bench ARGS=--write -->\n", "<!-- end of figures -->\n"
TITLE = "CPU of the server for a request, in microseconds (logarithmic)"


def write_page(findings: Findings) -> None:
    """Put the figures into the page, in place of those of before, and draw the chart."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{_figures(findings)}{END}{after}", "utf-8")
    CHART.write_text(chart(TITLE, dict(_bars(findings))), "utf-8")


def _bars(findings: Findings) -> list[tuple[str, tuple[float, str]]]:
    floor = [(FLOOR, findings.part(FLOOR)), ("floor: with insert", findings.floor)]
    rows = [(row.name, findings.median(row.name).cpu) for row in findings.rows]
    others = [(name, findings.part(name)) for name in findings.costs if name in GENERATING]
    if MOTO in findings.runs:
        others.append((MOTO, findings.median(MOTO).cpu))
    kinds = {"floor": floor, "desk": rows, "other": others}
    return [
        (name, (1_000_000 * seconds, kind))
        for kind, bars in kinds.items()
        for name, seconds in bars
    ]


def _figures(findings: Findings) -> str:
    parts = [about(findings), *map(_markdown, tables(findings)), hint(findings)]
    if findings.busy:
        parts.append(BUSY)
    return "\n" + "\n\n".join(parts) + "\n\n"


def _markdown(table: Table) -> str:
    columns = [[str(column.header), *map(str, column.cells)] for column in table.columns]
    heading, *rows = zip(*columns, strict=True)
    rule = ["---", *("---:" for _ in columns[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heading, rule, *rows))
