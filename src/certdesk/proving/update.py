"""Adds and removes the records of proofs by dynamic updates (RFC 2136) signed with TSIG (RFC 8945).

An update goes to the zone's own server by TCP and to nobody else. Signatures are made and judged
by the machine's clock, whatever the desk's was moved to, as the server knows no other.
"""

from __future__ import annotations

import time

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.update

from certdesk.domain.proof import Challenge, ProofKind
from certdesk.domain.zones import OpenZone
from certdesk.ports import UpdateFailed
from certdesk.proving.exchange import Server, Unanswered, by_tcp

LIMIT_SECONDS = 5.0
TTL_SECONDS = 60
"""How long resolvers may keep a record: it is read soon, and wanted no more soon after."""

_REFUSED = {
    dns.rcode.REFUSED: "it does not let the key change this record",
    dns.rcode.NOTAUTH: "it does not have the zone, or does not know the key",
    dns.rcode.NOTZONE: "the record does not lie in the zone",
    dns.rcode.NOTIMP: "it takes no updates",
    dns.rcode.SERVFAIL: "it could not do it; its own log says why",
}


class UpdatedRecords:
    """`ports.RecordKeeper` by dynamic updates."""

    def add(self, zone: OpenZone, challenge: Challenge) -> None:
        """Have the record in the zone; one that is there stays."""
        update = _update(zone)
        update.add(_owner(challenge), TTL_SECONDS, _record(challenge))
        _send(update, zone)

    def remove(self, zone: OpenZone, challenge: Challenge) -> None:
        """Have the record in the zone no more; what is not there needs no removal."""
        update = _update(zone)
        update.delete(_owner(challenge), _record(challenge))
        _send(update, zone)


def _update(zone: OpenZone) -> dns.update.UpdateMessage:
    key = dns.tsig.Key(zone.key.name, zone.key.secret.reveal(), zone.key.algorithm)
    return dns.update.UpdateMessage(zone.name, keyring=key)


def _owner(challenge: Challenge) -> dns.name.Name:
    return dns.name.from_text(challenge.record)


def _record(challenge: Challenge) -> dns.rdata.Rdata:
    kind = dns.rdatatype.from_text(challenge.kind.value)
    text = f'"{challenge.value}"' if challenge.kind is ProofKind.TXT else f"{challenge.value}."
    return dns.rdata.from_text(dns.rdataclass.IN, kind, text)


def _send(update: dns.update.UpdateMessage, zone: OpenZone) -> None:
    """Send an update, and believe an answer that is signed as well.

    Raises:
        UpdateFailed: no such answer came within 5 seconds, or it says that nothing was changed.
    """
    try:
        code = _answer(update, zone)
    except _Unbelievable as error:
        raise UpdateFailed(f"{_said(zone)} {error}.") from None
    if code != dns.rcode.NOERROR:
        why = _REFUSED.get(code, "nothing was changed")
        raise UpdateFailed(f"{_said(zone)} answered {dns.rcode.to_text(code)}: {why}.")


class _Unbelievable(Exception):
    """There is no answer to go by; the text, after "the server", says why."""


def _answer(update: dns.update.UpdateMessage, zone: OpenZone) -> dns.rcode.Rcode:
    deadline = time.monotonic() + LIMIT_SECONDS
    try:
        wire = by_tcp(update.to_wire(), Server.parse(zone.server), deadline)
    except TimeoutError:
        raise _Unbelievable(f"did not answer within {LIMIT_SECONDS:.0f} seconds") from None
    except Unanswered as failure:
        raise _Unbelievable(f"did not answer: {failure.reason}") from None
    except OSError as error:
        raise _Unbelievable(f"cannot be reached: {error.strerror or error}") from None
    return _code(wire, update, zone)


def _code(wire: bytes, update: dns.update.UpdateMessage, zone: OpenZone) -> dns.rcode.Rcode:
    """Read what an answer says; that all is well is believed where its signature is right."""
    name = zone.key.name
    try:
        head = dns.message.from_wire(wire, question_only=True, ignore_trailing=True)
    except dns.exception.DNSException:
        raise _Unbelievable("sent an answer that cannot be read") from None
    if not update.is_response(head):
        raise _Unbelievable("sent what is no answer to the update")
    try:
        dns.message.from_wire(wire, keyring=update.keyring, request_mac=update.mac)
    except dns.tsig.PeerBadKey:
        raise _Unbelievable(f"does not know the key {name} ({zone.key.algorithm})") from None
    except dns.tsig.PeerBadSignature:
        raise _Unbelievable(f"has another secret for the key {name} than the desk has") from None
    except (dns.tsig.PeerBadTime, dns.tsig.BadTime):
        raise _Unbelievable("has a clock that is minutes apart from this machine's") from None
    except Exception:  # noqa: BLE001 - dnspython's are many, and any bytes may come
        # Who sends no signature may be anybody. That nothing was done is told all the same.
        if head.rcode() == dns.rcode.NOERROR:
            raise _Unbelievable("did not sign its answer rightly") from None
    return head.rcode()


def _said(zone: OpenZone) -> str:
    return f"The DNS server {zone.server} of the zone {zone.name}"
