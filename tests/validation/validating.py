"""How tests look for records: by a resolver that is asked without signatures, at a time known."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from certdesk.domain.validation.challenge import Challenge, Finding, ProofKind
from certdesk.testing.clock import ManualClock
from certdesk.validation.dns import DnsProof
from certdesk.validation.exchange import Server
from certdesk.validation.resolver import Resolver

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLOCK = ManualClock(NOW)
TOKEN = "20260301120000abcdefghijklmnopqrstuvwxyz0123456789"
TARGET = "0a1b.2c3d.k5.trust-provider.com"
TXT = Challenge(name="shop.example.com", kind=ProofKind.TXT, label="_dnsauth.shop", value=TOKEN)
CNAME = Challenge(name="shop.example.com", kind=ProofKind.CNAME, label="_0f.shop", value=TARGET)
RECORD = TXT.record


def resolver_of(*endpoints: str) -> Resolver:
    """Give a resolver that asks these in turn and looks at no signatures."""
    return Resolver([Server.parse(each) for each in endpoints], None, random.SystemRandom())


def validate(challenge: Challenge, *endpoints: str) -> Finding:
    """Look for a challenge's record."""
    return DnsProof(resolver_of(*endpoints), CLOCK).validate(challenge)
