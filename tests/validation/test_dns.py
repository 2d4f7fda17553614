"""What is found at a name, and what the person who reads it is told to do."""

from __future__ import annotations

import pytest

from certdesk.domain.validation.challenge import Verdict
from certdesk.world.nameserver import NameServer
from tests.validation.validating import CNAME, NOW, RECORD, TARGET, TOKEN, TXT, validate

WISH = f"Publish a TXT record at {RECORD} with the value {TOKEN}."


def test_a_txt_record_of_the_value_proves(names: NameServer) -> None:
    """The evidence has the value, who answered, what was asked, and when."""
    names.add(RECORD, "TXT", TOKEN)
    found = validate(TXT, names.endpoint)
    assert (found.verdict, found.reason, found.seen) == (Verdict.PROVED, "", (TOKEN,))
    assert (found.resolver, found.secure) == (names.endpoint, None)
    assert found.steps == (f"TXT of {RECORD}, asked of {names.endpoint}: NOERROR, 1 record",)
    assert (found.began_at, found.ended_at) == (NOW, NOW)


def test_records_of_others_may_be_beside_it(names: NameServer) -> None:
    """A name may have several owners of proofs."""
    names.add(RECORD, "TXT", "something else", TOKEN, "v=spf1 -all")
    assert validate(TXT, names.endpoint).verdict is Verdict.PROVED


def test_the_strings_of_one_record_are_read_together(names: NameServer) -> None:
    """Servers cut long values, and those of two records are two values."""
    names.add_text(RECORD, "TXT", f'"{TOKEN[:20]}" "{TOKEN[20:]}"')
    assert validate(TXT, names.endpoint).verdict is Verdict.PROVED

    names.remove(RECORD, "TXT")
    names.add(RECORD, "TXT", TOKEN[:20], TOKEN[20:])
    assert validate(TXT, names.endpoint).verdict is Verdict.TXT_DIFFERS


@pytest.mark.parametrize(
    "value", [TOKEN.upper(), TOKEN[:-1], f"{TOKEN}0", f"prefix {TOKEN}", "", f"\x00{TOKEN}"]
)
def test_a_value_that_is_but_like_it_proves_nothing(names: NameServer, value: str) -> None:
    """Equal to the byte, and nothing less."""
    names.add(RECORD, "TXT", value)
    found = validate(TXT, names.endpoint)
    assert found.verdict is Verdict.TXT_DIFFERS
    assert found.reason == f"The record there has another value. {WISH}"


@pytest.mark.parametrize("value", [f'"{TOKEN}"', f" {TOKEN}", f"{TOKEN}\n", f"'{TOKEN}'"])
def test_quotes_and_blanks_around_the_value_are_told(names: NameServer, value: str) -> None:
    """What consoles make of a pasted value."""
    names.add(RECORD, "TXT", value)
    found = validate(TXT, names.endpoint)
    assert found.verdict is Verdict.TXT_DIFFERS
    assert "blanks or quotation marks around" in found.reason


def test_no_record_is_told_with_what_to_publish(names: NameServer) -> None:
    """In the vendor's words first."""
    found = validate(TXT, names.endpoint)
    assert found.verdict is Verdict.TXT_ABSENT
    assert found.reason == f"txt record not found. {WISH}"


def test_a_name_with_records_of_other_types_has_no_txt_record(names: NameServer) -> None:
    """It exists, and yet nothing is found."""
    names.add(RECORD, "A", "192.0.2.1")
    assert validate(TXT, names.endpoint).verdict is Verdict.TXT_ABSENT


def test_a_zone_written_twice_is_told(names: NameServer) -> None:
    """Consoles that add the zone to a name make this of the whole name."""
    names.add(f"{RECORD}.example.com", "TXT", TOKEN)
    found = validate(TXT, names.endpoint)
    assert found.verdict is Verdict.TXT_ABSENT
    assert found.reason == (
        f"txt record not found. {WISH} It is at {RECORD}.example.com, which contains "
        "example.com twice. As the record's name, use _dnsauth.shop alone."
    )
    assert names.asked("TXT") == [RECORD, f"{RECORD}.example.com"]


def test_a_zone_written_twice_with_another_value_is_no_hint(names: NameServer) -> None:
    """It is something else of theirs."""
    names.add(f"{RECORD}.example.com", "TXT", "other")
    assert validate(TXT, names.endpoint).reason == f"txt record not found. {WISH}"


def test_the_proof_may_lie_where_a_cname_leads(names: NameServer) -> None:
    """Delegated to a zone that a program may write to."""
    names.add(RECORD, "CNAME", "proofs.example.net.")
    names.add("proofs.example.net", "CNAME", "one.proofs.example.net.")
    found = validate(TXT, names.endpoint)
    assert found.verdict is Verdict.TXT_ABSENT
    assert found.reason == (
        f"txt record not found. Publish a TXT record at {RECORD}, which leads to "
        f"one.proofs.example.net, with the value {TOKEN}."
    )

    names.add("one.proofs.example.net", "TXT", TOKEN)
    assert validate(TXT, names.endpoint).verdict is Verdict.PROVED


def test_64_strings_are_read_and_more_are_not(names: NameServer) -> None:
    """Else what is found would hang on the order in which a server gives them."""
    names.add(RECORD, "TXT", TOKEN, *(f"other {number}" for number in range(63)))
    assert validate(TXT, names.endpoint).verdict is Verdict.PROVED

    names.add(RECORD, "TXT", "one more")
    found = validate(TXT, names.endpoint)
    assert found.verdict is Verdict.TXT_DIFFERS
    assert found.reason.startswith(f"{RECORD} has 65 TXT strings")


def test_what_is_shown_is_short_and_printable(names: NameServer) -> None:
    """Ten values of 255 characters at most, whatever somebody put there."""
    names.add_text(RECORD, "TXT", r'"\027[31m\255\226\128\168"')
    assert validate(TXT, names.endpoint).seen == (r"\x1b[31m\xff\u2028",)

    names.remove(RECORD, "TXT")
    names.add(RECORD, "TXT", *(f"{number}" + "x" * 600 for number in range(12)))
    seen = validate(TXT, names.endpoint).seen
    assert len(seen) == 10
    assert {len(value) for value in seen} == {255}
    assert all(value.endswith("x...") for value in seen)


@pytest.mark.parametrize("target", [f"{TARGET}.", f"{TARGET.upper()}."])
def test_a_cname_that_leads_to_the_value_proves(names: NameServer, target: str) -> None:
    """In any case of letters, as host names are equal in; the target need not exist."""
    names.add(CNAME.record, "CNAME", target)
    found = validate(CNAME, names.endpoint)
    assert (found.verdict, found.reason, found.seen) == (Verdict.PROVED, "", (TARGET,))


def test_a_cname_that_leads_there_by_another_is_another(names: NameServer) -> None:
    """The record itself is what is asked for."""
    names.add(CNAME.record, "CNAME", "between.example.com.")
    names.add("between.example.com", "CNAME", f"{TARGET}.")
    found = validate(CNAME, names.endpoint)
    assert (found.verdict, found.seen) == (Verdict.CNAME_DIFFERS, ("between.example.com",))


def test_a_cname_of_which_the_zone_was_added_to_the_target_differs(names: NameServer) -> None:
    """The final dot was left out, and it is seen where that leads."""
    names.add(CNAME.record, "CNAME", f"{TARGET}.example.com.")
    found = validate(CNAME, names.endpoint)
    assert found.verdict is Verdict.CNAME_DIFFERS
    assert found.seen == (f"{TARGET}.example.com",)


def test_no_cname_is_told_with_what_to_publish(names: NameServer) -> None:
    """A TXT record of the value is none."""
    names.add(CNAME.record, "TXT", TARGET)
    found = validate(CNAME, names.endpoint)
    assert found.verdict is Verdict.CNAME_ABSENT
    assert found.reason == (
        f"cname record not found. Publish a CNAME record at {CNAME.record} with the value {TARGET}."
    )


def test_who_asks_again_finds_what_is_new(names: NameServer) -> None:
    """Nothing that was found is kept."""
    assert validate(TXT, names.endpoint).verdict is Verdict.TXT_ABSENT
    names.add(RECORD, "TXT", TOKEN)
    assert validate(TXT, names.endpoint).verdict is Verdict.PROVED
    names.remove(RECORD, "TXT")
    assert validate(TXT, names.endpoint).verdict is Verdict.TXT_ABSENT
