"""The page of all metrics, as Prometheus reads it; only this module imports prometheus_client."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

if TYPE_CHECKING:
    from certdesk.metrics.counters import Metrics, Timings
    from certdesk.metrics.gauges import Gauge


class _Collected(Collector):
    """What the library writes to a page."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def page(metrics: Iterable[Metric]) -> bytes:
    """Return the page in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(_Collected(list(metrics)))
    return generate_latest(registry)


def counted(metrics: Metrics) -> Iterator[Metric]:
    """Yield what was counted and timed so far."""
    requests = CounterMetricFamily(
        "certdesk_requests",
        "Requests of the API, by action and by code of the answer.",
        labels=["action", "code"],
    )
    for names, number in metrics.requests.items():
        requests.add_metric(names, number)
    yield requests
    seconds = HistogramMetricFamily(
        "certdesk_request_seconds",
        "Time from the head of a request to its answer.",
        labels=["action"],
    )
    for action, timings in metrics.seconds.items():
        _add(seconds, [action], timings)
    yield seconds
    for each, series in metrics.counts.items():
        counter = CounterMetricFamily(each.figure, each.explanation, labels=list(each.labels))
        for values, number in series.items():
            counter.add_metric(values, number)
        yield counter
    writes = HistogramMetricFamily(
        "certdesk_database_write_seconds",
        "Time of the small write that the desk makes every five seconds.",
        labels=[],
    )
    _add(writes, [], metrics.writes)
    yield writes


def measured(gauge: Gauge) -> Metric:
    """Return what was measured."""
    labels = [gauge.label] if gauge.label else []
    family = GaugeMetricFamily(gauge.name, gauge.explanation, labels=labels)
    for name, value in gauge.values.items():
        family.add_metric([name] if labels else [], value)
    return family


def _add(family: HistogramMetricFamily, labels: list[str], timings: Timings) -> None:
    bounds = map(floatToGoString, timings.bounds)
    sums = map(float, itertools.accumulate(timings.counts))
    family.add_metric(labels, list(zip(bounds, sums, strict=True)), timings.sum)
