"""The counters of the desk's own work: each one is declared here, once.

The metrics page follows from the declaration. Gauges that are read on request, and the counts of
API requests, whose codes come from the catalog, are in `metrics/counters.py`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import get_args

from certdesk.domain.orders.renewal import WARNED_BEFORE, Kind
from certdesk.domain.orders.steps import Step, Wait
from certdesk.domain.validation.challenge import ProofKind
from certdesk.domain.validation.rate_limit import CAA


class Counted(enum.Enum):
    """A counter: its name for Prometheus, what it counts, and the values of each of its labels."""

    STEPS = (
        "certdesk_steps",
        "Steps of the background work on orders, by kind and result.",
        {
            "kind": [kind.__name__ for kind in get_args(Step) if kind is not Wait],
            "result": ["done", "overtaken", "failed"],
        },
    )
    CHECKS = (
        "certdesk_looks",
        "Checks of other people's servers for validation and CAA, by kind and result.",
        # `unanswered`: no answer came that can be relied on.
        {"kind": [*ProofKind, CAA], "result": ["good", "bad", "unanswered"]},
    )
    RENEWALS = (
        "certdesk_renewals",
        "Successors that the desk made by itself, by kind.",
        {"kind": [kind.value for kind in Kind]},
    )
    WARNINGS = (
        "certdesk_warnings",
        "Warnings of certificates that expire without a successor, by days left.",
        {"days": [str(days) for days in WARNED_BEFORE]},
    )
    PROCESSES_ENDED = (
        "certdesk_serving_processes_ended",
        "Serving processes that ended although the desk did not, by how.",
        # `silence`: it did not answer, and was killed.
        {"how": ["status", "signal", "silence"]},
    )

    def __init__(self, figure: str, explanation: str, labels: Mapping[str, Iterable[str]]) -> None:
        """Declare a counter."""
        self.figure = figure
        self.explanation = explanation
        self.labels = labels
