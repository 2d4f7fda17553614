"""The providers that people may sign in with, from the settings."""

from __future__ import annotations

from pathlib import Path

from certdesk.bootstrap.world import SystemClock
from certdesk.domain.people import provider as rules
from certdesk.domain.people.provider import Provider
from certdesk.domain.values.redaction import error_text
from certdesk.domain.values.secret import Secret
from certdesk.ports import SignInProviders
from certdesk.settings import Settings, SettingsError
from certdesk.sign_in.client import Client
from certdesk.sign_in.oidc import Oidc


def sign_in_providers(settings: Settings) -> SignInProviders:
    """Return the providers; none of them is asked anything yet.

    Raises:
        SettingsError: a setting of one breaks a rule, or a file of its cannot be read.
    """
    issuers = [each.issuer for each in settings.oidc]
    for each in settings.oidc:
        if fault := rules.fault_of(each):
            raise SettingsError(f"{rules.PREFIX}{each.name}.{fault}")
        if issuers.count(each.issuer) > 1:
            raise SettingsError(f"{rules.PREFIX}{each.name}.issuer: two providers have it")
    return SignInProviders(_made(each) for each in settings.oidc)


def _made(provider: Provider) -> Oidc:
    prefix = f"{rules.PREFIX}{provider.name}"
    try:
        client = Client(provider.ca_file)
    except OSError as error:
        raise SettingsError(f"{prefix}.ca_file: {error_text(error)}") from error
    # Providers time their tokens by the clock of the world, whatever clock the desk has.
    return Oidc(provider, _secret(provider, prefix), client, SystemClock())


def _secret(provider: Provider, prefix: str) -> Secret | None:
    if not provider.client_secret_file:
        return None
    try:
        secret = Path(provider.client_secret_file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{prefix}.client_secret_file: {error_text(error)}") from error
    if not secret:
        raise SettingsError(f"{prefix}.client_secret_file: is empty")
    return Secret(secret)
