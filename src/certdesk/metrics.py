"""What the desk counts and measures for Prometheus; no series names a tenant."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from certdesk.domain.errors import ServiceError
from certdesk.domain.operation.census import Census, WaitsFor
from certdesk.domain.operation.figures import Counted
from certdesk.domain.values.keys import KeyKind
from certdesk.ports import Clock, Store, Unit

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
WRITE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
OK = "ok"
OTHER = "other"
"""Replaces names that clients make up, of which there may be any number."""

OF_ANY_ACTION = tuple(
    code for code in ServiceError.known if code.startswith("Auth") or "." not in code
)
"""The error codes that no action declares."""


class Metrics:
    """Implements `ports.Counts` with a registry of its own, and measures when it is scraped.

    Every series that can be named in advance starts at 0: Prometheus does not count a counter that
    first appears with a 1 as an increase.
    """

    def __init__(self, actions: Mapping[str, Iterable[str]]) -> None:
        """Count requests of `actions` by name, each with the codes that it declares.

        Requests for any other name are counted together.
        """
        # Prometheus does not use the creation time of a series, which doubles the page.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations
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
        self._counters = {counted: self._counter(counted) for counted in Counted}
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

    def count(self, counted: Counted, **labels: str) -> None:
        """Count something; see `ports.Counts`."""
        self._counters[counted].labels(**labels).inc()

    def wrote(self, seconds: float) -> None:
        """Record how long the probe's write took."""
        self._writes.observe(seconds)

    def measure(self, collector: Collector) -> None:
        """Add what is measured at the time of a scrape to the page."""
        self._registry.register(collector)

    def page(self) -> bytes:
        """Return the page in Prometheus's text format, `CONTENT_TYPE`."""
        return generate_latest(self._registry)

    def _counter(self, counted: Counted) -> Counter:
        """Return a counter with a series for each combination of its label values."""
        counter = Counter(
            counted.figure, counted.explanation, list(counted.labels), registry=self._registry
        )
        for values in itertools.product(*counted.labels.values()):
            counter.labels(*values)
        return counter


class DeskGauges(Collector):
    """Counts in the database and the key stock, read at the time of a scrape."""

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
        """Read these; `going` returns the work that runs, `answering` the resolvers that answer."""
        self._store = store
        self._clock = clock
        self._stock = stock
        self._faults = faults
        self._census = census
        self._going = going
        self._answering = answering

    def describe(self) -> Iterable[Metric]:
        """Return no metrics, so that registering does not read the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Measure; if the database cannot be read, its values are left out."""
        yield _one("certdesk_well", "1 if /healthz answers 200, else 0.", not self._faults())
        yield _each(
            "certdesk_keys_ready",
            "Keys in stock, by kind.",
            "kind",
            {kind.name: number for kind, number in self._stock().items()},
        )
        yield _each(
            "certdesk_background_work",
            "1 if background work makes progress, else 0.",
            "work",
            self._going(),
        )
        yield _each(
            "certdesk_resolver_answers",
            "1 if a resolver answers, else 0.",
            "resolver",
            self._answering(),
        )
        with contextlib.suppress(Exception):
            yield from [*self._store.read(self._kept), *_counted(self._census())]

    def _kept(self, unit: Unit) -> list[Metric]:
        now, lists = self._clock.now(), unit.revocation_lists.where()
        ages = {each.authority: (now - each.made_at).total_seconds() for each in lists}
        return [_each("certdesk_crl_age_seconds", "Time since a CRL was made.", "authority", ages)]


def _one(name: str, explanation: str, value: float) -> Metric:
    """Return a metric with one value; true and false become 1 and 0."""
    family = GaugeMetricFamily(name, explanation)
    family.add_metric([], value)
    return family


def _each(name: str, explanation: str, label: str, values: Mapping[str, float]) -> Metric:
    """Return a metric with one value for each label."""
    family = GaugeMetricFamily(name, explanation, labels=[label])
    for each, value in values.items():
        family.add_metric([each], value)
    return family


def _counted(census: Census) -> Iterator[Metric]:
    """Yield the metrics of a census."""
    yield _one(
        "certdesk_orders_set_aside",
        "Orders whose work failed repeatedly.",
        census.waiting[WaitsFor.OPERATOR],
    )
    yield _each(
        "certdesk_orders_waiting",
        "Orders that wait, by what they wait for.",
        "reason",
        {wait.value: number for wait, number in census.waiting.items()},
    )
    yield _each(
        "certdesk_work_late_seconds",
        "How long the oldest work has been due without being started, by kind.",
        "work",
        {work: census.late_seconds(work) for work in census.due},
    )
    yield _each(
        "certdesk_days_left",
        "Days until the first one of a kind expires.",
        "what",
        {ending: census.days_left(ending) for ending in census.ends},
    )
