"""The server: it listens, reports that it is ready, and shuts down gracefully."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import structlog
import uvicorn

from certdesk.bootstrap import OpenDesk, actions
from certdesk.domain.values.addresses import with_port
from certdesk.domain.values.record import Record, replace
from certdesk.engine import Desk
from certdesk.issuers.urls import PublicUrls
from certdesk.ports import Counts
from certdesk.settings import Settings, SettingsError
from certdesk.web.admin import admin_socket, group_of
from certdesk.web.admission import Gate, OwnGate
from certdesk.web.api import Api
from certdesk.web.app import application
from certdesk.web.connections.acceptor import Acceptor
from certdesk.web.connections.acceptor import Rules as AcceptRules
from certdesk.web.connections.listening import listen, make_room_for_files, networks_of
from certdesk.web.connections.protocol import LimitedProtocol
from certdesk.web.connections.seats import SeatLimits, Seats
from certdesk.web.console.door import ConsoleDoor, Premises, log_missing_assets, log_missing_staff
from certdesk.web.downloads import LINKS_FROM, Downloads, LinkLimiter, LinkRateLimits
from certdesk.web.edge import MINUTE, Edge, edge_of
from certdesk.web.gcra import RateLimiter
from certdesk.web.health import DeskHealth, Health, Watch
from certdesk.web.rate_limits import Limits
from certdesk.web.steps import Steps
from certdesk.web.thread_pool import ThreadPool
from certdesk.web.tls import renew_certificate

if TYPE_CHECKING:
    from starlette.types import ASGIApp

IDLE_SECONDS = 75
GRACE_SECONDS = 25
STRANGERS_THREADS = 2
"""The threads for work before the caller is known, and for public pages."""

CONSOLE_THREADS = 2
SIGN_IN_THREADS = 2
PROVIDER_THREADS = 2

TICKS_A_SECOND = 10
"""The ticks of uvicorn's loop in a second."""

NEW_OBJECTS = 10_000
"""How many more containers than now exist when the garbage collector looks for cycles among them.

Concurrent requests hold a few hundred, and few become part of a cycle.
"""

HSTS = ("strict-transport-security", "max-age=31536000")
"""Sent with every answer under TLS: browsers then use only TLS for this name for a year."""


STOPPING = "the desk is stopping, after the requests in progress"

log = structlog.get_logger()


class Shared(Record, kw_only=True, gc=True):
    """What all processes that serve a desk share: of this process, or of its parent.

    `links` and `links_of_account` limit downloads by one link, and by all links of an account.
    """

    gate: Gate
    counts: Counts
    health: Health
    links: LinkLimiter
    links_of_account: LinkLimiter


def serve(settings: Settings, opened: OpenDesk, ready: Callable[[str], None]) -> None:
    """Serve until a signal arrives; `ready` is called with the URL once the server answers.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    make_room_for_files(settings.connections)
    log_missing_assets()
    log_missing_staff(opened.desk.store)
    with listen(settings) as listener, request_threads(settings) as threads:
        url = url_of(listener, settings)
        shared = Shared(
            gate=OwnGate(opened.admission, threads.requests),
            counts=opened.metrics,
            health=DeskHealth(opened),
            links=link_limiter(settings),
            links_of_account=account_limiter(settings),
        )
        desk = set_url(opened.desk, opened.urls, url, settings)
        server = server_of(settings, desk, shared, threads)
        with opened.work(), asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_run(settings, desk, server, listener, lambda: ready(url)))


async def _run(
    settings: Settings,
    desk: Desk,
    server: Server,
    listener: socket.socket,
    ready: Callable[[], None],
) -> None:
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        if not server.should_exit:
            log.info(STOPPING)
        server.handle_exit(number, None)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    async with admin_socket(settings.socket_path, group_of(settings), desk, actions()):
        await run_server(server, listener, ready)


class Threads(Record, gc=True):
    """The threads of requests, of strangers and public pages, and of the console.

    `sign_in` are those for visitors of the console who have not signed in, and `providers` those
    that wait for providers of OpenID Connect.
    """

    requests: ThreadPool
    strangers: ThreadPool
    console: ThreadPool
    sign_in: ThreadPool
    providers: ThreadPool


@contextlib.contextmanager
def request_threads(settings: Settings) -> Iterator[Threads]:
    """Have threads while the context lasts."""
    with (
        ThreadPool(settings.threads, "request") as requests,
        ThreadPool(STRANGERS_THREADS, "stranger") as strangers,
        ThreadPool(CONSOLE_THREADS, "console") as console,
        ThreadPool(SIGN_IN_THREADS, "sign_in") as sign_in,
        ThreadPool(PROVIDER_THREADS, "provider") as providers,
    ):
        yield Threads(requests, strangers, console, sign_in, providers)


def link_limiter(settings: Settings) -> RateLimiter:
    """Return the rate limiter of one download link."""
    return RateLimiter(settings.download_link_per_minute, MINUTE)


def account_limiter(settings: Settings) -> RateLimiter:
    """Return the rate limiter of all download links of an account.

    Raises:
        SettingsError: `rate.actions` is malformed.
    """
    return RateLimiter(_limits(settings).of(LINKS_FROM), 1)


def server_of(settings: Settings, desk: Desk, shared: Shared, threads: Threads) -> Server:
    """Return the server of one process.

    Raises:
        SettingsError: a setting is invalid.
    """
    edge, limits = edge_of(settings, threads.strangers), _limits(settings)
    steps = Steps(desk, actions(), threads.requests, shared.gate, limits=limits, edge=edge)
    api = Api(steps, threads.requests, shared.counts, edge)
    watch = Watch(
        shared.health, networks_of("watch.allow_networks", settings.watch_networks), edge.peers
    )
    limits_of_links = LinkRateLimits(link=shared.links, account=shared.links_of_account)
    downloads = Downloads(desk, actions(), limits_of_links).route(edge, threads.requests)
    premises = Premises(
        desk=desk,
        catalog=actions(),
        settings=settings,
        edge=edge,
        threads=threads.console,
        strangers=threads.sign_in,
        providers=threads.providers,
    )
    app = application(api, desk.issuers.pki, downloads, watch, ConsoleDoor(premises), edge)
    return Server(_config(settings, app), settings, edge)


def set_url(desk: Desk, urls: PublicUrls, url: str, settings: Settings) -> Desk:
    """Return the desk with links to the address where it is reached, unless settings name another.

    The port is known only after listening if 0 was requested.
    """
    # The URL is written into certificates.
    if not settings.ca_base_url:
        urls.base = url
    if desk.rules.public_url:
        return desk
    return replace(desk, rules=replace(desk.rules, public_url=url))


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the fastest event loop that is installed; None for asyncio's own."""
    # uvicorn chooses it; the application does not matter for that. Without `log_config=None` it
    # would write each request to stdout, which nobody may read.
    return uvicorn.Config("", log_config=None, access_log=False).get_loop_factory()


async def run_server(server: Server, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until the server is told to exit; `ready` is called once it accepts connections."""
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    # uvicorn reports its start by a flag only.
    while not server.started and not serving.done():  # noqa: ASYNC110 -- uvicorn has no event for it
        await asyncio.sleep(0.005)
    if server.started:
        keep_what_exists()
        ready()
    renewing = asyncio.create_task(renew_certificate(server.config))
    try:
        await serving
    finally:
        renewing.cancel()


def keep_what_exists() -> None:
    """Have the garbage collector look at new objects only: what was made until now stays."""
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def _config(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_protocol(settings),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # Only `peers.py` decides which proxies to trust.
        proxy_headers=False,
        headers=[HSTS] if settings.tls_cert else [],
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
    )


class Server(uvicorn.Server):
    """uvicorn's server with our own door; it lets the caller clean up at the end.

    uvicorn itself raises a signal again after its end, and the process would die with files open.
    """

    def __init__(self, config: uvicorn.Config, settings: Settings, edge: Edge) -> None:
        """Serve `config` within the limits of the settings."""
        super().__init__(config)
        self._settings = settings
        self._peers = edge.peers
        self._connections: set[LimitedProtocol] = self.server_state.connections  # type: ignore[assignment]  # no other kind is made

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open a door at each socket."""
        settings = self._settings
        limits = SeatLimits(
            all=settings.connections,
            block=settings.connections_per_address,
            shaking=settings.handshakes,
        )
        rules = AcceptRules(
            peers=self._peers,
            seats=Seats(limits),
            tls=self.config.ssl,
            handshake_seconds=settings.head_seconds,
            alone=settings.workers == 1,
        )
        acceptors = [Acceptor(each, rules, self._new_protocol) for each in sockets or ()]
        for acceptor in acceptors:
            acceptor.open(self.config.backlog)
        self.servers = acceptors  # type: ignore[assignment]  # they are closed as servers are
        self.started = True

    async def on_tick(self, counter: int) -> bool:
        """Check each second for clients that do not read their answers."""
        if counter % TICKS_A_SECOND == 0:
            now = time.monotonic()
            for connection in list(self._connections):
                connection.check_progress(now)
        return await super().on_tick(counter)

    def _new_protocol(self) -> LimitedProtocol:
        kind = self.config.http_protocol_class
        made = kind(self.config, self.server_state, {})  # type: ignore[call-arg]  # as uvicorn does
        assert isinstance(made, LimitedProtocol)  # noqa: S101 -- as `_config` has it
        return made

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to those who run the server."""
        yield

    def stop(self) -> None:
        """Shut down gracefully; the second time, drop the requests in progress."""
        self.handle_exit(signal.SIGINT, None)


def _limits(settings: Settings) -> Limits:
    try:
        return Limits.read(settings.rate_limit, settings.rate_actions)
    except ValueError as error:
        raise SettingsError(f"rate.actions: {error}") from error


def _protocol(settings: Settings) -> type[LimitedProtocol]:
    class Protocol(LimitedProtocol):
        head_seconds = settings.head_seconds
        write_seconds = settings.write_seconds
        more_headers = f"{': '.join(HSTS)}\r\n" if settings.tls_cert else ""

    return Protocol


def url_of(listener: socket.socket, settings: Settings) -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"{'https' if settings.tls_cert else 'http'}://{with_port(host, port)}"
