"""A desk with a console that a module shares, and one browser for all modules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.acceptance.processes import NO_RSA_STOCK
from tests.console.browsers import chromium
from tests.console.desks import ConsoleDesk
from tests.running import running


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleDesk]:
    """A desk on SQLite."""
    with running(tmp_path_factory.mktemp("console") / "data", settings=NO_RSA_STOCK) as desk:
        yield ConsoleDesk(desk)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, for tests marked `needs("chromium")`."""
    with chromium() as started:
        yield started
