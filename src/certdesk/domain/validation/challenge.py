"""Challenges: the values to publish for the validation of a name, and what checks find.

Sources: the vendor's DvAuthDetail and DomainValidationResult; CA/Browser Forum Baseline
Requirements 3.2.2.4.7 (DNS change) and 3.2.2.4.18 (agreed change to website).
"""

from __future__ import annotations

import enum
import random
import string
from datetime import datetime

from certdesk.domain.validation.records import Proof
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.products import Product
from certdesk.domain.values.record import Record

FILE_PATH = "/.well-known/pki-validation/"
CNAME_BRANDS = frozenset({"DNSPod", "Sectigo", "WoTrus"})
TXT_LABEL = "_dnsauth"
_HEX = "0123456789abcdef"
_LOWER = string.ascii_lowercase + string.digits


class ProofKind(enum.StrEnum):
    """Where a proof is published (DvAuths.DvAuthVerifyType)."""

    TXT = "TXT"
    CNAME = "CNAME"
    FILE = "FILE"


class Verdict(enum.IntEnum):
    """The result of a check (DomainValidationResult.LocalCheck).

    The vendor's list uses the same words for the last two as for `FILE_ABSENT` and `FILE_DIFFERS`;
    here they are about the second host of a name (with or without `www.`).
    """

    PROVED = 1
    TXT_ABSENT = -1
    TXT_DIFFERS = -2
    TXT_UNANSWERED = -3
    FILE_ABSENT = -4
    FILE_DIFFERS = -5
    CNAME_ABSENT = -6
    CNAME_DIFFERS = -7
    CNAME_UNANSWERED = -8
    OTHER_FILE_ABSENT = -9
    OTHER_FILE_DIFFERS = -10


class Challenge(Record, kw_only=True):
    """What to publish for one name of one order.

    `name` is in ASCII without `*.`. `label` is the host part of the record below the registrable
    domain, or the file's name for FILE. `value` is the TXT text, the target of the CNAME, or the
    whole content of the file.
    """

    name: str
    kind: ProofKind
    label: str
    value: str

    @property
    def zone(self) -> str:
        """The registrable domain that the name is in (DvAuthDomain)."""
        return DomainName(self.name).registrable

    @property
    def record(self) -> str:
        """The full name of the DNS record, or the file's name (DvAuthKey)."""
        return self.label if self.kind is ProofKind.FILE else f"{self.label}.{self.zone}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that must serve the file: a registrable domain and its `www.` go together."""
        if self.name == self.zone:
            return (self.name, f"www.{self.name}")
        if self.name == f"www.{self.zone}":
            return (self.name, self.zone)
        return (self.name,)


class Finding(Record, kw_only=True):
    """The result of one check for a proof, kept as evidence.

    `reason` says in plain words what was found and what to do next, "" if the name is proved.
    `seen` are the values found (CheckValue), as few and as printable as `foreign_text` makes them.
    `resolver` is the host:port that answered. `steps` lists what was asked, answered and connected
    to, one a line. `secure` is whether DNSSEC validated the answer, None without an answer.
    `answered` is false if no name server or web server answered for the name.
    """

    verdict: Verdict
    reason: str
    seen: tuple[str, ...] = ()
    resolver: str = ""
    secure: bool | None = None
    steps: tuple[str, ...] = ()
    answered: bool = True
    began_at: datetime
    ended_at: datetime


class CaaFinding(Record, kw_only=True):
    """The result of one CAA check: whether the records let this desk issue (RFC 8659).

    `found_at` is the name that has the records, None if no name up to the top has any. The other
    fields are as in `Finding`.
    """

    permitted: bool
    reason: str
    found_at: str | None = None
    records: tuple[str, ...] = ()
    resolver: str = ""
    secure: bool | None = None
    steps: tuple[str, ...] = ()
    answered: bool = True
    began_at: datetime
    ended_at: datetime


def kind_of(verify_type: str, product: Product) -> ProofKind:
    """Return where an order's proofs are published: `verify_type` is DNS, DNS_AUTO or FILE."""
    if verify_type == "FILE":
        return ProofKind.FILE
    return ProofKind.CNAME if product.brand in CNAME_BRANDS else ProofKind.TXT


def challenge_of(proof: Proof) -> Challenge:
    """Return the challenge of a stored proof."""
    return Challenge(
        name=proof.name, kind=ProofKind(proof.kind), label=proof.label, value=proof.value
    )


def method_of(kind: ProofKind) -> str:
    """Return the method of a kind of proof: `DNS` or `FILE`."""
    return "FILE" if kind is ProofKind.FILE else "DNS"


def new_challenge(
    name: DomainName, kind: ProofKind, rng: random.Random, now: datetime
) -> Challenge:
    """Return a new challenge for a name; every value has 160 random bits or more."""
    base = name.base
    below = base.removesuffix(name.registrable).rstrip(".")
    if kind is ProofKind.FILE:
        return Challenge(
            name=base, kind=kind, label=f"{_drawn(rng, _HEX, 32)}.txt", value=_token(rng, now)
        )
    if kind is ProofKind.TXT:
        label, value = TXT_LABEL, _token(rng, now)
    else:
        label = f"_{_drawn(rng, _HEX, 32)}"
        halves = f"{_drawn(rng, _HEX, 32)}.{_drawn(rng, _HEX, 32)}"
        value = f"{halves}.{_drawn(rng, _LOWER, 10)}.trust-provider.com"
    return Challenge(name=base, kind=kind, label=f"{label}.{below}".rstrip("."), value=value)


def _token(rng: random.Random, now: datetime) -> str:
    return f"{now:%Y%m%d%H%M%S}{now.microsecond // 10_000:02}{_drawn(rng, _LOWER, 48)}"


def _drawn(rng: random.Random, letters: str, count: int) -> str:
    return "".join(rng.choice(letters) for _ in range(count))
