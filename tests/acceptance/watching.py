"""Asks a desk how it is, as whoever watches it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import requests
from prometheus_client.parser import text_string_to_metric_families

SECONDS = 60
WELL, RED = 200, 503


class Page(NamedTuple):
    """An answer: its status and its text."""

    status: int
    text: str


def told(url: str, path: str = "/healthz") -> Page:
    """Ask a desk one thing."""
    answer = requests.get(f"{url}{path}", timeout=SECONDS)
    return Page(answer.status_code, answer.text)


def sample(page: str, name: str, **labels: str) -> float | None:
    """Read one value from a page of metrics, None where it is not there."""
    for family in text_string_to_metric_families(page):
        for each in family.samples:
            if each.name == name and each.labels == labels:
                return float(each.value)
    return None


def until(holds: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait for something that comes true soon."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)
