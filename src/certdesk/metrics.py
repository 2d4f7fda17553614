"""What the desk counts and measures, as Prometheus reads it: of nothing that names a tenant."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from certdesk.domain.errors import ServiceError
from certdesk.domain.keys import KeyKind
from certdesk.ports import Clock, Store, Unit

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
WRITE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
OTHER = "other"
"""Stands for names that strangers make up, of which there may be any number."""


class Metrics:
    """`ports.Counts` in a registry of its own, and what is measured when somebody asks."""

    def __init__(self, actions: Iterable[str]) -> None:
        """Count requests of `actions` by name, and of all others together."""
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
        self._steps = Counter(
            "certdesk_steps",
            "Steps of the background work on orders, by kind and result.",
            ["kind", "result"],
            registry=registry,
        )
        self._renewals = Counter(
            "certdesk_renewals",
            "Certificates that the desk had succeeded by itself.",
            ["kind"],
            registry=registry,
        )
        self._warnings = Counter(
            "certdesk_warnings",
            "Warnings of certificates that end without a successor, by days before their end.",
            ["days"],
            registry=registry,
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
        known = code if code == "ok" or code in ServiceError.known else OTHER
        self._requests.labels(named, known).inc()
        self._seconds.labels(named).observe(seconds)

    def step(self, kind: str, result: str) -> None:
        """Count a step; see `ports.Counts`."""
        self._steps.labels(kind, result).inc()

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


class Standing(Collector):
    """What stands in the database and in stock at the time that somebody asks."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        stock: Callable[[], Mapping[KeyKind, int]],
        faults: Callable[[], list[str]],
    ) -> None:
        """Ask these."""
        self._store = store
        self._clock = clock
        self._stock = stock
        self._faults = faults

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
        with contextlib.suppress(Exception):
            yield from self._store.read(self._kept)

    def _kept(self, unit: Unit) -> list[Metric]:
        aside = GaugeMetricFamily(
            "certdesk_orders_set_aside", "Orders on which the work failed again and again."
        )
        aside.add_metric([], unit.tasks.count(set_aside=True))
        age = GaugeMetricFamily(
            "certdesk_crl_age_seconds", "Time since a CRL was made.", labels=["authority"]
        )
        now = self._clock.now()
        for each in unit.revocation_lists.where():
            age.add_metric([each.authority], (now - each.made_at).total_seconds())
        return [aside, age]
