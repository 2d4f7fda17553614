"""Validation of control over a domain name: challenges, CAA, redirects, DNS zones.

A customer shows control of a name by publishing what a challenge says, in DNS or as a file
(`challenge.py`). CAA records must permit the issuer as well (`caa.py`). This package holds the
rules; `certdesk.validation` makes the queries.

>>> import random
>>> from datetime import UTC, datetime
>>> from certdesk.domain.validation.challenge import ProofKind, new_challenge
>>> from certdesk.domain.values.names import DomainName
>>> name = DomainName.parse("*.shop.example.com")
>>> now = datetime(2026, 3, 1, tzinfo=UTC)
>>> challenge = new_challenge(name, ProofKind.TXT, random.Random(1), now)
>>> challenge.record, challenge.zone
('_dnsauth.shop.example.com', 'example.com')
"""
