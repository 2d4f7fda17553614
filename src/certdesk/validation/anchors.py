"""Trust anchors, used to test that a resolver checks signatures (RFC 4033, RFC 7958)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias, cast

import dns.dnssec
import dns.dnssectypes
import dns.exception
import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.DS
import dns.zonefile

DNSKEY: TypeAlias = dns.rdtypes.ANY.DNSKEY.DNSKEY
DS: TypeAlias = dns.rdtypes.ANY.DS.DS
Anchors: TypeAlias = dict[dns.name.Name, list[DS | DNSKEY]]
"""The anchors, by the name of the zone that has the keys."""

_TYPES = {"DS", "DNSKEY"}


def read_anchors(texts: Iterable[str]) -> Anchors:
    """Read anchors; each is a DS or DNSKEY record as in a zone file, or a file of such lines.

    Raises:
        ValueError: one is invalid, or there are none at all; the text says which.
    """
    anchors: Anchors = {}
    for text in texts:
        for rrset in _records(text):
            kind = dns.rdatatype.to_text(rrset.rdtype)
            if kind not in _TYPES:
                raise ValueError(f"{text}: {kind} records are not trust anchors")
            anchors.setdefault(rrset.name, []).extend(cast("Iterable[DS | DNSKEY]", rrset))
    if not anchors:
        raise ValueError("there is no trust anchor")
    return anchors


def anchored(zone: dns.name.Name, anchors: list[DS | DNSKEY], keys: Iterable[DNSKEY]) -> bool:
    """Return whether an anchor names one of a zone's keys."""
    return any(_names(zone, anchor, key) for key in keys for anchor in anchors)


def _records(text: str) -> list[dns.rrset.RRset]:
    record = _TYPES & set(text.upper().split())
    try:
        lines = text if record else Path(text).read_text("utf-8")
        return dns.zonefile.read_rrsets(lines, rdclass=None, default_ttl=0)
    except OSError as error:
        raise ValueError(f"{text} cannot be read: {error.strerror}") from error
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f"{text} is not a trust anchor: {error}") from error


def _names(zone: dns.name.Name, anchor: DS | DNSKEY, key: DNSKEY) -> bool:
    if isinstance(anchor, DNSKEY):
        return bool(anchor == key)
    try:
        digest_type = dns.dnssectypes.DSDigest.make(anchor.digest_type)
        return bool(dns.dnssec.make_ds(zone, key, digest_type, validating=True) == anchor)
    except (dns.exception.DNSException, ValueError):
        return False
