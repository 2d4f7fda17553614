"""Fixtures of the tests of domain proof."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.proving.sites import Sites, sites


@pytest.fixture
def world() -> Iterator[Sites]:
    """Names and websites to look for files at, and canaries."""
    with sites() as opened:
        yield opened
