"""The resolver, the validators and the CAA checker, from the settings."""

from __future__ import annotations

from collections.abc import Mapping

from certdesk.bootstrap.world import strong_random
from certdesk.domain.validation.challenge import ProofKind
from certdesk.domain.validation.redirects import Ports
from certdesk.domain.values.addresses import networks
from certdesk.ports import CaaChecker, Clock, Validator
from certdesk.settings import Settings, SettingsError
from certdesk.validation.anchors import read_anchors
from certdesk.validation.caa import Caa, CaaUnchecked
from certdesk.validation.connection_limiter import ConnectionLimiter
from certdesk.validation.dns import DnsProof
from certdesk.validation.exchange import Server
from certdesk.validation.file import FileProof
from certdesk.validation.resolver import Resolver


def dns_resolver(settings: Settings) -> Resolver:
    """Return the DNS resolver.

    Raises:
        SettingsError: a resolver or a trust anchor is invalid.
    """
    try:
        servers = [Server.parse(text) for text in settings.dns_resolvers]
    except ValueError as error:
        raise SettingsError(
            f"dns.resolvers: {error}; use addresses such as 127.0.0.1:53"
        ) from error
    if not servers:
        raise SettingsError("dns.resolvers: name at least one, such as 127.0.0.1:53")
    if settings.dns_dnssec == "off":
        return Resolver(servers, None, strong_random())
    try:
        return Resolver(servers, read_anchors(settings.dns_trust_anchors), strong_random())
    except ValueError as error:
        raise SettingsError(f"dns.trust_anchors: {error}") from error


def validators(
    settings: Settings, resolver: Resolver, clock: Clock
) -> Mapping[ProofKind, Validator]:
    """Return the validator of each method.

    Raises:
        SettingsError: a port or a network is invalid.
    """
    dns = DnsProof(resolver, clock)
    file = _file_proof(settings, resolver, clock)
    return {ProofKind.TXT: dns, ProofKind.CNAME: dns, ProofKind.FILE: file}


def _file_proof(settings: Settings, resolver: Resolver, clock: Clock) -> FileProof:
    try:
        ports = Ports(settings.proof_http_port, settings.proof_https_port)
    except ValueError as error:
        raise SettingsError(f"proof.http_port, proof.https_port: {error}") from error
    try:
        allowed = networks(settings.proof_allow_networks)
    except ValueError as error:
        raise SettingsError(f"proof.allow_networks: {error}") from error
    limiter = ConnectionLimiter(settings.proof_per_address)
    return FileProof(resolver, clock, ports=ports, allowed=allowed, limiter=limiter)


def caa_checker(settings: Settings, resolver: Resolver, clock: Clock) -> CaaChecker:
    """Return the CAA checker."""
    return Caa(resolver, clock) if settings.caa_check else CaaUnchecked(clock)
