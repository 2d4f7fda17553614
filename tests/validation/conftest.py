"""Fixtures of the tests of domain proof."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from certdesk.world.nameserver import NameServer, nameserver
from tests.validation.dnslab import DnsLab, dns_lab
from tests.validation.sites import Sites, sites


@pytest.fixture
def world() -> Iterator[Sites]:
    """Names and websites to look for files at, and canaries."""
    with sites() as opened:
        yield opened


@pytest.fixture(scope="session")
def lab() -> Iterator[DnsLab]:
    """Signed zones and resolvers, for tests marked `needs` with nsd and unbound."""
    with dns_lab() as started:
        yield started


@pytest.fixture
def names() -> Iterator[NameServer]:
    """A name server that says what a test tells it to."""
    with nameserver() as started:
        yield started
