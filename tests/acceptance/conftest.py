"""A desk, and a folder without one, for tests of the program that need no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.processes import NO_RSA_STOCK
from tests.running import RunningDesk, running


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk that the module shares."""
    with running(tmp_path_factory.mktemp("operator") / "data", settings=NO_RSA_STOCK) as desk:
        yield desk


@pytest.fixture
def data(tmp_path: Path) -> str:
    """A folder without a desk."""
    return str(tmp_path / "data")
