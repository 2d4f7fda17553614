"""The client of a request: the peer of the connection, or the one named by a trusted proxy.

`X-Forwarded-For` is trusted only from peers that `http.proxies` names. It is read from the right,
where each proxy adds its own peer: the first hop that is not a trusted proxy is the client.
Anything to the left of it may be forged by the client.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from certdesk.domain.values.addresses import (
    Address,
    Network,
    address_in,
    block_of,
    is_within,
    unmapped,
)
from certdesk.domain.values.record import Record

if TYPE_CHECKING:
    from starlette.types import Scope

FORWARDED = b"x-forwarded-for"

_WITH_PORT = re.compile(r"\[([^\]]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+")
"""Some proxies add the port: `[2001:db8::1]:4711`, `192.0.2.1:4711`."""


class Peers(Record):
    """The trusted proxies, and `plain`: peers beyond loopback that may use plain HTTP."""

    proxies: tuple[Network, ...] = ()
    plain: tuple[Network, ...] = ()

    def is_proxy(self, peer: Address) -> bool:
        """Return whether a peer's `X-Forwarded-For` is trusted."""
        return is_within(peer, self.proxies)

    def may_speak_plainly(self, peer: Address) -> bool:
        """Return whether a peer may be served without TLS."""
        return peer.is_loopback or is_within(peer, self.plain)

    def client(self, scope: Scope) -> Address | None:
        """Return the address of a request's client, or None if it is unknown.

        It is unknown if a trusted proxy names something that is not an address.
        """
        if scope.get("client") is None:
            return None
        address = unmapped(ipaddress.ip_address(scope["client"][0]))
        if not self.is_proxy(address):
            return address
        for hop in reversed(_hops(scope)):
            named = _address(hop)
            if named is None:
                return None
            address = named
            if not self.is_proxy(address):
                break
        return address

    def block(self, scope: Scope) -> str:
        """Return the block of addresses that a request is counted under."""
        address = self.client(scope)
        return "" if address is None else block_of(address)


NO_PROXIES = Peers()


def _hops(scope: Scope) -> list[str]:
    lines = [value for name, value in scope["headers"] if name == FORWARDED]
    hops = b",".join(lines).decode("latin-1").split(",") if lines else []
    return [hop.strip(" \t") for hop in hops]


def _address(hop: str) -> Address | None:
    with_port = _WITH_PORT.fullmatch(hop)
    text = (with_port[1] or with_port[2]) if with_port else hop
    address = address_in(text)
    return unmapped(address) if address else None
