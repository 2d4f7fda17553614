"""Says in the log that a signature does not fit because of its Host.

Clients sign the Host that they send. A proxy that puts another one in its place, as nginx does
unless it is told not to, makes every signature wrong. The answer says no more than that; the log
tells the operator what to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from certdesk.domain.errors import ServiceError
from certdesk.web.edge import shown
from certdesk.web.forms import CHEAP_BODY, Claim
from certdesk.web.turns import Turns

if TYPE_CHECKING:
    from starlette.types import Scope

    from certdesk.web.edge import Edge

A_MINUTE = 10
"""How many signatures of an address are looked into in a minute."""

MOST_NAMES = 32
OF_THE_VENDOR = ("ssl.tencentcloudapi.com", "ssl.intl.tencentcloudapi.com")
OF_PROXIES = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")
REMEDY = "have the proxy send the client's Host (guide: Behind a proxy)"

log = structlog.get_logger()


class HostDoubts:
    """Looks into signatures that do not fit; safe to use from several threads."""

    def __init__(self, edge: Edge, urls: Iterable[str]) -> None:
        """Try the names by which the desk is asked, also with the ports of its `urls`."""
        ports = {port for url in urls if (port := urlsplit(url).port)}
        names = sorted(edge.hosts.names) + list(OF_THE_VENDOR)
        with_ports = [f"{name}:{port}" for name in names for port in sorted(ports)]
        self._names = (names + with_ports)[:MOST_NAMES]
        self._edge = edge
        self._turns = Turns(A_MINUTE, 60)

    def look(
        self, scope: Scope, headers: Mapping[str, str], claim: Claim, fits: Callable[[Claim], None]
    ) -> None:
        """Log why a claim does not fit, if it is for its Host; `fits` raises where one does not."""
        if self._turns.wait(self._edge.peers.block(scope), 0):
            return
        host = headers["host"]
        forwarded = headers.get("x-forwarded-host")
        for name in dict.fromkeys([*([forwarded] if forwarded else []), *self._names]):
            if name != host and _does(fits, claim.for_host(name)):
                event = "a signature is wrong because Host was changed on the way"
                log.warning(event, host=shown(host), signed=shown(name), remedy=REMEDY)
                return
        if any(name in headers for name in OF_PROXIES):
            event = "a signature is wrong behind a proxy, which may have changed Host"
            log.warning(event, host=shown(host), remedy=REMEDY)


def is_cheap(claim: Claim, body: bytes) -> bool:
    """Whether a claim may be looked at under many names."""
    return len(body) <= CHEAP_BODY and claim.is_cheap(body)


def _does(fits: Callable[[Claim], None], claim: Claim) -> bool:
    try:
        fits(claim)
    except ServiceError:
        return False
    return True
