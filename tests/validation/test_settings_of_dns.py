"""What the settings of DNS and CAA make of a desk."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from certdesk.bootstrap import caa_checker, dns_resolver, validators
from certdesk.bootstrap.issuing import caa_identity
from certdesk.domain.validation.challenge import ProofKind, Verdict
from certdesk.domain.values.names import DomainName
from certdesk.settings import Settings
from certdesk.world.nameserver import NameServer
from tests.running import PROGRAM
from tests.validation.validating import CLOCK, CNAME, RECORD, TARGET, TOKEN, TXT
from tools import servers

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide"
NAME = DomainName.parse("shop.example.com")


def set_to(names: NameServer, **changes: object) -> Settings:
    """Settings of a desk that asks a name server which checks nothing."""
    given: dict[str, object] = {"dns_resolvers": (names.endpoint,), "dns_dnssec": "off"}
    return Settings(**(given | changes))  # type: ignore[arg-type]  # the fields are given by name


def test_a_desk_looks_by_the_resolvers_that_are_set(names: NameServer) -> None:
    """For records of both types."""
    names.add(RECORD, "TXT", TOKEN)
    names.add(CNAME.record, "CNAME", f"{TARGET}.")
    settings = set_to(names)
    found_by = validators(settings, dns_resolver(settings), CLOCK)
    for challenge in (TXT, CNAME):
        found = found_by[challenge.kind].validate(challenge)
        assert (found.verdict, found.resolver) == (Verdict.PROVED, names.endpoint)


def test_signatures_are_wanted_unless_that_is_set_off(names: NameServer) -> None:
    """By the keys of the root, which nobody but the root has."""
    names.add(RECORD, "TXT", TOKEN)
    settings = set_to(names, dns_dnssec="validate")
    found = validators(settings, dns_resolver(settings), CLOCK)[ProofKind.TXT].validate(TXT)
    assert found.verdict is Verdict.TXT_UNANSWERED
    assert "the keys of . was not marked as validated" in found.reason
    assert set(names.questions) == {(".", "DNSKEY")}


@pytest.mark.parametrize(
    ("changes", "permitted"),
    [
        ({}, False),
        ({"caa_identities": ("CA.example.net",)}, False),
        ({"caa_identities": ("CA.example.net",), "caa_accounts": ("https://ca/7",)}, True),
        ({"caa_check": False}, True),
    ],
)
def test_caa_is_asked_as_who_the_desk_is_set_to_be(
    names: NameServer, changes: dict[str, object], *, permitted: bool
) -> None:
    """Nobody at first, so that a record which names issuers forbids."""
    names.add("example.com", "CAA", '0 issue "ca.example.net; accounturi=https://ca/7"')
    settings = set_to(names, **changes)
    checker = caa_checker(settings, dns_resolver(settings), CLOCK)
    identity = caa_identity(settings)
    assert checker.check(NAME, ProofKind.TXT, identity).permitted is permitted


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DNS_RESOLVERS", "localhost:53", "dns.resolvers: 'localhost:53' does not appear to be"),
        ("DNS_RESOLVERS", "127.0.0.1:99999", "dns.resolvers: 99999 is not a port"),
        ("DNS_RESOLVERS", ",", "dns.resolvers: name at least one"),
        ("DNS_TRUST_ANCHORS", "/nowhere", "dns.trust_anchors: /nowhere cannot be read"),
        ("DNS_TRUST_ANCHORS", ". IN DS 1", "dns.trust_anchors: . IN DS 1 is not a trust anchor"),
        ("DNS_TRUST_ANCHORS", ",", "dns.trust_anchors: there is no trust anchor"),
        ("DNS_DNSSEC", "on", 'dns.dnssec: must be validate or off, not "on"'),
        ("CAA_CHECK", "perhaps", 'caa.check: must be true or false, not "perhaps"'),
    ],
)
def test_a_wrong_setting_keeps_the_desk_from_starting(
    tmp_path: Path, variable: str, value: str, message: str
) -> None:
    """The operator is told which, and why."""
    ended = subprocess.run(
        [PROGRAM, "serve", "--data", tmp_path / "data"],
        env=os.environ | {f"CERTDESK_{variable}": value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert message in ended.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.needs("unbound")
def test_unbound_takes_the_settings_of_the_guide(tmp_path: Path) -> None:
    """As its own check of them says."""
    pages = "".join((GUIDE / page).read_text() for page in ("dns.md", "ca.md"))
    found = re.findall(r"^```text\n(server:\n.*?)^```", pages, re.DOTALL | re.MULTILINE)
    assert len(found) == 2
    file = tmp_path / "unbound.conf"
    file.write_text("".join(found))
    checker = servers.find("unbound-checkconf")
    assert checker is not None
    subprocess.run([checker, file], check=True, stdout=subprocess.DEVNULL)
