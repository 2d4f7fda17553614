"""Every parser that a request can reach has worst cases, and none takes many steps on them."""

from __future__ import annotations

import contextlib
import sys
from types import FrameType

import pytest

from certdesk.parsing.jobs import PARSERS
from tests.costs import APART, OWN, WORST
from tests.costs_kinds import Case
from tests.parsers import parsers

MOST_CALLS = 120_000
"""Of functions, the library's included: some ten milliseconds."""

MORE_CALLS = {"domain.orders.submission.judge": 350_000}
"""Short ones, in twenty milliseconds: `idna` goes through a label once for each Arabic digit."""


def test_every_parser_has_worst_cases_or_a_reason_for_none() -> None:
    """A new function that reads text needs a line in `tests/costs.py`."""
    known = WORST.keys() | APART.keys() | OWN.keys()
    assert [name for name in parsers() if name not in known] == []
    assert len(parsers()) > 90


def test_what_runs_in_other_processes_is_measured_as_a_whole() -> None:
    """Each kind of job has worst cases."""
    assert set(APART.values()) == PARSERS.keys()


def calls(case: Case) -> int:
    """Count the calls that one case makes."""
    count = 0

    def note(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        with contextlib.suppress(Exception):
            case.call()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("name", sorted(WORST.keys() - set(APART.values())))
def test_the_worst_takes_few_steps(name: str) -> None:
    """What one call holds the interpreter for is counted in `tests/slow/test_costs.py`."""
    counts = {case.name: calls(case) for case in WORST[name]()}
    assert counts
    most = MORE_CALLS.get(name, MOST_CALLS)
    assert max(counts.values()) <= most, max(counts, key=lambda each: counts[each])
