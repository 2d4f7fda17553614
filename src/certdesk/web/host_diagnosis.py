"""A log message for signatures that fail because of their Host.

Clients sign the Host that they send. A proxy that replaces it, as nginx does by default, makes
every signature wrong. The answer only says that the signature is wrong; the log tells the operator
what to check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from certdesk.domain.errors import ServiceError
from certdesk.web.edge import shown
from certdesk.web.forms import CHEAP_BODY, Claim
from certdesk.web.gcra import RateLimiter

if TYPE_CHECKING:
    from starlette.types import Scope

    from certdesk.web.edge import Edge

A_MINUTE = 10
"""The most signatures of an address that are examined in a minute."""

MOST_NAMES = 32
OF_THE_VENDOR = ("ssl.tencentcloudapi.com", "ssl.intl.tencentcloudapi.com")
OF_PROXIES = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")
REMEDY = "make the proxy pass on the client's Host (guide: Behind a proxy)"

log = structlog.get_logger()


class HostDiagnosis:
    """The examination of wrong signatures; safe to use from several threads."""

    def __init__(self, edge: Edge, urls: Iterable[str]) -> None:
        """Try the desk's host names, also with the ports of its `urls`."""
        ports = {port for url in urls if (port := urlsplit(url).port)}
        names = sorted(edge.hosts.names) + list(OF_THE_VENDOR)
        with_ports = [f"{name}:{port}" for name in names for port in sorted(ports)]
        self._names = (names + with_ports)[:MOST_NAMES]
        self._edge = edge
        self._limiter = RateLimiter(A_MINUTE, 60)

    def examine(
        self, scope: Scope, headers: Mapping[str, str], claim: Claim, fits: Callable[[Claim], None]
    ) -> None:
        """Log it if a claim is wrong because of its Host; `fits` raises for a wrong claim."""
        if self._limiter.wait(self._edge.peers.block(scope), 0):
            return
        host = headers["host"]
        forwarded = headers.get("x-forwarded-host")
        for name in dict.fromkeys([*([forwarded] if forwarded else []), *self._names]):
            if name != host and _does(fits, claim.for_host(name)):
                event = "a signature is wrong because something changed Host on the way"
                log.warning(event, host=shown(host), signed=shown(name), remedy=REMEDY)
                return
        if any(name in headers for name in OF_PROXIES):
            event = "a signature is wrong behind a proxy, which may have changed Host"
            log.warning(event, host=shown(host), remedy=REMEDY)


def is_cheap(claim: Claim, body: bytes) -> bool:
    """Return whether a claim is cheap enough to check under many names."""
    return len(body) <= CHEAP_BODY and claim.is_cheap(body)


def _does(fits: Callable[[Claim], None], claim: Claim) -> bool:
    try:
        fits(claim)
    except ServiceError:
        return False
    return True
