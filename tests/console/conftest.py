"""Desks with a console and a browser, which a module shares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser

from tests.acceptance.processes import NO_RSA_STOCK
from tests.console.browsers import chromium
from tests.console.desks import ConsoleDesk, console_in

if TYPE_CHECKING:
    from tests.postgres import Cluster


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleDesk]:
    """A desk on SQLite."""
    with console_in(tmp_path_factory.mktemp("console"), NO_RSA_STOCK) as started:
        yield started


@pytest.fixture(scope="module")
def console_on_postgres(
    tmp_path_factory: pytest.TempPathFactory, postgres: Cluster
) -> Iterator[ConsoleDesk]:
    """A desk on PostgreSQL with two serving processes; a test of it `needs("postgres")`."""
    settings = f'database = "{postgres.database()}"\nhttp.workers = 2\n{NO_RSA_STOCK}'
    with console_in(tmp_path_factory.mktemp("shared"), settings) as started:
        yield started


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))]
)
def any_console(request: pytest.FixtureRequest) -> ConsoleDesk:
    """The one and then the other."""
    name = "console" if request.param == "sqlite" else "console_on_postgres"
    desk: ConsoleDesk = request.getfixturevalue(name)
    return desk


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for tests marked `needs("chromium")`.

    While it runs, no other event loop can run in the process.
    """
    with chromium() as started:
        yield started
