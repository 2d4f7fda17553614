"""What CAA records permit: RFC 8659 and RFC 8657."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.validation.caa import (
    NO_IDENTITY,
    CaaIdentity,
    CaaRecord,
    WantedIssuance,
    refusal,
)
from certdesk.domain.validation.challenge import ProofKind
from certdesk.domain.values.record import replace

MINE = "ca.example.net"
ACCOUNT = "https://ca.example.net/account/7"
MYSELF = CaaIdentity(frozenset({MINE, "second.example"}), frozenset({ACCOUNT}))
DNS = WantedIssuance(MYSELF, ProofKind.TXT, wildcard=False)
WILD = replace(DNS, wildcard=True)
FILE = replace(DNS, kind=ProofKind.FILE)


def issue(*values: str) -> list[CaaRecord]:
    """Make issue records."""
    return [CaaRecord(0, "issue", value.encode()) for value in values]


def wild(*values: str) -> list[CaaRecord]:
    """Make issuewild records."""
    return [CaaRecord(0, "issuewild", value.encode()) for value in values]


def test_no_records_permit_everybody() -> None:
    """Nobody has said anything."""
    assert refusal([], DNS) is None
    assert refusal([], WILD) is None


@pytest.mark.parametrize(
    "value",
    [
        MINE,
        "CA.Example.NET",
        f"  {MINE} \t",
        f"{MINE};",
        f"{MINE} ; ",
        f"{MINE}; policy=ev",
        f"{MINE}; policy = ev ; other=",
        f"{MINE};a=b;c=d:e/f?g=h",
        "second.example",
    ],
)
def test_a_record_that_names_the_desk_permits(value: str) -> None:
    """In any case and with blanks, with parameters that are not known here, or without."""
    assert refusal(issue(value), DNS) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        ";",
        " ; ",
        "; policy=ev",
        "other.example",
        f"{MINE}.",
        f"x{MINE}",
        f"{MINE} other.example",
        f"-{MINE}",
        f"{MINE}; policy",
        f"{MINE}; =ev",
        f"{MINE}; policy=e v",
        f"{MINE}; policy=ev;",
        f"{MINE};;",
        f"{MINE}; pol icy=ev",
        f"{MINE}; policy=\x7f",
        f"{MINE}\x00",
        f"{MINE}\n",
        f'"{MINE}"',
        f"{MINE}é",
        "ca.example.net，",
    ],
)
def test_a_record_that_names_others_nobody_or_is_malformed_forbids(value: str) -> None:
    """A malformed one names nobody, and so forbids like an empty one."""
    why = refusal(issue(value), DNS)
    assert why is not None
    assert why.startswith("no CAA record issue permits this desk: one ")


def test_one_record_of_many_is_enough() -> None:
    """The others permit others."""
    assert refusal(issue("other.example", ";", MINE), DNS) is None


def test_a_desk_without_identity_is_never_named() -> None:
    """An empty value names nobody, and nobody is not such a desk."""
    nameless = replace(DNS, identity=NO_IDENTITY)
    assert refusal(issue(";"), nameless) is not None
    assert refusal(issue(MINE), nameless) is not None
    assert refusal([CaaRecord(0, "iodef", b"mailto:a@example.com")], nameless) is None


def test_issuewild_decides_for_wildcards_alone() -> None:
    """Where there is one; else issue does."""
    assert refusal(wild(";"), WILD) is not None
    assert refusal(wild(";"), DNS) is None
    assert refusal(wild(MINE), WILD) is None
    assert refusal([*wild(";"), *issue(MINE)], WILD) is not None
    assert refusal([*wild(MINE), *issue(";")], WILD) is None
    assert refusal([*wild(MINE), *issue(";")], DNS) is not None
    assert refusal(issue(MINE), WILD) is None
    assert refusal(issue(";"), WILD) is not None


def test_a_record_that_is_malformed_is_told_from_one_that_names_nobody() -> None:
    """The owner of the one has to mend it, and the owner of the other means it."""
    begin = "no CAA record issue permits this desk: "
    malformed = f"{begin}one is malformed, and so names no issuer (RFC 8659, 4.2)"
    assert refusal(issue(f"{MINE}; policy"), DNS) == malformed
    assert refusal(issue(f"{MINE} {MINE}"), DNS) == malformed
    assert refusal(issue(";"), DNS) == refusal(issue(""), DNS) == f"{begin}one names no issuer"


KNOWN = ["iodef", "issuemail", "issuevmc", "contactemail", "contactphone"]


@pytest.mark.parametrize("issuance", [DNS, WILD, FILE], ids=["a name", "a wildcard", "a file"])
@pytest.mark.parametrize("flags", [0, 1, 0x7F, 0x80, 0xFF])
@pytest.mark.parametrize("tag", KNOWN)
def test_what_is_known_and_not_about_servers_changes_nothing(
    tag: str, flags: int, issuance: WantedIssuance
) -> None:
    """RFC 9495: issuemail is for e-mail; critical or not, it says nothing of a server."""
    for value in (b";", b"other.example", b"mailto:a@example.com"):
        record = CaaRecord(flags, tag, value)
        assert refusal([record], issuance) is None
        assert refusal([record, *issue(MINE)], issuance) is None
        assert refusal([record, *issue(";")], issuance) == refusal(issue(";"), issuance) is not None


@pytest.mark.parametrize("flags", [0, 1, 0x40, 0x7F, 0x80, 0x81, 0xFF])
def test_flags_change_nothing_of_an_issue_record(flags: int) -> None:
    """RFC 8659, 4.1: bit 0 asks to understand the kind, which is; the others are ignored."""
    assert refusal([CaaRecord(flags, "issue", MINE.encode())], DNS) is None
    assert refusal([CaaRecord(flags, "issue", b"other.example")], DNS) is not None
    assert refusal([CaaRecord(flags, "issuewild", b"other.example")], DNS) is None
    assert refusal([CaaRecord(flags, "issuewild", b"other.example")], WILD) is not None


@pytest.mark.parametrize("tag", ["future", "auth", "path", "policy", "issu", "issuemails"])
def test_a_critical_record_of_an_unknown_kind_forbids(tag: str) -> None:
    """Whatever else is there, and whatever other flags it has."""
    for flags in (0x80, 0x81, 0xFF):
        why = refusal([*issue(MINE), CaaRecord(flags, tag, b"x")], DNS)
        assert why == f"the desk does not know the critical CAA property {tag} (RFC 8659, 4.1)"
    for flags in (0, 1, 0x7F):
        assert refusal([*issue(MINE), CaaRecord(flags, tag, b"x")], DNS) is None


def test_a_critical_record_of_a_known_kind_is_one_like_others() -> None:
    """It is understood, so the flag changes nothing."""
    assert refusal([CaaRecord(0x80, "issue", MINE.encode())], DNS) is None
    assert refusal([CaaRecord(0x80, "issuewild", b";")], DNS) is None
    assert refusal([CaaRecord(0x80, "iodef", b"https://example.com")], DNS) is None


def test_an_account_may_be_asked_for() -> None:
    """By its URI, to the letter, and once."""
    assert refusal(issue(f"{MINE}; accounturi={ACCOUNT}"), DNS) is None
    assert refusal(issue(f"{MINE}; AccountURI={ACCOUNT}"), DNS) is None
    for other in (f"{ACCOUNT}1", ACCOUNT[:-1], ACCOUNT.upper(), ""):
        why = refusal(issue(f"{MINE}; accounturi={other}"), DNS)
        assert why is not None
        assert why.endswith(f" permits this desk: one is for the account {other} (RFC 8657, 3)")
    twice = f"{MINE}; accounturi={ACCOUNT}; accounturi={ACCOUNT}"
    assert refusal(issue(twice), DNS) == (
        "no CAA record issue permits this desk: one has more than one accounturi, so no "
        "account matches it (RFC 8657, 3)"
    )
    assert refusal(wild(f"{MINE}; accounturi={ACCOUNT}1"), WILD) is not None
    assert refusal(wild(f"{MINE}; accounturi={ACCOUNT}"), WILD) is None
    assert refusal(issue(twice, f"{MINE}; accounturi={ACCOUNT}"), DNS) is None


@pytest.mark.parametrize(
    ("methods", "permits"),
    [
        ("dns-01", (DNS,)),
        ("ca-dns", (DNS,)),
        ("http-01", (FILE,)),
        ("ca-file", (FILE,)),
        ("dns-01,http-01", (DNS, FILE)),
        ("tls-alpn-01,ca-file", (FILE,)),
        ("tls-alpn-01", ()),
        ("dns", ()),
        ("dns-01x,xdns-01", ()),
        (",", ()),
        ("", ()),
        ("dns-01,", ()),
        (",dns-01", ()),
        ("dns-01,,http-01", ()),
        ("dns-01,http_01", ()),
        ("dns-01:http-01", ()),
        ("DNS-01", ()),
    ],
)
def test_methods_may_be_asked_for(methods: str, permits: tuple[WantedIssuance, ...]) -> None:
    """By the name that ACME has for one, or by the desk's own, in a list without a fault."""
    for issuance in (DNS, FILE):
        why = refusal(issue(f"{MINE}; validationmethods={methods}"), issuance)
        assert (why is None) == (issuance in permits)


def test_a_cname_is_a_method_of_dns() -> None:
    """As a TXT record is."""
    cname = replace(DNS, kind=ProofKind.CNAME)
    assert refusal(issue(f"{MINE}; validationmethods=dns-01"), cname) is None


def test_each_fault_of_methods_has_its_reason() -> None:
    """Its owner has to know what to mend."""

    def reason(methods: str) -> str | None:
        return refusal(issue(f"{MINE}; validationmethods={methods}"), DNS)

    begin = "no CAA record issue permits this desk: one"
    assert reason("http-01") == f"{begin} allows only validation by http-01 (RFC 8657, 4)"
    assert reason("") == f"{begin} allows no validation method (RFC 8657, 4)"
    assert reason("dns-01,") == (f"{begin} has malformed validationmethods: dns-01, (RFC 8657, 4)")
    assert reason("dns-01; validationmethods=dns-01") == (
        f"{begin} has more than one validationmethods, so no method matches it (RFC 8657, 4)"
    )


def test_account_and_method_have_to_fit_both() -> None:
    """And methods given twice fit nothing."""
    both = f"{MINE}; accounturi={ACCOUNT}; validationmethods="
    assert refusal(issue(f"{both}dns-01"), DNS) is None
    assert refusal(issue(f"{both}http-01"), DNS) is not None
    assert refusal(issue(f"{both}dns-01; validationmethods=dns-01"), DNS) is not None


def test_the_reason_names_each_record_once() -> None:
    """In their order."""
    assert refusal(issue("a.example", ";", "b.example", "a.example"), DNS) == (
        "no CAA record issue permits this desk: one names a.example; one names no issuer; "
        "one names b.example"
    )


LONG = "x" * 15_000


@pytest.mark.parametrize(
    "values",
    [
        (LONG,),
        (f"{MINE}; accounturi={LONG}",),
        (f"{MINE}; validationmethods={LONG}",),
        (f"{MINE}; validationmethods={LONG}=",),
        tuple(f"{number}.example" for number in range(500)),
        tuple(f"{number}.{LONG}" for number in range(500)),
    ],
    ids=["name", "account", "methods", "malformed methods", "records", "long records"],
)
def test_the_reason_is_short_whatever_the_records_hold(values: tuple[str, ...]) -> None:
    """It is kept with the order and told in replies."""
    why = refusal(issue(*values), DNS)
    assert why is not None
    assert len(why) < 4_000
    if len(values) > 1:
        assert why.endswith("; and 490 more")
    else:
        assert f"{'x' * 200}" in why
        assert "..." in why


# --- any records --------------------------------------------------------------------------------

TAGS = st.sampled_from(["issue", "issuewild", "iodef", "issuemail", "future"])
VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([MINE, ";", "", f"{MINE};", f"{MINE}; a=b", "other.example"]).map(str.encode),
)
RECORDS = st.lists(st.builds(CaaRecord, st.integers(0, 255), TAGS, VALUES), max_size=6)
ISSUANCES = st.sampled_from([DNS, WILD, FILE])


@given(RECORDS, ISSUANCES)
def test_permission_is_named_or_nothing_is_asked(
    records: list[CaaRecord], issuance: WantedIssuance
) -> None:
    """No other way leads to it, whatever bytes are in the records."""
    if refusal(records, issuance) is not None:
        return
    assert not any(record.flags & 0x80 and record.tag == "future" for record in records)
    wanted = [record for record in records if record.tag == "issuewild" and issuance.wildcard]
    wanted = wanted or [record for record in records if record.tag == "issue"]
    named = [record for record in wanted if MINE.encode() in record.value.lower()]
    assert named or not wanted


@given(RECORDS, ISSUANCES, st.randoms(use_true_random=False))
def test_the_order_of_records_is_nothing(
    records: list[CaaRecord], issuance: WantedIssuance, rng: random.Random
) -> None:
    """A server gives them in any."""
    shuffled = rng.sample(records, len(records))
    assert (refusal(records, issuance) is None) == (refusal(shuffled, issuance) is None)


@given(RECORDS, ISSUANCES)
def test_one_more_critical_unknown_always_forbids(
    records: list[CaaRecord], issuance: WantedIssuance
) -> None:
    """And one more record that names nobody never permits."""
    assert refusal([*records, CaaRecord(0x80, "future", b"")], issuance) is not None
    tag = "issuewild" if issuance.wildcard else "issue"
    if refusal(records, issuance) is not None:
        assert refusal([*records, CaaRecord(0, tag, b";")], issuance) is not None


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=";")))
def test_any_parameter_of_the_grammar_is_read(value: str) -> None:
    """RFC 8659, 4.2: printable ASCII without a semicolon."""
    assert refusal(issue(f"{MINE}; policy={value}"), DNS) is None
    assert (refusal(issue(f"{MINE}; accounturi={value}"), DNS) is None) == (value == ACCOUNT)
