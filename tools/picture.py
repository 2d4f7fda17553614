"""Draw `docs/demo.svg`: a terminal after `make demo`, from a run of it, without some details.

Nothing of this machine is in the picture: the lines that name its folders are left out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from html import escape, unescape
from pathlib import Path

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "demo.svg"
DETAILED = (9, 12, 14)
"""The steps of the demo whose lines are shown below their headings."""
WIDTH = 100
SIZE, ADVANCE, LEADING, MARGIN = 14, 8.5, 20, 16
INK = {"[": "#ffffff", "$": "#7fd1b9", ">": "#7fd1b9", "": "#c3c9d3"}
"""The colour of a line by how it begins: a heading, a command, a call of the API, anything else."""


def demo() -> str:
    """Run the demo; return what it prints where there is no terminal."""
    program = Path(sys.executable).with_name("certdesk")
    done = subprocess.run([program, "demo"], check=True, capture_output=True, text=True)
    return done.stdout


def shown(printed: str) -> list[str]:
    """Choose the lines of the picture from what the demo printed."""
    lines, step = ["$ make demo"], 0
    for line in printed.splitlines():
        if heading := re.match(r"\[(\d+)/", line):
            step = int(heading[1])
        if line.strip() and (heading or step in DETAILED):
            lines.append(re.sub(r"^(All \d+ steps worked, in \S+ s\.).*", r"\1", line.rstrip()))
    return [line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…" for line in lines]


def drawn(lines: list[str]) -> str:
    """Draw lines as a terminal shows them."""
    width = round(WIDTH * ADVANCE) + 2 * MARGIN
    height = len(lines) * LEADING + 2 * MARGIN
    rows = [
        f'<text x="{MARGIN + ADVANCE * indent(line):g}" y="{MARGIN + LEADING * (number + 0.7):g}"'
        f"{look(line)}>{escape(line.strip())}</text>"
        for number, line in enumerate(lines)
    ]
    text = "\n".join(rows)
    size = f'width="{width}" height="{height}"'
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size} role="img"
 font-family="ui-monospace, Menlo, Consolas, monospace" font-size="{SIZE}">
<title>A terminal: make demo orders, validates and verifies certificates</title>
<rect {size} rx="8" fill="#1c2027"/>
{text}
</svg>
"""


def look(line: str) -> str:
    """Return the attributes of a line: its colour, and bold for a heading."""
    colour = INK.get(line.strip()[:1], INK[""])
    return f' fill="{colour}"' + (' font-weight="bold"' if line.startswith("[") else "")


def indent(line: str) -> int:
    """Return how many blanks a line begins with."""
    return len(line) - len(line.lstrip())


def read(picture: str) -> list[str]:
    """Return the lines that a picture shows."""
    return [
        " " * round((float(left) - MARGIN) / ADVANCE) + unescape(line)
        for left, line in re.findall(r'<text x="([\d.]+)"[^>]*>([^<]*)</text>', picture)
    ]


if __name__ == "__main__":
    PICTURE.write_text(drawn(shown(demo())), "utf-8")
