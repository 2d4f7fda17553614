"""Measure the hot paths: `make bench`. Half an hour; a topic takes some minutes.

Each topic has servers of its own, and answers a few questions by ratios.
Everything in a topic takes turns in rounds, and the medians of the rounds
count, so that what else the machine does falls on all alike. Ratios compare
what was measured in one run; the numbers themselves are this machine's.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
from pathlib import Path

from rich.progress import track

from bench.earlier import BASELINE
from bench.found import Found
from bench.load import Load, client_up
from bench.report import save, show, show_topic
from bench.stage import Options, Stage, Topic
from bench.topics import TOPICS
from bench.written import write_page

RESULTS = Path(__file__).parents[1] / "bench-results"
ROUNDS, QUICK_ROUNDS = 5, 2


def main() -> int:
    """Measure, show, save; return the exit code."""
    asked = parser().parse_args()
    if not Path("/proc/self/schedstat").exists():
        print("The CPU time of a server is read from /proc, which is Linux's alone.")
        return 1
    # Whoever ends the bench ends its servers, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    RESULTS.mkdir(exist_ok=True)
    options = Options(
        rounds=asked.rounds or (QUICK_ROUNDS if asked.quick else ROUNDS),
        quick=asked.quick,
        million=not asked.no_million,
        moto=not asked.no_moto,
        before=None if asked.no_before else asked.before,
    )
    found = {}
    with client_up() as load:
        for name in asked.only or TOPICS:
            found[name] = measure(TOPICS[name], load, options)
            show_topic(name, found[name])
    show(found)
    print(f"Written to {save(found, RESULTS)}.")
    if asked.write:
        write_page(found)
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what reads the words of the command line."""
    topics = "\n".join(f"  {name:<13}{topic.about}" for name, topic in TOPICS.items())
    made = argparse.ArgumentParser(
        prog="make bench ARGS=…",
        description=__doc__,
        epilog=f"topics:\n{topics}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--only", metavar="TOPIC", action="append", choices=TOPICS, help="measure this; may repeat"
    )
    made.add_argument("--no-million", action="store_true", help="leave the million orders out")
    made.add_argument("--no-moto", action="store_true", help="leave moto out")
    before = made.add_mutually_exclusive_group()
    before.add_argument(
        "--before",
        metavar="COMMIT",
        default=BASELINE,
        help="compare with the desk of this commit (%(default)s)",
    )
    before.add_argument("--no-before", action="store_true", help="compare with no earlier commit")
    made.add_argument("--rounds", type=int, help=f"{ROUNDS} by default")
    made.add_argument(
        "--quick",
        action="store_true",
        help="a few requests, to see that it works: numbers tell nothing",
    )
    made.add_argument(
        "--write", action="store_true", help="put the figures into docs/benchmarks.md"
    )
    return made


def measure(topic: Topic, load: Load, options: Options) -> Found:
    """Start a topic's servers, take its turns, and end them."""
    # Not in /tmp, which may be memory: what is measured has to reach a disk.
    with (
        tempfile.TemporaryDirectory(prefix="data-", dir=RESULTS) as folder,
        contextlib.ExitStack() as held,
    ):
        print(f"{topic.name}: {topic.about} …")
        stage = Stage(RESULTS, Path(folder), load, options, held)
        turn = topic.begin(stage)
        for _ in track(range(options.rounds if topic.repeated else 1), "Measuring"):
            turn()
        return stage.found


if __name__ == "__main__":
    sys.exit(main())
