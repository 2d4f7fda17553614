"""The addresses that the desk connects to when a stranger's name leads there, and those it refuses.

Sources: the IANA registries of special-purpose addresses (RFC 6890) and of IPv6 address space. The
table is written out here because `ipaddress.is_global` is true for addresses that lead to this
machine: `2002:7f00:1::`, `64:ff9b::7f00:1` and `::7f00:1` all are 127.0.0.1 behind a translator.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

# The first network that contains an address names it, so the three rows of everything that is not
# global unicast (RFC 4291, 2.4) are last.
_REFUSED: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "a provider's shared space"),
        ("127.0.0.0/8", "this machine"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relays"),
        ("192.168.0.0/16", "a private network"),
        ("198.18.0.0/15", "benchmarks"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::1/128", "this machine"),
        ("::/96", "an IPv4 address in IPv6"),
        ("::ffff:0:0/96", "an IPv4 address in IPv6"),
        ("::ffff:0:0:0/96", "an IPv4 address in IPv6"),
        ("64:ff9b::/96", "an IPv4 address in IPv6 (NAT64)"),
        ("64:ff9b:1::/48", "an IPv4 address in IPv6 (NAT64)"),
        ("100::/64", "a discard-only network"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "an IPv4 address in IPv6 (6to4)"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "a private network"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
        ("::/3", "not global unicast"),
        ("4000::/2", "not global unicast"),
        ("8000::/1", "not global unicast"),
    )
)


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return networks from CIDR notation (`10.1.0.0/16`, `fd00::/8`).

    Raises:
        ValueError: a text is not a network; the message quotes it and says why.
    """
    return tuple(ipaddress.ip_network(text) for text in texts)


def address_in(text: str) -> Address | None:
    """Return the address that a text is, None if it is not one."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def with_port(host: str, port: int) -> str:
    """Return a host and a port as text: an IPv6 address is in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def unmapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 socket shows as `::ffff:192.0.2.1`, or the address."""
    return getattr(address, "ipv4_mapped", None) or address


def block_of(address: Address) -> str:
    """Return the block of addresses that one customer has: an IPv4 address, or an IPv6 /64.

    Limits count by it: a customer with one address of a /64 has them all (RFC 6177).
    """
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((int(address), 64), strict=False))


def is_within(address: Address, allowed: Iterable[Network]) -> bool:
    """Return whether an address is in one of these networks."""
    return any(address in network for network in allowed)


def refusal(
    address: Address, allowed: Iterable[Network], is_own: Callable[[Address], bool]
) -> str | None:
    """Return why the desk does not connect to `address`, None if it does.

    `allowed` are the networks that the operator permits in any case. `is_own` returns whether a
    public address belongs to this machine, and is called for no other address.
    """
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        # A zone names an interface of this machine, which no public service is behind (RFC 4007,
        # 6).
        return "an address with a zone"
    if any(address in network for network in allowed):
        return None
    kind = next((kind for network, kind in _REFUSED if address in network), None)
    if kind is None and is_own(address):
        return "the desk's own address"
    return kind
