"""An authority that signs, for tests of rules about what it signs."""

from __future__ import annotations

import pytest

from certdesk.domain.pki.authority import ECC_ISSUING, Source
from tests.privateca import InsideCa


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """An issuing CA for ECC keys."""
    return InsideCa(tmp_path_factory.mktemp("gate")).parts.hierarchy.source(ECC_ISSUING)
