"""Queries as bytes: what other programs read in them."""

from __future__ import annotations

import random

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.validation.query import PAYLOAD, Query

RNG = random.SystemRandom()
LABELS = st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=8)


@given(labels=LABELS, rdtype=st.sampled_from(["TXT", "CNAME", "CAA", "A", "DNSKEY"]))
def test_a_query_reads_as_the_question_that_was_asked(labels: list[bytes], rdtype: str) -> None:
    """Whatever bytes are in the name: dnspython reads it back, and nothing is left over."""
    name = dns.name.Name([*labels, b""])
    kind = dns.rdatatype.from_text(rdtype)
    read = dns.message.from_wire(Query.of(name, kind, RNG, dnssec=False).wire)

    (asked,) = read.question
    assert (asked.name, asked.rdtype) == (name, kind)
    assert (read.flags, read.edns, read.payload, read.ednsflags) == (dns.flags.RD, 0, PAYLOAD, 0)
    assert read.answer == read.authority == read.additional == []


@given(labels=LABELS)
def test_a_query_is_answered_by_its_own_answer_and_by_none_with_another_byte(
    labels: list[bytes],
) -> None:
    """In its head or its question; letters of another case answer it, and are told apart."""
    query = Query.of(dns.name.Name([*labels, b""]), dns.rdatatype.TXT, RNG, dnssec=True)
    asked = dns.message.from_wire(query.wire)
    packet = dns.message.make_response(asked).to_wire(want_shuffle=False)

    assert asked.ednsflags == dns.flags.DO
    assert query.is_answered_by(packet)
    assert query.is_repeated_by(packet)
    for at in (0, 1, 5, *range(12, 12 + len(query.asked))):
        other = packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1 :]
        assert not (query.is_answered_by(other) and query.is_repeated_by(other))
    assert not query.is_answered_by(query.wire)
    assert not any(query.is_answered_by(packet[:size]) for size in range(12 + len(query.asked)))


@pytest.mark.parametrize("at", [2, 3])
def test_a_response_of_another_kind_answers_no_query(at: int) -> None:
    """Such as one to an update (RFC 2136)."""
    query = Query.of(dns.name.from_text("example.com"), dns.rdatatype.A, RNG, dnssec=False)
    packet = bytearray(dns.message.make_response(dns.message.from_wire(query.wire)).to_wire())
    packet[2] |= 1 << (at + 1)
    assert not query.is_answered_by(bytes(packet))
