"""Signed and other zones, served by nsd and asked for through unbound."""

from __future__ import annotations

import random

import pytest

from certdesk.domain.validation.caa import CaaIdentity
from certdesk.domain.validation.challenge import Challenge, ProofKind, Verdict
from certdesk.domain.values.names import DomainName
from certdesk.validation.anchors import read_anchors
from certdesk.validation.caa import Caa
from certdesk.validation.dns import DnsProof
from certdesk.validation.exchange import Server, Unanswered
from certdesk.validation.resolver import Resolver, check_deadline
from tests.validation.dnslab import TOKEN, DnsLab
from tests.validation.validating import CLOCK, resolver_of

pytestmark = [
    pytest.mark.needs("nsd"),
    pytest.mark.needs("unbound"),
]


def txt(name: str, value: str = TOKEN) -> Challenge:
    """Ask for a TXT record at `_dnsauth` before a name."""
    zone = DomainName(name).registrable
    label = f"_dnsauth.{name.removesuffix(zone)}".rstrip(".")
    return Challenge(name=name, kind=ProofKind.TXT, label=label, value=value)


@pytest.mark.parametrize(
    ("name", "secure"),
    [
        ("example.com", True),
        ("shop.example.com", True),
        # A zone without keys below a signed one, whose parent proves that it has none.
        ("plain.example.com", False),
        ("example.net", False),
        # A CNAME in a signed zone, to a record in one that is not.
        ("delegated.example.com", False),
    ],
)
def test_a_record_proves_whether_its_zone_is_signed_or_provably_not(
    lab: DnsLab, name: str, *, secure: bool
) -> None:
    """The evidence says which."""
    found = DnsProof(lab.resolver(), CLOCK).validate(txt(name))
    assert (found.verdict, found.reason) == (Verdict.PROVED, "")
    assert (found.secure, found.seen, found.resolver) == (secure, (TOKEN,), lab.checking)


@pytest.mark.parametrize("name", ["tampered", "expired", "stripped"])
def test_a_record_whose_signature_is_wrong_proves_nothing(lab: DnsLab, name: str) -> None:
    """Changed after it was signed, signed in the past, or without the signature it should have."""
    found = DnsProof(lab.resolver(), CLOCK).validate(txt(f"{name}.example.com"))
    assert found.verdict is Verdict.TXT_UNANSWERED
    assert "SERVFAIL" in found.reason
    assert (found.seen, found.secure) == ((), None)


@pytest.mark.parametrize("name", ["expired", "stripped"])
def test_what_is_refused_would_have_proved_unchecked(lab: DnsLab, name: str) -> None:
    """So it is the signature that decides: the same records by a resolver that checks none."""
    found = DnsProof(resolver_of(lab.unchecking), CLOCK).validate(txt(f"{name}.example.com"))
    assert (found.verdict, found.secure) == (Verdict.PROVED, None)


def test_absence_is_signed_too(lab: DnsLab) -> None:
    """NSEC records say that there is nothing."""
    found = DnsProof(lab.resolver(), CLOCK).validate(txt("nothing.example.com"))
    assert (found.verdict, found.secure) == (Verdict.TXT_ABSENT, True)


def test_a_cname_proves_though_its_target_does_not_exist(lab: DnsLab) -> None:
    """The code of the answer is that of the target, NXDOMAIN, and the record is in it."""
    wanted = Challenge(
        name="cname.example.com",
        kind=ProofKind.CNAME,
        label="_0123.cname",
        value="Nowhere.Example.COM",
    )
    found = DnsProof(lab.resolver(), CLOCK).validate(wanted)
    assert (found.verdict, found.secure) == (Verdict.PROVED, True)
    assert found.seen == ("nowhere.example.com",)
    assert "NXDOMAIN, 1 record, signed and checked" in found.steps[-1]


def test_all_addresses_of_a_host_are_found(lab: DnsLab) -> None:
    """Of both kinds."""
    found = lab.resolver().addresses("host.example.com", check_deadline())
    assert [str(address) for address in found.addresses] == ["192.0.2.1", "2001:db8::1"]
    assert found.secure


def test_a_resolver_that_checks_nothing_is_not_believed(lab: DnsLab) -> None:
    """It gives the right keys of the root, but not as checked."""
    found = DnsProof(lab.resolver(lab.unchecking), CLOCK).validate(txt("example.com"))
    assert found.verdict is Verdict.TXT_UNANSWERED
    assert "does not validate DNSSEC" in found.reason
    assert "dns.resolvers" in found.reason


def test_a_resolver_with_other_anchors_is_not_believed(lab: DnsLab) -> None:
    """What it checks by is not what the desk was told to trust."""
    anchors = read_anchors([lab.other_anchor])
    resolver = Resolver([Server.parse(lab.checking)], anchors, random.SystemRandom())
    with pytest.raises(Unanswered, match=r"other keys than dns\.trust_anchors"):
        resolver.ask("example.com", "A", check_deadline())


def test_a_resolver_that_checks_is_asked_where_another_does_not(lab: DnsLab) -> None:
    """The next in turn."""
    anchors = read_anchors([str(lab.anchor_file)])
    both = [Server.parse(lab.unchecking), Server.parse(lab.checking)]
    answer = Resolver(both, anchors, random.SystemRandom()).ask(
        "_dnsauth.example.com", "TXT", check_deadline()
    )
    assert (answer.secure, answer.server) == (True, lab.checking)


def test_caa_records_are_found_above_the_name(lab: DnsLab) -> None:
    """In signed zones, up to the first name that has some."""
    mine = CaaIdentity(frozenset({"ca.example.net"}), frozenset())
    found = Caa(lab.resolver(), CLOCK).check(
        DomainName.parse("a.shop.example.com"), ProofKind.TXT, mine
    )
    assert (found.permitted, found.found_at, found.secure) == (True, "example.com", True)
    assert found.records == ("0 issue ca.example.net",)


def test_without_caa_records_up_to_the_top_issuing_is_permitted(lab: DnsLab) -> None:
    """Every name on the way is asked for."""
    mine = CaaIdentity(frozenset({"ca.example.net"}), frozenset())
    found = Caa(lab.resolver(), CLOCK).check(
        DomainName.parse("shop.example.net"), ProofKind.TXT, mine
    )
    assert (found.permitted, found.found_at, found.secure) == (True, None, False)
    assert [step.split(",")[0] for step in found.steps] == [
        "CAA of shop.example.net",
        "CAA of example.net",
        "CAA of net",
    ]


def test_caa_records_that_were_changed_refuse(lab: DnsLab) -> None:
    """Whoever changes them gains nothing: neither by other records nor by none."""
    mine = CaaIdentity(frozenset({"rogue.example"}), frozenset())
    found = Caa(lab.resolver(), CLOCK).check(
        DomainName.parse("tampered.example.com"), ProofKind.TXT, mine
    )
    assert not found.permitted
    assert "The desk issues nothing until they can be read." in found.reason
