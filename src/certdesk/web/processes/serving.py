"""A serving process: it answers requests, and asks its parent for what all processes share."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from certdesk.bootstrap import join_desk
from certdesk.domain.values.record import replace
from certdesk.testing.clock import FileClock
from certdesk.web.admission import OwnGate
from certdesk.web.processes.asking import (
    Parent,
    ParentCounts,
    ParentGate,
    ParentHealth,
    ParentKeys,
    ParentRateLimiter,
    ParentWork,
)
from certdesk.web.processes.messages import Holds, Start
from certdesk.web.server import (
    Server,
    Shared,
    loop_factory,
    request_threads,
    run_server,
    server_of,
    set_url,
)
from certdesk.web.tls import check_tls

LINKS, LINKS_OF_ACCOUNT = "links", "links of an account"
"""The names of the parent's rate limiters."""


def serve_beside(start: Start) -> None:
    """Serve until the parent asks this process to stop, or ends.

    Raises one of `CANNOT_OPEN`.
    """
    settings = start.settings
    # The files may have changed since the parent checked them.
    check_tls(settings)
    servers: list[Server] = []

    def stop() -> None:
        servers[0].stop()

    parent = Parent(stop)
    with (
        socket.socket(fileno=start.listener) as listener,
        socket.socket(fileno=start.channel) as channel,
        request_threads(settings) as threads,
        join_desk(
            settings,
            start.locks,
            clock=FileClock(Path(start.clock_file)) if start.clock_file else None,
            counts=ParentCounts(parent),
            work=ParentWork(parent),
            keys_from=lambda store, vault: ParentKeys(store, vault, parent),
        ) as joined,
    ):
        parent.report(joined.watch.faults)
        own, health = joined.admission, ParentHealth(parent)
        shared = Shared(
            gate=OwnGate(own, threads.requests) if own else ParentGate(parent),
            counts=ParentCounts(parent),
            health=health,
            links=ParentRateLimiter(parent, LINKS),
            links_of_account=ParentRateLimiter(parent, LINKS_OF_ACCOUNT),
        )
        watched = replace(joined.desk, health=health.faults)
        desk = set_url(watched, joined.urls, start.url, settings)
        server = server_of(settings, desk, shared, threads)
        servers.append(server)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            holder = own.holder if own else ""
            runner.run(_run(server, parent, listener, channel, holder))


async def _run(
    server: Server, parent: Parent, listener: socket.socket, channel: socket.socket, holder: str
) -> None:
    await parent.connect(channel)
    parent.tell(Holds(holder))
    await run_server(server, listener, parent.tell_ready)
