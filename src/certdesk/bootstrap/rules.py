"""The rules of the desk, from the settings."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from certdesk.domain.rules import Rules
from certdesk.domain.values.names import DomainRefused, internal_suffix
from certdesk.settings import Settings, SettingsError


def rules_of(settings: Settings, *, sandbox: bool) -> Rules:
    """Return the rules of a desk or of a sandbox.

    Raises:
        SettingsError: a setting is invalid, or two contradict each other.
    """
    four_eyes, automatic = settings.vetting_four_eyes, settings.vetting_automatic
    if automatic and four_eyes:
        raise SettingsError(
            "vetting.four_eyes: cannot be on while vetting.automatic is on, since nobody "
            "reviews orders then"
        )
    return Rules(
        internal_suffixes=_internal_suffixes(settings),
        proof_interval=timedelta(seconds=settings.proof_interval),
        proof_deadline=timedelta(hours=settings.proof_deadline_hours),
        quotas=settings.quotas,
        checks_per_domain=settings.proof_per_domain,
        public_url=_public_url(settings),
        link_life=timedelta(minutes=settings.download_link_minutes),
        vetting_automatic=sandbox and not four_eyes if automatic is None else automatic,
        four_eyes=four_eyes,
        letter_products=frozenset(settings.vetting_letter_products),
        free_limit=settings.free_limit,
        free_per_domain=settings.free_per_domain,
    )


def _public_url(settings: Settings) -> str:
    url = urlsplit(settings.public_url)
    if not settings.public_url:
        return ""
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
        raise SettingsError(
            f"http.public_url: {settings.public_url} is not an http or https URL with a host"
        )
    return settings.public_url.rstrip("/")


def _internal_suffixes(settings: Settings) -> frozenset[str]:
    try:
        return frozenset(map(internal_suffix, settings.internal_suffixes))
    except DomainRefused as refused:
        raise SettingsError(
            f"names.internal_suffixes: {refused.text!r} is not allowed: {refused.rule}"
        ) from refused
