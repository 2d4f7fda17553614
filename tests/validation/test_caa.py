"""Where CAA records of a name are looked for, and that nothing is permitted unseen."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import dns.message
import pytest

from certdesk.domain.validation.caa import NO_IDENTITY, CaaIdentity
from certdesk.domain.validation.challenge import CaaFinding, ProofKind
from certdesk.domain.values.names import DomainName
from certdesk.validation.caa import Caa, CaaUnchecked
from certdesk.world.nameserver import NameServer
from tests.validation.validating import CLOCK, NOW, resolver_of
from tests.working import until

MINE = "ca.example.net"
NAME = "a.b.example.com"
FORBIDDING = '0 issue ";"'


def caa(
    names: NameServer,
    name: str = NAME,
    *,
    identities: tuple[str, ...] = (MINE,),
    accounts: tuple[str, ...] = (),
    kind: ProofKind = ProofKind.TXT,
) -> CaaFinding:
    """Ask whether the desk may issue for a name."""
    identity = CaaIdentity(frozenset(identities), frozenset(accounts))
    return Caa(resolver_of(names.endpoint), CLOCK).check(DomainName.parse(name), kind, identity)


def test_every_name_up_to_the_top_is_asked(names: NameServer) -> None:
    """Where none has records, everybody is permitted."""
    found = caa(names)
    assert (found.permitted, found.reason, found.found_at) == (True, "", None)
    assert sorted(names.asked("CAA")) == sorted([NAME, "b.example.com", "example.com", "com"])
    assert len(found.steps) == 4
    assert (found.records, found.secure, found.resolver) == ((), None, names.endpoint)
    assert (found.began_at, found.ended_at) == (NOW, NOW)


@pytest.mark.parametrize("at", [NAME, "b.example.com", "example.com", "com"])
def test_the_first_name_that_has_records_decides(names: NameServer, at: str) -> None:
    """Those above it do not matter, though they were asked for at the same time."""
    names.add(at, "CAA", f'0 issue "{MINE}"')
    for above in ("b.example.com", "example.com", "com"):
        if len(above) < len(at):
            names.add(above, "CAA", FORBIDDING)
    found = caa(names)
    assert (found.permitted, found.found_at) == (True, at)
    assert found.records == (f"0 issue {MINE}",)
    assert f"CAA of {at}, asked of" in found.steps[-1]

    names.remove(at, "CAA")
    names.add(at, "CAA", FORBIDDING)
    found = caa(names)
    assert (found.permitted, found.found_at) == (False, at)


def test_a_parents_records_forbid(names: NameServer) -> None:
    """With who is permitted instead, and what record would do."""
    names.add("example.com", "CAA", '0 issue "other.example"', '0 iodef "mailto:a@example.com"')
    assert caa(names).reason == (
        f"The CAA records of example.com do not let this desk issue for {NAME}: no CAA "
        "record issue permits this desk: one names other.example. This record allows it: 0 "
        f'issue "{MINE}".'
    )


def test_a_desk_without_identity_says_so(names: NameServer) -> None:
    """The records may be right, and the setting missing."""
    names.add("example.com", "CAA", f'0 issue "{MINE}"')
    found = caa(names, identities=())
    assert not found.permitted
    assert found.reason.endswith("The desk has no identity for CAA (setting caa.identities).")


def test_a_wildcard_is_asked_for_by_the_name_below_the_star(names: NameServer) -> None:
    """And issuewild records are for it alone."""
    names.add("example.com", "CAA", f'0 issue "{MINE}"', '0 issuewild ";"')
    found = caa(names, "*.example.com")
    assert (found.permitted, found.found_at) == (False, "example.com")
    assert f'0 issuewild "{MINE}"' in found.reason
    assert caa(names, "www.example.com").permitted
    assert "*.example.com" not in names.asked("CAA")


def test_a_critical_record_of_an_unknown_kind_forbids(names: NameServer) -> None:
    """Beside one that permits."""
    names.add("example.com", "CAA", f'0 issue "{MINE}"', '128 future "x"')
    found = caa(names)
    assert not found.permitted
    assert "the critical CAA property future" in found.reason


def test_critical_records_for_mail_and_marks_are_no_hindrance(names: NameServer) -> None:
    """RFC 9495: they say nothing of servers."""
    names.add("example.com", "CAA", '128 issuemail ";"', '128 IssueVMC "other.example"')
    assert caa(names).permitted
    assert caa(names, "*.example.com").permitted


def test_an_account_and_methods_are_asked_for(names: NameServer) -> None:
    """RFC 8657: each of them has to fit, and the reason names the one that does not."""
    account = "https://ca.example.net/account/7"
    value = f"{MINE}; accounturi={account}; validationmethods=dns-01,ca-dns"
    names.add("example.com", "CAA", f'0 issue "{value}"')

    assert caa(names, accounts=(account,)).permitted
    other = caa(names, accounts=(f"{account}1",))
    assert f"one is for the account {account} (RFC 8657, 3)" in other.reason
    file = caa(names, accounts=(account,), kind=ProofKind.FILE)
    assert "one allows only validation by dns-01,ca-dns (RFC 8657, 4)" in file.reason


def test_what_is_found_is_cut_before_it_is_kept(names: NameServer) -> None:
    """Records as large as an answer may be, which a stranger can publish for nothing."""
    names.add(NAME, "CAA", *(f'0 issue "{number}.example"' for number in range(500)))
    names.add("b.example.com", "CAA", f'0 issue "{MINE}; accounturi={"x" * 15_000}"')
    many, one = caa(names), caa(names, "b.example.com")
    assert "one names 0.example; " in many.reason
    assert "; and 490 more. This record allows it" in many.reason
    assert "one is for the account xxx" in one.reason
    for found in (many, one):
        assert not found.permitted
        assert len(found.reason) + sum(map(len, found.records + found.steps)) < 8_000


def test_a_tag_may_have_any_case(names: NameServer) -> None:
    """RFC 8659, 4.1."""
    names.add("example.com", "CAA", '0 ISSUE ";"')
    assert not caa(names).permitted


@pytest.mark.parametrize("at", [NAME, "b.example.com", "example.com", "com"])
@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED"])
def test_a_failure_at_any_step_forbids(names: NameServer, at: str, code: str) -> None:
    """Though nothing forbids elsewhere; it is said what failed, and what was asked before."""
    names.fail(at, code)
    found = caa(names)
    assert (found.permitted, found.found_at, found.records) == (False, None, ())
    assert code in found.reason
    assert names.asked("CAA").count(at) == 3
    assert [f"CAA of {at}, " in step for step in found.steps[-3:]] == [True] * 3


def test_a_failure_above_the_records_is_not_met(names: NameServer) -> None:
    """The climb ends with the first name that has some."""
    names.add(NAME, "CAA", f'0 issue "{MINE}"')
    names.fail("example.com")
    assert caa(names).permitted


def test_a_name_and_those_above_it_are_asked_for_side_by_side(names: NameServer) -> None:
    """So that a check takes as long as one question: each is there before any is answered."""
    all_asked = threading.Barrier(4)

    def answered(query: dns.message.Message, _: bool) -> Iterator[bytes]:  # noqa: FBT001 -- as scripts are called
        all_asked.wait(1)
        yield names.response(query).to_wire()

    for name in (NAME, "b.example.com", "example.com", "com"):
        names.script(name, answered)
    assert caa(names).permitted
    assert not all_asked.broken


def test_of_many_names_above_a_few_are_asked_for_at_once(names: NameServer) -> None:
    """The others one after the other, when it is their turn."""
    deep = ".".join(["a"] * 20) + ".example.com"
    names.add(deep, "CAA", f'0 issue "{MINE}"')

    assert caa(names, deep).permitted
    until(lambda: len(names.asked("CAA")) == 4)


def test_a_cname_is_followed_and_not_climbed_from(names: NameServer) -> None:
    """RFC 8659, 3: the records of the target count, those above the target do not."""
    names.add(NAME, "CNAME", "host.cdn.example.org.")
    names.add("example.org", "CAA", FORBIDDING)
    names.add("cdn.example.org", "CAA", FORBIDDING)
    assert caa(names).permitted
    assert sorted(names.asked("CAA")) == sorted([NAME, "b.example.com", "example.com", "com"])

    names.add("host.cdn.example.org", "CAA", FORBIDDING)
    found = caa(names)
    assert (found.permitted, found.found_at) == (False, NAME)


def test_chains_that_do_not_end_forbid(names: NameServer) -> None:
    """A circle is no absence."""
    names.add(NAME, "CNAME", f"{NAME}.")
    found = caa(names)
    assert not found.permitted
    assert "loop" in found.reason


def test_of_a_hundred_names_each_is_asked(names: NameServer) -> None:
    """One has a record, and it is that one that is refused; none stands for another."""
    hundred = [f"n{number:03}.example.com" for number in range(100)]
    names.add(hundred[72], "CAA", FORBIDDING)
    refused = [name for name in hundred if not caa(names, name).permitted]
    assert refused == [hundred[72]]
    assert [name for name in names.asked("CAA") if name in hundred] == hundred


def test_what_changes_is_seen(names: NameServer) -> None:
    """Nothing is kept from one check to the next."""
    assert caa(names).permitted
    names.add("example.com", "CAA", FORBIDDING)
    assert not caa(names).permitted


def test_a_desk_that_does_not_check_says_so(names: NameServer) -> None:
    """It asks nothing, and its evidence has that."""
    names.add("example.com", "CAA", FORBIDDING)
    found = CaaUnchecked(CLOCK).check(DomainName.parse("example.com"), ProofKind.FILE, NO_IDENTITY)
    assert (found.permitted, found.secure) == (True, None)
    assert found.steps == ("CAA records of example.com (FILE) were not checked: caa.check is off",)
    assert names.questions == []
