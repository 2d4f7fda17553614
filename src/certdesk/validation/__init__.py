"""Validation of control over names, from outside: by DNS records and by files; and CAA checks.

The DNS providers are here too: through them the desk adds records itself, in zones that permit it.

A validator takes a `Challenge` and returns a `Finding`. Here a name server on this machine answers,
and does not have the record at first:

    >>> import random
    >>> from certdesk.domain.validation.challenge import Challenge, ProofKind
    >>> from certdesk.bootstrap.world import SystemClock
    >>> from certdesk.validation.dns import DnsProof
    >>> from certdesk.validation.exchange import Server
    >>> from certdesk.validation.resolver import Resolver
    >>> from certdesk.world.nameserver import nameserver

    >>> challenge = Challenge(
    ...     name="shop.example.com", kind=ProofKind.TXT, label="_dnsauth.shop", value="20260301tok"
    ... )
    >>> with nameserver() as dns:
    ...     resolver = Resolver([Server.parse(dns.endpoint)], None, random.SystemRandom())
    ...     validator = DnsProof(resolver, SystemClock())
    ...     before = validator.validate(challenge)
    ...     dns.add("_dnsauth.shop.example.com", "TXT", "20260301tok")
    ...     after = validator.validate(challenge)

    >>> before.verdict.name, after.verdict.name
    ('TXT_ABSENT', 'PROVED')
    >>> before.reason.startswith("txt record not found. Publish a TXT record at")
    True
    >>> after.seen
    ('20260301tok',)
"""
