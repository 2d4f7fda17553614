"""The limits for strangers: addresses, host names, rates and sizes."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from typing import TYPE_CHECKING

import structlog

from certdesk.domain.errors import NoSuchProduct
from certdesk.domain.values.record import Record
from certdesk.domain.values.redaction import redacted_bare
from certdesk.settings import Settings, SettingsError
from certdesk.web.body import BodyRoom, BodyShare
from certdesk.web.connections.listening import host_and_port, networks_of
from certdesk.web.connections.seats import slowed
from certdesk.web.gcra import RateLimiter
from certdesk.web.hosts import Hosts, hosts_of, name_in
from certdesk.web.peers import Peers

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from starlette.types import Receive, Scope

    from certdesk.web.thread_pool import ThreadPool

    Given = TypeVar("Given")

MINUTE = 60
MIB = 1024 * 1024
LONGEST_WAIT_SECONDS = 30
"""The longest delay of an answer to a stranger; clients wait for 60."""

NO_HOST = "a request without a Host"

log = structlog.get_logger()


class Edge(Record, kw_only=True, gc=True):
    """The limits for strangers, shared by all that is mounted.

    `wrong` limits addresses with wrong credentials, `unsigned` those whose requests to the API are
    refused before their signature is checked, and `pages` those that ask for public pages.
    `threads` do the work of strangers' requests, so that strangers wait for each other and the
    event loop does not wait for them.
    """

    peers: Peers
    hosts: Hosts
    wrong: RateLimiter
    unsigned: RateLimiter
    pages: RateLimiter
    bodies: BodyRoom
    body_seconds: float
    threads: ThreadPool

    def is_for_us(self, scope: Scope, host: str) -> bool:
        """Return whether a request with this Host is meant for this desk; log it if not."""
        local = scope.get("server") or ("", None)
        if self.hosts.allow(host, local[0]):
            return True
        log.warning(
            "refused a Host that is not a name of this desk", host=shown(host), setting="http.hosts"
        )
        return False

    def check_host(self, scope: Scope, host: str) -> None:
        """Refuse a request to the API that is meant for another host.

        Raises:
            NoSuchProduct: the message names the setting.
        """
        if not self.is_for_us(scope, host):
            raise NoSuchProduct(
                "This desk does not answer to "
                f"{f'the host {shown(host)}' if host else NO_HOST}. The setting http.hosts "
                "lists the hosts that it answers to."
            )

    def share(self, scope: Scope) -> BodyShare:
        """Return the share of the memory for bodies that a request may use."""
        return BodyShare(self.bodies, functools.partial(self.peers.block, scope))

    async def slow_down(self, limiter: RateLimiter, scope: Scope, receive: Receive) -> None:
        """Delay the answer to a stranger if its address has reached the rate limit of `limiter`.

        Meanwhile it holds no thread, and only a seat that others may take; if the client leaves, it
        holds nothing.
        """
        wait = limiter.wait(self.peers.block(scope), LONGEST_WAIT_SECONDS)
        if not wait:
            return
        slowed(scope)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(wait, LONGEST_WAIT_SECONDS)):
                while (await receive())["type"] != "http.disconnect":
                    pass

    async def aside(self, work: Callable[..., Given], *arguments: object) -> Given:
        """Do a stranger's work on one of the strangers' threads."""
        return await self.threads.run(work, *arguments)


def shown(host: str) -> str:
    """Return a Host in a form that is safe for the log and for messages."""
    return redacted_bare(name_in(host) or host) if host else ""


def edge_of(settings: Settings, threads: ThreadPool) -> Edge:
    """Return the limits given by the settings.

    Raises:
        SettingsError: a setting has an invalid network or host.
    """
    host, _ = host_and_port(settings)
    try:
        hosts = hosts_of(host, (settings.public_url, settings.ca_base_url), settings.hosts)
    except ValueError as error:
        raise SettingsError(f"http.hosts: {error}") from error
    return Edge(
        peers=Peers(
            proxies=networks_of("http.proxies", settings.proxies),
            plain=networks_of("http.plain_networks", settings.plain_networks),
        ),
        hosts=hosts,
        wrong=RateLimiter(settings.wrong_per_minute, MINUTE),
        unsigned=RateLimiter(settings.unsigned_per_second, 1),
        pages=RateLimiter(settings.pages_per_second, 1),
        bodies=BodyRoom(settings.bodies_mib * MIB),
        body_seconds=settings.body_seconds,
        threads=threads,
    )
