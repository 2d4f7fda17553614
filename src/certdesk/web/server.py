"""Runs the desk: listens, says so, and ends in good order."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import ipaddress
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import structlog
import uvicorn

from certdesk.bootstrap import OpenDesk, actions
from certdesk.catalog import Desk
from certdesk.domain.addresses import Network, networks
from certdesk.settings import Settings, SettingsError
from certdesk.web.admin import admin_socket
from certdesk.web.api import Api
from certdesk.web.app import application
from certdesk.web.health import Watch
from certdesk.web.pace import Limits
from certdesk.web.protocol import LimitedProtocol

IDLE_SECONDS = 75
GRACE_SECONDS = 25
CERTIFICATE_LOOK_SECONDS = 5
FAILURES_TOLD = 2
LARGEST_PORT = 65535

log = structlog.get_logger()


def serve(settings: Settings, opened: OpenDesk, ready: Callable[[str], None]) -> None:
    """Serve until a signal ends it; `ready` gets the server's URL once it answers.

    Raises:
        SettingsError: the address cannot be served on as asked.
    """
    listener = _listen(settings)
    with listener, ThreadPoolExecutor(settings.threads, "request") as threads:
        # Known only now where port 0 was asked for.
        url = _url(listener, secure=bool(settings.tls_cert))
        desk = _reached(opened.desk, url)
        api = Api(
            desk,
            actions(),
            threads,
            opened.admission,
            limits=_limits(settings),
            body_seconds=settings.body_seconds,
            counts=opened.metrics,
        )
        watch = Watch(opened, _watching(settings))
        config = uvicorn.Config(
            application(api, desk, actions(), watch),
            http=_protocol(settings),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # No proxy is trusted: nothing here asks for the client's address.
            proxy_headers=False,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_certfile=settings.tls_cert or None,
            ssl_keyfile=settings.tls_key or None,
        )
        # It is written into certificates.
        if not settings.ca_base_url:
            opened.urls.base = url
        with opened.work(), asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_run(settings, opened, config, listener, ready))


class Server(uvicorn.Server):
    """uvicorn's server, which ends on a signal and then lets the caller tidy up.

    uvicorn itself raises the signal again after its own end, and the process would die with its
    files open.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in good order on SIGTERM and Ctrl-C, and at once on a second Ctrl-C."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


async def _run(
    settings: Settings,
    opened: OpenDesk,
    config: uvicorn.Config,
    listener: socket.socket,
    ready: Callable[[str], None],
) -> None:
    server = Server(config)
    async with admin_socket(settings.folder, opened.desk, actions()):
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        # uvicorn tells of its start by a flag alone.
        while not server.started and not serving.done():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        if server.started:
            ready(_url(listener, secure=config.is_ssl))
        renewing = asyncio.create_task(_renew_certificate(config))
        try:
            await serving
        finally:
            renewing.cancel()


def _reached(desk: Desk, url: str) -> Desk:
    """Let links lead to the address that is listened on, where the settings name no other."""
    if desk.rules.public_url:
        return desk
    return dataclasses.replace(desk, rules=dataclasses.replace(desk.rules, public_url=url))


def _limits(settings: Settings) -> Limits:
    try:
        return Limits.read(settings.rate_limit, settings.rate_actions)
    except ValueError as error:
        raise SettingsError(f"rate.actions: {error}") from error


def _protocol(settings: Settings) -> type[LimitedProtocol]:
    class Protocol(LimitedProtocol):
        head_seconds = settings.head_seconds

    return Protocol


def _listen(settings: Settings) -> socket.socket:
    host, _, port = settings.listen.rpartition(":")
    host = host.strip("[]")
    if not port.isdecimal() or int(port) > LARGEST_PORT or not host:
        raise SettingsError(f"listen: give HOST:PORT, not {settings.listen}")
    _check_tls(settings)
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        address = ipaddress.ip_address(found[4][0])
        if not settings.tls_cert and not address.is_loopback:
            raise SettingsError(
                f"listen: plain HTTP is served on loopback only, and {host} is not; "
                "set tls.cert and tls.key"
            )
        return _bound(found[0], found[4])
    except OSError as error:
        raise SettingsError(f"listen: {settings.listen} cannot be listened on: {error}") from error


def _watching(settings: Settings) -> tuple[Network, ...]:
    try:
        return networks(settings.watch_networks)
    except ValueError as error:
        raise SettingsError(f"watch.allow_networks: {error}") from error


def _check_tls(settings: Settings) -> None:
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise SettingsError("tls.cert and tls.key go together")
    if not settings.tls_cert:
        return
    try:
        _check_pair(Path(settings.tls_cert), Path(settings.tls_key))
    except (OSError, ValueError) as error:
        raise SettingsError(f"tls.cert and tls.key cannot be used: {error}") from error


def _check_pair(certificate: Path, key: Path) -> None:
    """Load a certificate and its key where it does no harm if they do not fit.

    A context that is in use would be left with the one and without the other. Raises OSError
    (ssl.SSLError is one) or ValueError.
    """
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, _no_pass_phrase)


def _no_pass_phrase() -> NoReturn:
    """Refuse a key that is encrypted; OpenSSL would ask at the terminal."""
    raise ValueError("the key is encrypted; give one that is not")


def _bound(
    family: int, address: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def _url(listener: socket.socket, *, secure: bool) -> str:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if secure else 'http'}://{shown}:{port}"


async def _renew_certificate(config: uvicorn.Config) -> None:
    """Load a changed certificate in place, so that a renewal needs no restart."""
    if not isinstance(config.ssl, ssl.SSLContext):
        return
    certificate, key = Path(str(config.ssl_certfile)), Path(str(config.ssl_keyfile))
    known = _changed_at(certificate, key)
    failures = 0
    while True:
        await asyncio.sleep(CERTIFICATE_LOOK_SECONDS)
        try:
            found = _changed_at(certificate, key)
            if found != known:
                _check_pair(certificate, key)
                config.ssl.load_cert_chain(certificate, key)
                known = found
                log.info("the changed certificate is served", setting="tls.cert")
        except (OSError, ValueError) as error:
            # Tried again at each look. The first one may have met a pair that was half written.
            failures += 1
            if failures == FAILURES_TOLD:
                log.warning(
                    "the changed certificate cannot be used, so the one before it is still served",
                    setting="tls.cert",
                    error=str(error),
                )
        else:
            failures = 0


def _changed_at(*files: Path) -> list[int]:
    return [file.stat().st_mtime_ns for file in files]
