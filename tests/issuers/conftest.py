"""One private CA with all its authorities, for tests that leave it as it is."""

from __future__ import annotations

import pytest

from certdesk.domain.pki.authority import PLANS
from tests.privateca import InsideCa


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> InsideCa:
    """Every authority that there may be; the clock stands at noon."""
    ca = InsideCa(tmp_path_factory.mktemp("whole"))
    for name in PLANS:
        ca.parts.hierarchy.certificate(name)
    return ca


@pytest.fixture
def ca(tmp_path_factory: pytest.TempPathFactory) -> InsideCa:
    """A CA of the test's own, which has made nothing yet."""
    return InsideCa(tmp_path_factory.mktemp("ca"))
