"""What the desk counts and measures, as Prometheus reads it: of nothing that names a tenant."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from certdesk.domain.census import Census
from certdesk.domain.census import Wait as Waiting
from certdesk.domain.errors import ServiceError
from certdesk.domain.keys import KeyKind
from certdesk.domain.pacing import CAA
from certdesk.domain.proof import ProofKind
from certdesk.domain.renewal import WARNED_BEFORE, Kind
from certdesk.domain.steps import Step, Wait
from certdesk.ports import Clock, Store, Unit

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
WRITE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
OK = "ok"
OTHER = "other"
"""Stands for names that strangers make up, of which there may be any number."""

OF_ANY_ACTION = tuple(
    code for code in ServiceError.known if code.startswith("Auth") or "." not in code
)
"""The codes of refusals that no action declares."""


class Metrics:
    """`ports.Counts` in a registry of its own, and what is measured when somebody asks.

    Every series that can be named ahead is there from the start, at 0: a counter that first shows
    with a 1 has not grown as far as Prometheus can tell.
    """

    def __init__(self, actions: Mapping[str, Iterable[str]]) -> None:
        """Count requests of `actions` by name, each with the codes that it declares.

        All other names are counted together.
        """
        # When a series began says nothing that Prometheus uses, and doubles the page.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it says no types
        self._actions = frozenset(actions)
        registry = self._registry = CollectorRegistry()
        self._requests = Counter(
            "certdesk_requests",
            "Requests of the API, by action and by code of the answer.",
            ["action", "code"],
            registry=registry,
        )
        self._seconds = Histogram(
            "certdesk_request_seconds",
            "Time from the head of a request to its answer.",
            ["action"],
            registry=registry,
            buckets=REQUEST_SECONDS,
        )
        for action, codes in {**actions, OTHER: ()}.items():
            self._seconds.labels(action)
            for code in {OK, OTHER, *OF_ANY_ACTION, *codes}:
                self._requests.labels(action, code)
        self._steps = self._counter(
            "certdesk_steps",
            "Steps of the background work on orders, by kind and result.",
            kind=[kind.__name__ for kind in get_args(Step) if kind is not Wait],
            result=["done", "overtaken", "failed"],
        )
        self._looks = self._counter(
            "certdesk_looks",
            "Looks at other people's servers for proofs and CAA records, by kind and result.",
            kind=[*ProofKind, CAA],
            result=["good", "bad", "unanswered"],
        )
        self._renewals = self._counter(
            "certdesk_renewals",
            "Certificates that the desk had succeeded by itself.",
            kind=[kind.value for kind in Kind],
        )
        self._warnings = self._counter(
            "certdesk_warnings",
            "Warnings of certificates that end without a successor, by days before their end.",
            days=map(str, WARNED_BEFORE),
        )
        self._writes = Histogram(
            "certdesk_database_write_seconds",
            "Time of the small write that the desk makes every five seconds.",
            registry=registry,
            buckets=WRITE_SECONDS,
        )

    def request(self, action: str, code: str, seconds: float) -> None:
        """Count a request of the API; see `ports.Counts`."""
        named = action if action in self._actions else OTHER
        known = code if code == OK or code in ServiceError.known else OTHER
        self._requests.labels(named, known).inc()
        self._seconds.labels(named).observe(seconds)

    def step(self, kind: str, result: str) -> None:
        """Count a step; see `ports.Counts`."""
        self._steps.labels(kind, result).inc()

    def look(self, kind: str, result: str) -> None:
        """Count a look; see `ports.Counts`."""
        self._looks.labels(kind, result).inc()

    def renewal(self, kind: str) -> None:
        """Count a renewal; see `ports.Counts`."""
        self._renewals.labels(kind).inc()

    def warning(self, days: int) -> None:
        """Count a warning; see `ports.Counts`."""
        self._warnings.labels(str(days)).inc()

    def wrote(self, seconds: float) -> None:
        """Note how long the probe's write took."""
        self._writes.observe(seconds)

    def measure(self, collector: Collector) -> None:
        """Put what is measured at the time of asking onto the page too."""
        self._registry.register(collector)

    def page(self) -> bytes:
        """Write all of it in Prometheus's text format, `CONTENT_TYPE`."""
        return generate_latest(self._registry)

    def _counter(self, name: str, explanation: str, **labels: Iterable[str]) -> Counter:
        """Make a counter, with a series for each combination of the values of its labels."""
        counter = Counter(name, explanation, list(labels), registry=self._registry)
        for values in itertools.product(*labels.values()):
            counter.labels(*values)
        return counter


class Standing(Collector):
    """What stands in the database and in stock at the time that somebody asks."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        stock: Callable[[], Mapping[KeyKind, int]],
        faults: Callable[[], list[str]],
        census: Callable[[], Census],
        going: Callable[[], Mapping[str, bool]],
        answering: Callable[[], Mapping[str, bool]],
    ) -> None:
        """Ask these; `going` tells which background work goes on, `answering` which resolvers."""
        self._store = store
        self._clock = clock
        self._stock = stock
        self._faults = faults
        self._census = census
        self._going = going
        self._answering = answering

    def describe(self) -> Iterable[Metric]:
        """Name nothing ahead: the database need not be asked for that."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Measure; what is in a database that cannot be read is left out."""
        well = GaugeMetricFamily("certdesk_well", "1 where /healthz answers 200, else 0.")
        well.add_metric([], 0 if self._faults() else 1)
        yield well
        keys = GaugeMetricFamily("certdesk_keys_ready", "Keys in stock, by kind.", labels=["kind"])
        for kind, number in self._stock().items():
            keys.add_metric([kind.name], number)
        yield keys
        yield _each(
            "certdesk_background_work",
            "1 where background work goes on, else 0.",
            "work",
            self._going(),
        )
        yield _each(
            "certdesk_resolver_answers",
            "1 where a resolver answers, else 0.",
            "resolver",
            self._answering(),
        )
        with contextlib.suppress(Exception):
            yield from [*self._store.read(self._kept), *_counted(self._census())]

    def _kept(self, unit: Unit) -> list[Metric]:
        age = GaugeMetricFamily(
            "certdesk_crl_age_seconds", "Time since a CRL was made.", labels=["authority"]
        )
        now = self._clock.now()
        for each in unit.revocation_lists.where():
            age.add_metric([each.authority], (now - each.made_at).total_seconds())
        return [age]


def _each(name: str, explanation: str, label: str, holds: Mapping[str, bool]) -> Metric:
    """Measure whether something holds of each of some things."""
    family = GaugeMetricFamily(name, explanation, labels=[label])
    for each, well in holds.items():
        family.add_metric([each], 1 if well else 0)
    return family


def _counted(census: Census) -> Iterator[Metric]:
    """Measure what a census says."""
    aside = GaugeMetricFamily(
        "certdesk_orders_set_aside", "Orders on which the work failed again and again."
    )
    aside.add_metric([], census.waiting[Waiting.OPERATOR])
    yield aside
    waiting = GaugeMetricFamily(
        "certdesk_orders_waiting", "Orders that wait, by what they wait for.", labels=["reason"]
    )
    for reason, number in census.waiting.items():
        waiting.add_metric([reason], number)
    yield waiting
    late = GaugeMetricFamily(
        "certdesk_work_late_seconds",
        "How long the oldest work has been due that was not taken up, by kind.",
        labels=["work"],
    )
    for work in census.due:
        late.add_metric([work], census.late_seconds(work))
    yield late
    days = GaugeMetricFamily(
        "certdesk_days_left", "Days until the first end of a kind.", labels=["what"]
    )
    for ending in census.ends:
        days.add_metric([ending], census.days_left(ending))
    yield days
