"""A query to a DNS server, and which packets answer it (RFC 1035, 4.1; RFC 6891, 6.1).

Queries are few bytes of one shape, so they are written here: for the same bytes, dnspython needs
most of the time that an order spends on DNS. It still reads the answers.
"""

from __future__ import annotations

import random
from typing import Self

import dns.flags
import dns.name
import dns.rdataclass
import dns.rdatatype

from certdesk.domain.values.record import Record

PAYLOAD = 1232
"""The size of a UDP answer, in bytes, that is nowhere fragmented (DNS flag day 2020)."""

_HEAD = 12
_ONE = b"\x00\x01"
_KIND = 4  # bytes: the type and the class behind a name
_ROOT = b"\x00"


class Query(Record):
    """The bytes of a query, and those of the question in it: a name, a type and a class."""

    wire: bytes
    asked: bytes

    @classmethod
    def of(
        cls,
        name: dns.name.Name,
        rdtype: dns.rdatatype.RdataType,
        rng: random.Random,
        *,
        dnssec: bool,
    ) -> Self:
        """Return a query with a random id and a name in random case, which the answer must repeat.

        The random case is known as 0x20: an attacker who guesses port and id must guess it as
        well. With `dnssec`, signatures are wanted in the answer (RFC 3225).
        """
        kind = rdtype.to_bytes(2) + dns.rdataclass.IN.to_bytes(2)
        asked = _mixed(name.to_digestable(), rng) + kind
        flags = dns.flags.DO if dnssec else 0
        head = rng.randbytes(2) + dns.flags.RD.to_bytes(2) + _ONE + bytes(4) + _ONE
        edns = _ROOT + dns.rdatatype.OPT.to_bytes(2) + PAYLOAD.to_bytes(2) + flags.to_bytes(4)
        return cls(head + asked + edns + bytes(2), asked)

    def is_answered_by(self, packet: bytes) -> bool:
        """Whether a packet is a response with this id and question, in any letter case."""
        asked = packet[_HEAD : _HEAD + len(self.asked)]
        return (
            packet[:2] == self.wire[:2]
            # The first bit marks a response, and the next four are the kind of query: 0.
            and packet[2:3] >= b"\x80"
            and packet[2] & 0x78 == 0
            and packet[4:6] == _ONE
            and asked[:-_KIND].lower() == self.asked[:-_KIND].lower()
            and asked[-_KIND:] == self.asked[-_KIND:]
        )

    def is_repeated_by(self, packet: bytes) -> bool:
        """Whether a packet that answers this query repeats the question in the same case."""
        return packet[_HEAD : _HEAD + len(self.asked)] == self.asked


def is_cut(packet: bytes) -> bool:
    """Whether a response is cut since it does not fit (TC)."""
    return bool(int.from_bytes(packet[2:4]) & dns.flags.TC)


def _mixed(small: bytes, rng: random.Random) -> bytes:
    """Return a name in small letters with each letter in random case.

    The bytes of a name that are no letters, such as the lengths of its labels, have no case.
    """
    number, size = int.from_bytes(small), len(small)
    of_letters = number ^ int.from_bytes(small.upper())
    return (number ^ of_letters & rng.getrandbits(8 * size)).to_bytes(size)
