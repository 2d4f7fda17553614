"""Every topic of the bench runs to its end; what it finds with so few requests tells nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.topics import TOPICS

ROOT = Path(__file__).parents[2]
BESIDE = {
    "lists": ("postgres",),
    "postgres": ("postgres",),
    "rivals": ("pebble", "caddy"),
    "workers": ("postgres",),
}
"""The programs that a topic measures; without them it leaves something out."""


@pytest.mark.parametrize(
    "topic",
    [
        pytest.param(name, marks=[pytest.mark.needs(each) for each in BESIDE.get(name, ())])
        for name in TOPICS
    ],
)
def test_a_topic_runs_to_its_end(topic: str) -> None:
    """And compares something with something."""
    check_that_they_run(topic)


def test_a_topic_leaves_nothing_that_the_next_one_stumbles_over() -> None:
    """One that profiles the desk in the process of the bench, and one that opens a desk there."""
    check_that_they_run("submission", "certificate")


def check_that_they_run(*topics: str) -> None:
    """Run topics one after the other, to their end."""
    chosen = [word for topic in topics for word in ("--only", topic)]
    words = [sys.executable, "-m", "bench", "--quick", *chosen]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("these numbers tell nothing") == 2
    assert "Written to " in done.stdout
