"""The mount point of the console.

The console is built with the first request for it: a start would take a tenth longer with Jinja2
and the pages.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from certdesk.domain.values.record import Record

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from certdesk.catalog import Catalog
    from certdesk.engine import Desk
    from certdesk.ports import Store
    from certdesk.settings import Settings
    from certdesk.web.edge import Edge
    from certdesk.web.thread_pool import ThreadPool

ROOT = "/console"
STATIC = Path(__file__).parent / "static"
VENDOR = ("hx-csp.min.js", "htmx.min.js", "pico.min.css")
"""What tools/assets.py puts into `static/vendor/`."""

log = structlog.get_logger()


class Premises(Record, kw_only=True, gc=True):
    """What the console is built on.

    `threads` serve people who are signed in, and `strangers` those who sign in, so that guesses of
    passwords keep nobody else waiting. `providers` wait for providers of OpenID Connect, so that a
    slow one keeps nobody waiting who signs in without it.
    """

    desk: Desk
    catalog: Catalog
    settings: Settings
    edge: Edge
    threads: ThreadPool
    strangers: ThreadPool
    providers: ThreadPool


class ConsoleDoor:
    """The console as an ASGI application."""

    def __init__(self, premises: Premises) -> None:
        """Build nothing yet."""
        self._premises = premises
        self._built: asyncio.Future[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the first one builds the console."""
        if self._built is None:
            self._built = self._premises.threads.run(_build, self._premises)
        # One visitor who leaves must not cancel it for the others.
        console = await asyncio.shield(self._built)
        await console(scope, receive, send)


def is_for_console(path: str) -> bool:
    """Return whether a path is one of the console's."""
    return path == ROOT or path.startswith(f"{ROOT}/")


def log_missing_assets() -> None:
    """Log which styles and scripts the package lacks; pages work without them."""
    missing = [name for name in VENDOR if not (STATIC / "vendor" / name).is_file()]
    if missing:
        log.warning(
            "the console has no styles and scripts, and shows plain pages",
            missing=missing,
            remedy="make venv, or install certdesk from a wheel",
        )


def log_missing_staff(store: Store) -> None:
    """Log how to open the console while there are no people of the staff."""
    if not store.read(lambda unit: unit.people.count(uin="", enabled=True)):
        log.info(
            "nobody can sign in to the console yet",
            remedy="certdesk staff invite NAME --role operator",
        )


def _build(premises: Premises) -> ASGIApp:
    from certdesk.web.console.app import Console  # noqa: PLC0415 -- see the top of this module

    return Console(premises)
