"""What is read of an answer, beside what dnspython reads in it."""

from __future__ import annotations

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certdesk.validation.reply import Unreadable, read

NAME = dns.name.from_text("_dnsauth.shop.example.com")
PROOF = dns.rrset.from_text(NAME, 60, "IN", "TXT", '"a proof"')
DENIAL = dns.rrset.from_text(
    "example.com.", 60, "IN", "SOA", "ns.example.com. admin.example.com. 1 2 3 4 5"
)
CODES = [0, 2, 3, 5, 16, 17, 19, 23]


def answer(
    rcode: int = 0, *, records: bool = False, denied: bool = False, edns: bool = True
) -> dns.message.Message:
    """Answer a question, with a code, with records, and with what a zone says of those missing."""
    message = dns.message.make_response(dns.message.make_query(NAME, "TXT", use_edns=edns))
    message.set_rcode(dns.rcode.Rcode(rcode))
    message.answer = [PROOF] if records else []
    message.authority = [DENIAL] if denied else []
    return message


@given(
    rcode=st.sampled_from(CODES),
    records=st.booleans(),
    denied=st.booleans(),
    checked=st.booleans(),
)
def test_code_flag_and_records_are_those_that_dnspython_reads(
    rcode: int, *, records: bool, denied: bool, checked: bool
) -> None:
    """Also a code that no longer fits into the head of a message, as that is no success."""
    message = answer(rcode, records=records, denied=denied)
    message.flags |= dns.flags.AD if checked else 0
    reply = read(message.to_wire())

    assert (reply.rcode, reply.checked) == (rcode, checked)
    assert reply.records(NAME, dns.rdatatype.TXT) == (tuple(PROOF) if records else ())
    assert reply.records(NAME, dns.rdatatype.CAA) == ()


def test_extended_errors_are_read() -> None:
    """They say why a resolver has failed."""
    message = answer(dns.rcode.SERVFAIL)
    message.use_edns(options=[dns.edns.EDEOption(dns.edns.EDECode.DNSSEC_BOGUS)])
    assert read(message.to_wire()).errors == ("DNSSEC_BOGUS",)


def test_an_answer_without_edns_is_read() -> None:
    """Some servers know nothing of it."""
    assert read(answer(dns.rcode.NXDOMAIN, edns=False).to_wire()).rcode == dns.rcode.NXDOMAIN


@given(
    records=st.booleans(),
    denied=st.booleans(),
    at=st.integers(3, 200),
    byte=st.integers(0, 255),
    size=st.integers(0, 250),
)
@example(records=False, denied=True, at=9, byte=255, size=250)
def test_of_altered_bytes_no_more_is_read_than_dnspython_reads(
    *, records: bool, denied: bool, at: int, byte: int, size: int
) -> None:
    """Nothing else than `Unreadable` is raised, and no failure becomes a success."""
    packet = bytearray(answer(records=records, denied=denied).to_wire())
    packet[at % len(packet)] = byte
    try:
        reply = read(bytes(packet[:size]))
    except Unreadable:
        return
    try:
        message = dns.message.from_wire(bytes(packet[:size]))
    except dns.exception.DNSException:
        # What stands in records that are skipped may be unreadable.
        assert not reply.answer
    else:
        assert (reply.rcode, reply.answer or []) == (message.rcode(), message.answer)


@pytest.mark.parametrize("more", [b"\x00", b"more"])
def test_bytes_after_the_records_make_an_answer_unreadable(more: bytes) -> None:
    """With records and without."""
    for records in (False, True):
        with pytest.raises(Unreadable):
            read(answer(records=records).to_wire() + more)
