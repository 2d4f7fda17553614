"""The CAs that issue for the desk, by the settings."""

from __future__ import annotations

from collections.abc import Callable

from certdesk.domain.pki.authority import NO_COUNTRY, ORGANISATION_LIMIT, Identity, overlap_of
from certdesk.domain.validation.caa import CaaIdentity
from certdesk.domain.values.countries import COUNTRIES
from certdesk.domain.values.products import PRODUCTS
from certdesk.domain.values.texts import subject_fault
from certdesk.domain.values.validity import days_allowed
from certdesk.issuers.hierarchy import NAME, Dependencies, Hierarchy
from certdesk.issuers.private_ca import PrivateCa
from certdesk.issuers.urls import PublicUrls
from certdesk.ports import Issuer, Issuers
from certdesk.settings import Settings, SettingsError


def issuers_of(world: Dependencies, settings: Settings, *, sandbox: bool) -> Issuers:
    """Return the CAs that the settings name; the first is the default of products.

    Raises:
        SettingsError: the name of one cannot be written into a certificate.
    """
    made = [
        ISSUERS[name](world, settings, sandbox) for name in dict.fromkeys(settings.issuer_names)
    ]
    return Issuers(made, issuers_of_products(settings))


def issuers_of_products(settings: Settings) -> dict[int, str]:
    """Return the names of the issuers of single products, by the products' numbers.

    Raises:
        SettingsError: there is no such issuer or product, or an entry is malformed.
    """
    names = settings.issuer_names
    unknown = [name for name in names if name not in ISSUERS]
    if unknown or not names:
        known = ", ".join(ISSUERS)
        raise SettingsError(f"issuer.names: {unknown[0] if names else 'none'} is not of {known}")
    products = {}
    for text in settings.issuer_products:
        number, _, name = text.partition("=")
        if not number.isdecimal() or int(number) not in PRODUCTS or name not in names:
            rule = "is not a product number and a name of issuer.names, such as 8"
            raise SettingsError(f"issuer.products: {text} {rule}={names[0]}")
        products[int(number)] = name
    return products


def private_ca(world: Dependencies, settings: Settings, sandbox: bool) -> Issuer:  # noqa: FBT001 -- as all makers
    """Return the desk's private CA.

    Raises:
        SettingsError: its name cannot be written into a certificate.
    """
    days = settings.ca_validity_days
    overlap = overlap_of(settings.ca_overlap_days, days_allowed(world.clock.now(), days, None))
    hierarchy = Hierarchy(world, _identity(settings, sandbox=sandbox), overlap)
    return PrivateCa(world, hierarchy, days, caa_identity(settings))


ISSUERS: dict[str, Callable[[Dependencies, Settings, bool], Issuer]] = {NAME: private_ca}
"""The kinds of issuer, by name, and the function that makes each."""


def caa_identity(settings: Settings) -> CaaIdentity:
    """Return the private CA's identity in CAA records."""
    domains = frozenset(map(str.lower, settings.caa_identities))
    return CaaIdentity(domains, frozenset(settings.caa_accounts))


def public_urls(settings: Settings) -> PublicUrls:
    """Return the URLs for certificates; by default those of the listening address."""
    scheme = "https" if settings.tls_cert else "http"
    return PublicUrls(settings.ca_base_url or f"{scheme}://{settings.listen}")


def _identity(settings: Settings, *, sandbox: bool) -> Identity:
    """Return the CA's name; a sandbox's name says that it is one."""
    if sandbox:
        return Identity(organisation="certdesk sandbox", country=NO_COUNTRY, sandbox=True)
    organisation, country = settings.ca_organisation, settings.ca_country
    fault = subject_fault(organisation, ORGANISATION_LIMIT) if organisation else "is missing"
    if fault is not None:
        raise SettingsError(f"ca.organisation: {fault}")
    if country not in COUNTRIES | {NO_COUNTRY}:
        raise SettingsError(f"ca.country: {country} is not a code of ISO 3166-1 in capitals")
    return Identity(organisation=organisation, country=country)
