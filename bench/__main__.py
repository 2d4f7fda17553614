"""Measure the hot paths: `make bench`. Not a test: it judges nothing, and takes some minutes.

Desks, a bare application and moto, each in its own process, answer prepared requests of client
processes; the parts of a submission are measured in this process. All take turns in rounds, and
the medians of the rounds count, so that what else the machine does falls on all alike. Ratios
compare what was measured in one run; the numbers themselves are this machine's.

The first run writes a million orders, which takes the longest; later ones find them again.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from pathlib import Path

from rich.progress import track

from bench import layers
from bench.findings import Findings
from bench.load import Load, clients_up
from bench.report import save, show
from bench.scene import RESULTS, Scene
from bench.written import write_page

ROUNDS = 5


def main() -> int:
    """Measure, show, save; give the exit code."""
    asked = _arguments()
    if not Path("/proc/self/schedstat").exists():
        print("The CPU time of a server is read from /proc, which is Linux's alone.")
        return 1
    RESULTS.mkdir(exist_ok=True)
    # Not in /tmp, which may be memory: what is measured has to reach a disk.
    with tempfile.TemporaryDirectory(prefix="data-", dir=RESULTS) as folder, clients_up() as load:
        findings = measure(Path(folder), load, asked)
    show(findings)
    print(f"Written to {save(findings, RESULTS)}.")
    if asked.write:
        write_page(findings)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--no-million", action="store_true", help="leave the million orders out")
    parser.add_argument("--no-moto", action="store_true", help="leave moto out")
    parser.add_argument(
        "--before", metavar="COMMIT", help="measure submissions at this commit in turn with today's"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="%(default)s by default")
    parser.add_argument(
        "--write", action="store_true", help="put the figures into docs/benchmarks.md"
    )
    return parser.parse_args()


def measure(folder: Path, load: Load, asked: argparse.Namespace) -> Findings:
    """Take everything in turns; give the runs of each row and the costs of each part."""
    load_before = os.getloadavg()[0]
    with contextlib.ExitStack() as held:
        log = held.enter_context((folder / "own.log").open("w"))
        scene = Scene(
            folder,
            load,
            held,
            million=not asked.no_million,
            moto=not asked.no_moto,
            before=asked.before,
        )
        for _ in track(range(asked.rounds), "Measuring"):
            scene.take_turns()
        shares = layers.profile(scene.parts.desk, log)
    return Findings(scene.runs, scene.costs, shares, load_before)


if __name__ == "__main__":
    sys.exit(main())
