"""Which addresses the desk may connect to for a stranger."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.values.addresses import Address, networks, refusal

REFUSED = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
    *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    *("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23"),
    *("2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10"),
    *("fec0::/10", "ff00::/8"),
]
"""The registries of special-purpose addresses, and the multicast and reserved spaces."""

NETWORKS = networks(REFUSED)

EDGES = [
    *("1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
    *("128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0"),
    *("192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0"),
    *("198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255"),
    *("203.0.114.0", "223.255.255.255", "2000::", "2001:200::", "2001:db7:ffff::", "2001:db9::"),
    *("2003::", "3ffe:ffff::", "3fff:1000::", "8.8.8.8", "2606:4700:4700::1111"),
]
"""Public addresses, of which most are beside a network that is not."""


def nobodys(_: Address) -> bool:
    """Say of every address that it is another machine's."""
    return False


def asked(address: Address) -> bool:
    """Do not want to be asked."""
    raise AssertionError(address)


def own(_: Address) -> bool:
    """Say of every address that it is the desk's."""
    return True


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_a_special_network_is_refused_from_its_first_to_its_last_address(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> None:
    """With its kind in words."""
    assert refusal(network[0], (), nobodys)
    assert refusal(network[-1], (), nobodys)


@pytest.mark.parametrize("address", EDGES)
def test_a_public_address_may_be_connected_to(address: str) -> None:
    """Also beside a network that is refused."""
    assert refusal(ipaddress.ip_address(address), (), nobodys) is None


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_refused_where_a_special_network_has_it(
    address: ipaddress.IPv4Address,
) -> None:
    """And nowhere else."""
    special = any(address in network for network in NETWORKS)
    assert (refusal(address, (), nobodys) is not None) == special


@given(st.ip_addresses(v=6, network="2000::/3"))
def test_a_global_ipv6_address_is_refused_where_a_special_network_has_it(
    address: ipaddress.IPv6Address,
) -> None:
    """And nowhere else."""
    special = any(address in network for network in NETWORKS)
    assert (refusal(address, (), nobodys) is not None) == special


@given(st.ip_addresses(v=6).filter(lambda address: address.packed[0] >> 5 != 1))
def test_whatever_is_not_global_unicast_is_refused(address: ipaddress.IPv6Address) -> None:
    """Nothing outside 2000::/3 is (IANA, IPv6 address space)."""
    assert refusal(address, (), nobodys)


@pytest.mark.parametrize(
    "prefix", ["::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::", "64:ff9b:1:ffff::"]
)
@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_is_refused(prefix: str, address: ipaddress.IPv4Address) -> None:
    """Whichever it is: mapped, compatible, translated."""
    within = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + int(address))
    assert refusal(within, (), nobodys)


@given(st.ip_addresses(v=4), st.integers(0, 2**80 - 1))
def test_an_ipv4_address_in_6to4_is_refused(address: ipaddress.IPv4Address, rest: int) -> None:
    """Whichever it is."""
    assert refusal(
        ipaddress.IPv6Address((0x2002 << 112) + (int(address) << 80) + rest), (), nobodys
    )


@given(st.ip_addresses(), st.data())
def test_an_allowed_network_wins_over_every_refusal(address: Address, data: st.DataObject) -> None:
    """Over the desk's own addresses, too."""
    length = data.draw(st.integers(0, address.max_prefixlen))
    allowed = ipaddress.ip_network((address, length), strict=False)
    assert refusal(address, (allowed,), own) is None


@pytest.mark.parametrize("address", EDGES)
def test_the_desks_own_address_is_refused(address: str) -> None:
    """Though it is public."""
    assert refusal(ipaddress.ip_address(address), (), own) == "the desk's own address"


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_the_system_is_not_asked_about_an_address_that_is_refused(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> None:
    """So that not even that touches it."""
    assert refusal(network[0], (), asked)


def test_an_address_with_a_zone_is_refused() -> None:
    """Though it is allowed: a zone is an interface of this machine."""
    zoned = ipaddress.ip_address("fe80::1%eth0")
    assert refusal(zoned, networks(["::/0"]), nobodys) == "an address with a zone"


def test_an_allowed_network_of_ipv4_allows_nothing_in_ipv6() -> None:
    """127.0.0.0/8 does not speak of ::ffff:127.0.0.1."""
    mapped = ipaddress.ip_address("::ffff:127.0.0.1")
    assert refusal(mapped, networks(["127.0.0.0/8"]), nobodys)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "10/8", "ten", "", "fe80::/10%eth0"])
def test_a_text_that_is_no_network_is_refused(text: str) -> None:
    """And quoted."""
    with pytest.raises(ValueError, match=r"host bits|not permitted|does not appear|Only") as wrong:
        networks(["10.0.0.0/8", text])
    assert text.partition("%")[0] in str(wrong.value)
