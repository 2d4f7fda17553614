"""The parts of a DNS answer that decide something: its code, its flags and its records.

Most answers have no records, and those of signed zones then prove that with many others. These are
skipped: dnspython, which reads all of an answer, reads those with records or a failure.
"""

from __future__ import annotations

from collections.abc import Sequence

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from certdesk.domain.values.record import Record

NOTHING_WRONG = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)

_HEAD = 12
_LOW = 0xF
_POINTER = 0xC0
_KIND, _FIXED = 4, 10  # bytes: type and class; and with them life and length


class Unreadable(Exception):
    """A packet is not a DNS message."""


class Reply(Record):
    """An answer: `errors` are the names of the extended errors that it tells (RFC 8914)."""

    rcode: dns.rcode.Rcode
    checked: bool
    answer: Sequence[dns.rrset.RRset] = ()
    errors: tuple[str, ...] = ()

    def records(
        self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
    ) -> tuple[dns.rdata.Rdata, ...]:
        """Return the records of a name and a type, none if there are none."""
        for rrset in self.answer:
            if rrset.match(name, dns.rdataclass.IN, rdtype, dns.rdatatype.NONE):
                return tuple(rrset)
        return ()


def read(packet: bytes) -> Reply:
    """Return what a packet says that answers a query (`query.Query.is_answered_by`).

    Raises:
        Unreadable: it is not a DNS message.
    """
    try:
        code = packet[3] & _LOW
        if not any(packet[6:8]) and code in NOTHING_WRONG:
            code |= _rest_of_code(packet)
            if code in NOTHING_WRONG:
                return Reply(dns.rcode.Rcode(code), _is_checked(packet))
        message = dns.message.from_wire(packet)
        errors = tuple(str(option.code.name) for option in message.extended_errors())
        return Reply(message.rcode(), _is_checked(packet), message.answer, errors)
    except Exception:  # noqa: BLE001 - dnspython's are many, and any bytes may come
        raise Unreadable from None


def _is_checked(packet: bytes) -> bool:
    """Whether the resolver says that it has checked all signatures (AD; RFC 4035, 3.2.3)."""
    return bool(int.from_bytes(packet[2:4]) & dns.flags.AD)


def _rest_of_code(packet: bytes) -> int:
    """Return the upper bits of the code, which an OPT record has (RFC 6891, 6.1.3), or 0.

    Raises:
        ValueError: the records do not fill the packet.
    """
    at, code = _after_name(packet, _HEAD) + _KIND, 0
    for _ in range(int.from_bytes(packet[8:10]) + int.from_bytes(packet[10:12])):
        at = _after_name(packet, at)
        if int.from_bytes(packet[at : at + 2]) == dns.rdatatype.OPT:
            code = packet[at + _KIND] << 4
        at += _FIXED + int.from_bytes(packet[at + _FIXED - 2 : at + _FIXED])
    if at != len(packet):
        raise ValueError(at)
    return code


def _after_name(packet: bytes, at: int) -> int:
    """Return where a name ends: behind its last label, or behind a pointer (RFC 1035, 4.1.4)."""
    while size := packet[at]:
        if size >= _POINTER:
            return at + 2
        at += 1 + size
    return at + 1
