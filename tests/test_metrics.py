"""That no series of the figures is born with its first event."""

from __future__ import annotations

import itertools
import re
from typing import get_args

from prometheus_client.parser import text_string_to_metric_families

from certdesk.bootstrap import actions
from certdesk.bootstrap.watching import figures
from certdesk.domain.operation.figures import Counted
from certdesk.domain.orders.renewal import WARNED_BEFORE, Kind
from certdesk.domain.orders.steps import Step, Wait
from certdesk.domain.validation.challenge import ProofKind
from certdesk.domain.validation.rate_limit import CAA
from certdesk.engine import OF_EVERY_ACTION
from certdesk.metrics.counters import Metrics
from tests.pasting import ROOT

Series = tuple[str, frozenset[tuple[str, str]]]
DECLARING = (
    "metrics/gauges.py",
    "metrics/prometheus.py",
    "domain/operation/figures.py",
)


def series(metrics: Metrics) -> dict[Series, float]:
    """Read every series with its value."""
    families = text_string_to_metric_families(metrics.page().decode())
    samples = (sample for family in families for sample in family.samples)
    return {(each.name, frozenset(each.labels.items())): each.value for each in samples}


def ask(metrics: Metrics) -> None:
    """Count a request for each answer that an action declares."""
    for action in (each for each in actions() if not each.internal):
        for code in ("ok", "InternalError", *(error.code for error in action.errors)):
            metrics.request(action.name, code, 0.1)
        for error in OF_EVERY_ACTION:
            metrics.request(action.name, error.code, 0.1)
    metrics.request("made up", "InvalidAction", 0.1)


def work(metrics: Metrics) -> None:
    """Count each thing that the background work does."""
    for step, result in itertools.product(get_args(Step), ("done", "overtaken", "failed")):
        if step is not Wait:
            metrics.count(Counted.STEPS, kind=step.__name__, result=result)
    for kind, result in itertools.product([*ProofKind, CAA], ("good", "bad", "unanswered")):
        metrics.count(Counted.CHECKS, kind=kind, result=result)
    for successor in Kind:
        metrics.count(Counted.RENEWALS, kind=successor.value)
    for days in WARNED_BEFORE:
        metrics.count(Counted.WARNINGS, days=str(days))
    metrics.wrote(0.1)


def test_every_series_is_there_from_the_start_and_begins_at_none() -> None:
    """An alert on an increase does not see a counter that is born as 1."""
    metrics = figures(actions())
    born = series(metrics)
    assert set(born.values()) == {0.0}

    ask(metrics)
    work(metrics)

    after = series(metrics)
    assert after.keys() == born.keys()
    assert sum(after.values()) > 0


def test_the_guide_explains_every_figure() -> None:
    """And names none that the desk does not have."""
    guide = (ROOT / "docs" / "guide" / "watch.md").read_text("utf-8")
    table = guide.partition("\n## Figures\n")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^\| `certdesk_(\w+?)(?:_total)?` \|", table, re.MULTILINE))
    sources = [(ROOT / "src" / "certdesk" / name).read_text("utf-8") for name in DECLARING]
    declared = set(re.findall(r'"certdesk_(\w+)"', "".join(sources)))
    assert explained == declared
