"""Proof by file: what a name or a redirect may not lead the desk to (server-side request forgery).

Canaries listen on what is refused. A refused look must not even connect.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable, Iterable

import dns.message
import dns.rrset
import pytest

from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.validation.redirects import Ports
from certdesk.validation.fetch import is_own
from certdesk.world.nameserver import fitting
from tests.validation.sites import NAME, PATH, SITE, SOON, VALUE, Sites, canaries, retried

ADDRESSES = [
    "0.0.0.0",  # noqa: S104 - connected to, it is this machine
    *("0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.0.0.53", "127.255.255.254"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.2"),
    *("192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1"),
    *("::ffff:0:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a00:1"),
    *("64:ff9b:1::7f00:1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::"),
    *("2002:7f00:1::1", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254"),
    *("fe80::1", "fec0::1", "ff02::1", "4000::1", "a000::1"),
]
"""Addresses that a name server can give."""

SPELLINGS = [
    *("2130706433", "017700000001", "0x7f000001", "0x7F.0.0.1", "0177.0.0.1", "127.1", "127.0.1"),
    *("0x7f.1", "0", "127.0.0.1.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25eth0]", "[fe80::1%eth0]", "[::1%25lo]"),
    *("127.0.0.1%00.shop.test", "127%2e0%2e0%2e1", "1.0.0.127.in-addr.arpa", "localhost"),
]
"""Further ways to write an address that a URL can have as its host."""


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_name_at_such_an_address_is_not_fetched_from(world: Sites, address: str) -> None:
    """Alone or beside a good one: nothing on this machine is connected to on any address."""
    kind = "AAAA" if ":" in address else "A"
    world.dns.add("alone.shop.test", kind, address)
    world.name("mixed.shop.test")
    world.dns.add("mixed.shop.test", kind, address)
    world.http.put("mixed.shop.test", PATH, VALUE)
    with retried(lambda: canaries("0.0.0.0", "::")) as (four, six):  # noqa: S104 - hears all
        alone = world.validate("alone.shop.test", ports=Ports(four.port, four.port))
        mixed = world.validate("mixed.shop.test")
        assert not four.reached()
        assert not six.reached()
    for finding in (alone, mixed):
        assert finding.verdict is Verdict.FILE_ABSENT
        assert (
            "from which the desk fetches nothing. Use public addresses in all its A and AAAA"
            in finding.reason
        )
    assert world.http.requests == []
    assert not world.reached()


def test_the_operator_may_permit_any_network(world: Sites) -> None:
    """The desk's own addresses included; and so a canary can be reached at all."""
    world.dns.add("inside.shop.test", "A", "127.0.0.1")
    with canaries("0.0.0.0") as (four,):  # noqa: S104 - hears all
        ports = Ports(four.port, four.port)
        world.validate("inside.shop.test", allowed=("127.0.0.0/8",), ports=ports, limits=SOON)
        assert four.reached()


def test_the_desk_knows_its_own_addresses() -> None:
    """Of both kinds, by asking the system; another machine's are none."""
    own, others = ("127.0.0.1", "::1"), ("192.0.2.254", "2001:db8::1", "255.255.255.255", "ff02::1")
    assert all(is_own(ipaddress.ip_address(address)) for address in own)
    assert not any(is_own(ipaddress.ip_address(address)) for address in others)


def in_turn(*addresses: str) -> Callable[[dns.message.Message, bool], Iterable[bytes]]:
    """Make a name server's script that gives another address each time, with a TTL of 0."""
    turn = itertools.chain(addresses, itertools.repeat(addresses[-1]))

    def script(query: dns.message.Message, tcp: bool) -> Iterable[bytes]:  # noqa: FBT001 - a Script
        response = dns.message.make_response(query, recursion_available=True)
        asked = query.question[0]
        if asked.rdtype == dns.rdatatype.A:
            response.answer.append(dns.rrset.from_text(asked.name, 0, "IN", "A", next(turn)))
        return [fitting(response, query, tcp=tcp)]

    return script


def test_a_name_that_is_bound_anew_is_connected_to_where_it_was_checked(world: Sites) -> None:
    """It is looked up once for both http and https."""
    world.dns.script(NAME, in_turn(SITE, "127.0.0.1"))
    world.https.put(NAME, PATH, VALUE)
    assert world.validate().verdict is Verdict.PROVED
    assert world.dns.asked("A") == [NAME]
    assert not world.reached()


def test_a_name_that_is_bound_anew_is_checked_anew_after_a_redirect(world: Sites) -> None:
    """Each hop has its own lookup, and its own check."""
    world.dns.script(NAME, in_turn(SITE, "127.0.0.1"))
    world.http.redirect(NAME, PATH, "/next")
    world.http.put(NAME, "/next", VALUE)
    finding = world.validate()
    assert finding.verdict is Verdict.FILE_ABSENT
    assert "has the address 127.0.0.1 (this machine)" in finding.reason
    assert not world.reached()


@pytest.mark.parametrize("host", [*ADDRESSES, *SPELLINGS])
def test_no_redirect_leads_to_an_address(world: Sites, host: str) -> None:
    """However it is written, allowed or not; nobody is asked what it means."""
    host = f"[{host}]" if ":" in host and "[" not in host else host
    world.http.redirect(NAME, PATH, f"http://{host}{PATH}")
    finding = world.validate(allowed=(f"{SITE}/32", "127.0.0.1/32", "::1/128"))
    assert finding.verdict is Verdict.FILE_ABSENT
    assert "is not followed: " in finding.reason
    assert {name for name, _ in world.dns.questions} == {NAME}
    assert not world.reached()


@pytest.mark.parametrize(
    ("location", "rule"),
    [
        ("http://other.test/", "other.test is not in the domain shop.test"),
        ("http://shop.test.other.test/", "shop.test.other.test is not in the domain shop.test"),
        ("http://notshop.test/", "notshop.test is not in the domain shop.test"),
        ("//other.test/", "other.test is not in the domain shop.test"),
        (f"http://{NAME}:22/", "only port"),
        (f"http://{NAME}:443/", "only port"),
        (f"https://{NAME}:80/", "only port"),
        (f"http://{NAME}:0/", "only port"),
        (f"http://{NAME}:99999/", "its port is not a number"),
        (f"http://{NAME}:x/", "its port is not a number"),
        (f"http://user@{NAME}/", "a URL with a user name is not followed"),
        (f"http://user:password@{NAME}/", "a URL with a user name is not followed"),
        (f"http://{NAME}@other.test/", "a URL with a user name is not followed"),
        ("http://other.test\\@files.shop.test/", "its Location must be one URL"),
        ("file:///etc/passwd", "only http and https are followed"),
        (f"gopher://{NAME}:70/_GET", "only http and https are followed"),
        (f"ftp://{NAME}/", "only http and https are followed"),
        ("javascript:alert(1)", "only http and https are followed"),
        ("data:text/plain,x", "only http and https are followed"),
        ("http:///x", "a domain name is missing"),
        ("http:x", "a domain name is missing"),
        ("http://*.shop.test/", "a wildcard is not a host"),
        ("http://[/", "its Location is not a URL"),
        ("", "its Location must be one URL"),
        ("/a b", "its Location must be one URL"),
        (f"/{'x' * 2000}", "its Location must be one URL"),
        (PATH, "the redirects form a loop"),
    ],
)
def test_a_redirect_that_leads_astray_is_not_followed(
    world: Sites, location: str, rule: str
) -> None:
    """And the reason says why."""
    world.http.redirect(NAME, PATH, location)
    finding = world.validate()
    assert finding.verdict is Verdict.FILE_ABSENT
    assert f"is not followed: {rule}" in finding.reason
    assert len(world.http.requests) == 1
    assert not world.reached()


def test_no_redirect_leads_to_another_port(world: Sites) -> None:
    """Whoever listens there hears nothing."""
    with canaries(SITE) as (elsewhere,):
        world.http.redirect(NAME, PATH, f"http://{NAME}:{elsewhere.port}/")
        assert "is not followed: only port" in world.validate().reason
        assert not elsewhere.reached()


@pytest.mark.parametrize("status", [300, 303, 304, 305, 307, 308])
def test_no_other_status_redirects(world: Sites, status: int) -> None:
    """Only 301 and 302."""
    world.http.redirect(NAME, PATH, "/next", status=status)
    world.http.put(NAME, "/next", VALUE)
    finding = world.validate()
    assert finding.verdict is Verdict.FILE_ABSENT
    assert f"only status 301 and 302 are followed, not {status}" in finding.reason


def test_two_locations_are_none(world: Sites) -> None:
    """Which one is meant nobody knows."""
    both = b"HTTP/1.1 301 Moved\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    world.http.script(NAME, PATH, lambda line: line.send(both))
    assert "its Location must be one URL" in world.validate().reason


@pytest.mark.parametrize("status", [301, 302])
def test_two_redirects_within_the_domain_are_followed(world: Sites, status: int) -> None:
    """To another host, whose address is looked up, and to https; and told in the evidence."""
    world.name("cdn.shop.test")
    world.http.redirect(NAME, PATH, "http://cdn.shop.test/a?b=c#d", status=status)
    world.http.redirect("cdn.shop.test", "/a?b=c", f"https://{NAME}/there", status=status)
    world.https.put(NAME, "/there", VALUE)
    finding = world.validate()
    assert finding.verdict is Verdict.PROVED
    assert "redirected to http://cdn.shop.test/a?b=c#d" in finding.steps
    assert f"GET https://{NAME}/there" in finding.steps


def test_a_third_redirect_is_not_followed(world: Sites) -> None:
    """Though the file is there."""
    for here, there in ((PATH, "/1"), ("/1", "/2"), ("/2", "/3")):
        world.http.redirect(NAME, here, there)
    world.http.put(NAME, "/3", VALUE)
    finding = world.validate()
    assert finding.verdict is Verdict.FILE_ABSENT
    assert "more than 2 redirects are not followed" in finding.reason
    assert "/3" not in [each.path for each in world.http.requests]


def test_redirects_may_not_go_round_between_http_and_https(world: Sites) -> None:
    """Nor from https back to http at all."""
    world.http.redirect(NAME, PATH, f"https://{NAME}{PATH}")
    world.https.redirect(NAME, PATH, f"http://{NAME}{PATH}")
    assert "the redirects form a loop" in world.validate().reason
    world.https.redirect(NAME, PATH, f"http://{NAME}/plain")
    world.http.put(NAME, "/plain", VALUE)
    finding = world.validate()
    assert "a redirect may not lead from https back to http" in finding.reason
    assert finding.verdict is Verdict.FILE_ABSENT


def test_a_port_in_a_redirect_is_the_default_one_or_the_one_in_its_place(world: Sites) -> None:
    """Both lead to the latter."""
    world.http.redirect(NAME, PATH, f"http://{NAME}:80/1")
    world.http.redirect(NAME, "/1", f"http://{NAME}:{world.http.port}/2")
    world.http.put(NAME, "/2", VALUE)
    assert world.validate().verdict is Verdict.PROVED


def test_a_redirect_within_the_domain_leads_to_no_address_that_is_refused(world: Sites) -> None:
    """The domain's owner sets those of all of its names."""
    world.dns.add("inside.shop.test", "A", "127.0.0.1")
    world.http.redirect(NAME, PATH, f"http://inside.shop.test{PATH}")
    finding = world.validate()
    assert finding.verdict is Verdict.FILE_ABSENT
    assert "inside.shop.test has the address 127.0.0.1 (this machine)" in finding.reason
    assert not world.reached()
