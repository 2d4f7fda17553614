"""Measure the hot paths: `make bench`. Half an hour; a topic takes some minutes.

Each topic has servers of its own, and answers a few questions by ratios.
Everything in a topic takes turns in rounds, and the medians of the rounds
count, so that what else the machine does falls on all alike. Ratios compare
what was measured in one run; the numbers themselves are this machine's.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import structlog
from rich.progress import track

from bench.earlier import BASELINE
from bench.found import Found
from bench.load import Load, client_up
from bench.machine import busy_seconds, cpu_seconds
from bench.report import QUICK, save, show, show_topic
from bench.stage import Options, Stage, Topic, Turn
from bench.topics import TOPICS
from bench.written import write_page

RESULTS = Path(__file__).parents[1] / "bench-results"
ROUNDS, QUICK_ROUNDS = 5, 2


def main() -> int:
    """Measure, show, save; return the exit code."""
    words = parser()
    asked = words.parse_args()
    if asked.quick and asked.write:
        words.error("--quick and --write: numbers that tell nothing do not belong into the page")
    if not Path("/proc/self/schedstat").exists():
        print("The CPU time of a server is read from /proc, which is Linux's alone.")
        return 1
    # Whoever ends the bench ends its servers, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # What desks in this process log would stand between the tables.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))
    RESULTS.mkdir(exist_ok=True)
    options = Options(
        rounds=asked.rounds or (QUICK_ROUNDS if asked.quick else ROUNDS),
        quick=asked.quick,
        million=not asked.no_million,
        moto=not asked.no_moto,
        before=None if asked.no_before else asked.before,
    )
    found = {}
    if asked.quick:
        print(QUICK)
    with client_up() as load:
        for name in asked.only or TOPICS:
            found[name] = measure(TOPICS[name], load, options)
            show_topic(name, found[name])
    show(found, quick=asked.quick)
    print(f"Written to {save(found, RESULTS, quick=asked.quick)}.")
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
    made.add_argument(
        "--no-million", action="store_true", help="`lists` without the million orders"
    )
    made.add_argument("--no-moto", action="store_true", help="`rivals` without moto")
    before = made.add_mutually_exclusive_group()
    before.add_argument(
        "--before",
        metavar="COMMIT",
        default=BASELINE,
        help="compare with the desk of this commit (%(default)s)",
    )
    before.add_argument("--no-before", action="store_true", help="compare with no earlier commit")
    made.add_argument(
        "--rounds",
        type=int,
        help=f"{ROUNDS} by default; `start` measures three times in each",
    )
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
            stage.found.others.append(_others_during(turn))
        return stage.found


def _others_during(turn: Turn) -> float:
    """Take a turn; return the cores that other programs had meanwhile."""
    begin, busy, ours = time.monotonic(), busy_seconds(), cpu_seconds(os.getpid())
    turn()
    others = busy_seconds() - busy - (cpu_seconds(os.getpid()) - ours)
    return max(0.0, others) / (time.monotonic() - begin)


if __name__ == "__main__":
    sys.exit(main())
