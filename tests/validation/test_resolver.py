"""Which resolvers are asked, in which order, and which are believed."""

from __future__ import annotations

import random
from pathlib import Path

import dns.dnssec
import dns.dnssectypes
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certdesk.settings import ROOT_ANCHORS
from certdesk.validation.anchors import read_anchors
from certdesk.validation.exchange import Server, Unanswered
from certdesk.validation.resolver import Answer, Resolver, check_deadline
from certdesk.world.nameserver import NameServer, nameserver
from tests.validation.validating import resolver_of

ZONE = "example.com"
NAME = "www.example.com"
KEY = dns.dnssec.make_dnskey(
    ec.generate_private_key(ec.SECP256R1()).public_key(),
    dns.dnssectypes.Algorithm.ECDSAP256SHA256,
    flags=257,
)
DS = dns.dnssec.make_ds(f"{ZONE}.", KEY, "SHA256")


def ask(names: NameServer, *anchors: str) -> Answer:
    """Ask for the addresses of a host by a resolver that has to show that it checks."""
    wanted = read_anchors(anchors)
    resolver = Resolver([Server.parse(names.endpoint)], wanted, random.SystemRandom())
    return resolver.ask(NAME, "A", check_deadline())


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:5353", "127.0.0.1", 5353),
        ("127.0.0.1", "127.0.0.1", 53),
        ("[::1]:5353", "::1", 5353),
        ("::1", "::1", 53),
        ("2001:db8::53", "2001:db8::53", 53),
    ],
)
def test_a_server_is_an_address_with_or_without_a_port(text: str, host: str, port: int) -> None:
    """Of either kind; an IPv6 address with a port is in brackets."""
    assert Server.parse(text) == Server(host, port)
    assert Server.parse(str(Server.parse(text))) == Server(host, port)


@pytest.mark.parametrize(
    "text", ["", ":53", "localhost:53", "dns.example.com", "127.0.0.1:", "127.0.0.1:0", "1.2.3.4:x",
             "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:٥٣", "127.1:53", "[::1", "::1]:53:"]
)  # fmt: skip
def test_anything_else_is_no_server(text: str) -> None:
    """A host's name neither: there is nobody yet to ask for its address."""
    with pytest.raises(ValueError):  # noqa: PT011 -- of ipaddress, or of a port
        Server.parse(text)


def test_resolvers_are_asked_in_turn() -> None:
    """Three times in all, and each of them once at least."""
    with nameserver() as one, nameserver() as two:
        for names in (one, two):
            names.fail(NAME)
        with pytest.raises(Unanswered) as failure:
            resolver_of(one.endpoint, two.endpoint).ask(NAME, "A", check_deadline())
        order = [step.split(" asked of ")[1].split(": ")[0] for step in failure.value.steps]
        assert order == [one.endpoint, two.endpoint, one.endpoint]

        with pytest.raises(Unanswered):
            resolver_of(*[one.endpoint] * 4, two.endpoint).ask(NAME, "A", check_deadline())
        assert (len(one.questions), len(two.questions)) == (6, 2)


@pytest.mark.parametrize(
    "name", ["a" * 64 + ".example.com", "a..example.com", ".".join(["a"] * 130)]
)
def test_what_dns_cannot_hold_is_not_asked_for(names: NameServer, name: str) -> None:
    """And is no other failure than others are."""
    with pytest.raises(Unanswered, match="not a possible DNS name"):
        resolver_of(names.endpoint).ask(name, "A", check_deadline())
    assert names.questions == []


def test_all_addresses_are_given(names: NameServer) -> None:
    """Along CNAME records, IPv4 first; none where there are none."""
    names.add(NAME, "CNAME", "web.example.net.")
    names.add("web.example.net", "A", "192.0.2.1", "192.0.2.2")
    names.add("web.example.net", "AAAA", "2001:db8::1")
    resolver = resolver_of(names.endpoint)
    found = resolver.addresses(NAME, check_deadline())
    *fours, six = map(str, found.addresses)
    # A server gives the records of a type in any order.
    assert (sorted(fours), six) == (["192.0.2.1", "192.0.2.2"], "2001:db8::1")
    assert len(found.steps) == 2
    assert resolver.addresses("none.example.com", check_deadline()).addresses == ()


def test_addresses_of_one_kind_alone_are_none(names: NameServer) -> None:
    """Who cannot read AAAA records does not know where a host is; what was asked is told."""
    names.add(NAME, "A", "192.0.2.1")
    names.script(NAME, lambda query, _tcp: [_failing_six(names, query)])
    with pytest.raises(Unanswered) as failure:
        resolver_of(names.endpoint).addresses(NAME, check_deadline())
    assert [step.split(" ")[0] for step in failure.value.steps] == ["A", "AAAA", "AAAA", "AAAA"]


def _failing_six(names: NameServer, query: dns.message.Message) -> bytes:
    response = names.response(query)
    if query.question[0].rdtype == dns.rdatatype.AAAA:
        response.set_rcode(dns.rcode.SERVFAIL)
    return response.to_wire()


# --- trust --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "anchor", [f"{ZONE}. IN DS {DS}", f"{ZONE}. 3600 IN DNSKEY {KEY}"], ids=["digest", "key"]
)
def test_a_resolver_that_gives_the_anchors_keys_as_checked_is_believed(
    names: NameServer, anchor: str
) -> None:
    """By the digest of a key, or by the key; it is asked once for both answers."""
    names.checked = True
    names.add(ZONE, "DNSKEY", str(KEY))
    names.add(NAME, "A", "192.0.2.1")
    resolver = Resolver(
        [Server.parse(names.endpoint)], read_anchors([anchor]), random.SystemRandom()
    )
    assert resolver.ask(NAME, "A", check_deadline()).secure
    names.checked = False
    assert resolver.ask(NAME, "A", check_deadline()).secure is False
    assert names.asked("DNSKEY") == [ZONE]


@pytest.mark.parametrize("unsigned", [NAME, "web.example.net", None])
def test_a_chain_is_signed_if_every_part_of_it_is(names: NameServer, unsigned: str | None) -> None:
    """Here each part is an answer of its own."""
    names.checked = True
    names.add(ZONE, "DNSKEY", str(KEY))
    names.add(NAME, "CNAME", "web.example.net.")
    names.add("web.example.net", "A", "192.0.2.1")

    def script(query: dns.message.Message, _tcp: bool) -> list[bytes]:  # noqa: FBT001 - a Script
        response = names.response(query)
        response.answer = response.answer[:1]
        if query.question[0].name.to_text(omit_final_dot=True).lower() == unsigned:
            response.flags &= ~dns.flags.AD
        return [response.to_wire()]

    for name in (NAME, "web.example.net"):
        names.script(name, script)
    answer = ask(names, f"{ZONE}. IN DS {DS}")
    assert answer.chain == ("web.example.net",)
    assert [record.to_text() for record in answer.records] == ["192.0.2.1"]
    assert answer.secure is (unsigned is None)


def test_keys_that_did_not_come_as_checked_show_nothing(names: NameServer) -> None:
    """Everybody can give them."""
    names.add(ZONE, "DNSKEY", str(KEY))
    with pytest.raises(Unanswered, match="does not validate DNSSEC"):
        ask(names, f"{ZONE}. IN DS {DS}")
    assert names.asked("A") == []


def test_a_claim_without_the_keys_shows_nothing(names: NameServer) -> None:
    """The flag alone is set by many."""
    names.checked = True
    names.add(NAME, "A", "192.0.2.1")
    with pytest.raises(Unanswered, match="does not validate DNSSEC"):
        ask(names, f"{ZONE}. IN DS {DS}")


def test_every_anchor_zone_has_to_be_shown(names: NameServer) -> None:
    """Of a zone's anchors one is enough: keys are changed by having two for a time."""
    names.checked = True
    names.add(ZONE, "DNSKEY", str(KEY))
    names.add(NAME, "A", "192.0.2.1")
    other = f"{ZONE}. IN DS {DS.to_text().replace(str(DS.key_tag), '1', 1)}"
    assert ask(names, other, f"{ZONE}. IN DS {DS}").secure
    with pytest.raises(Unanswered, match=r"the keys of \. was not marked"):
        ask(names, f"{ZONE}. IN DS {DS}", *ROOT_ANCHORS)


def test_anchors_are_read_from_records_and_files(tmp_path: Path) -> None:
    """Also from the file that unbound keeps its own in."""
    file = tmp_path / "root key"
    file.write_text(
        "; autotrust trust anchor file\n;;id: . 1\n"
        f".\t172800\tIN\tDNSKEY\t{KEY} ;{{id = 1 (ksk), size = 256b}} ;;state=2 [  VALID  ]\n"
    )
    anchors = read_anchors([*ROOT_ANCHORS, str(file), f"{ZONE}. DS {DS}"])
    assert {str(zone): len(found) for zone, found in anchors.items()} == {".": 3, f"{ZONE}.": 1}


def test_a_key_may_be_longer_than_a_files_name(names: NameServer) -> None:
    """As those of RSA are."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    algorithm = dns.dnssectypes.Algorithm.RSASHA256
    key = dns.dnssec.make_dnskey(private.public_key(), algorithm, flags=257)
    names.checked = True
    names.add(ZONE, "DNSKEY", str(KEY), str(key))
    assert ask(names, f"{ZONE}. 3600 IN DNSKEY {key}").secure


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f". IN DS 20326 8 2 {'00' * 32}\n. IN A 192.0.2.1", "A records are not trust anchors"),
        (". IN A 192.0.2.1", "cannot be read: No such file"),
        ("x" * 300, "cannot be read: File name too long"),
        (". IN DS 20326 8 2 nonsense", "is not a trust anchor"),
        (". IN DS", "is not a trust anchor"),
        ("/nowhere/root.key", "/nowhere/root.key cannot be read: No such file"),
        ("", "cannot be read"),
    ],
)
def test_what_is_no_anchor_is_refused(text: str, why: str) -> None:
    """With the text that is wrong."""
    with pytest.raises(ValueError, match=why):
        read_anchors([text])


def test_without_any_anchor_nothing_can_be_shown() -> None:
    """It would be the same as off, without saying so."""
    with pytest.raises(ValueError, match="there is no trust anchor"):
        read_anchors([])
