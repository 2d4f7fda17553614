"""The CA that issues for the desk, by the settings."""

from __future__ import annotations

import dataclasses

from certdesk.domain.authority import NO_COUNTRY, ORGANISATION_LIMIT, Identity, overlap_of
from certdesk.domain.countries import COUNTRIES
from certdesk.domain.texts import subject_fault
from certdesk.domain.validity import days_allowed
from certdesk.issuers.checkup import CaCheckup
from certdesk.issuers.hierarchy import Hierarchy, Surroundings
from certdesk.issuers.private_ca import PrivateCa
from certdesk.issuers.publication import Publication
from certdesk.issuers.responder import Responder
from certdesk.issuers.revocation_lists import RevocationLists
from certdesk.issuers.urls import PublicUrls
from certdesk.ports import Examiner, Issuer, Pki
from certdesk.settings import Settings, SettingsError


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ca:
    """A CA: what issues, what it shows to the world, and who looks whether it is well."""

    issuer: Issuer
    pki: Pki
    examiner: Examiner


def private_ca(world: Surroundings, settings: Settings, *, sandbox: bool) -> Ca:
    """Give the CA of the desk's own.

    Raises:
        SettingsError: a certificate cannot have its name.
    """
    days = settings.ca_validity_days
    overlap = overlap_of(settings.ca_overlap_days, days_allowed(world.clock.now(), days, None))
    hierarchy = Hierarchy(world, _identity(settings, sandbox=sandbox), overlap)
    responder = Responder(world, hierarchy)
    lists = RevocationLists(world.store, world.clock, hierarchy)
    return Ca(
        issuer=PrivateCa(world, hierarchy, lists, days),
        pki=Publication(hierarchy, lists, responder, world.urls),
        examiner=CaCheckup(world, hierarchy, responder).examine,
    )


def public_urls(settings: Settings) -> PublicUrls:
    """Give the URLs that certificates name; where none is set, those of the address served on."""
    scheme = "https" if settings.tls_cert else "http"
    return PublicUrls(settings.ca_base_url or f"{scheme}://{settings.listen}")


def _identity(settings: Settings, *, sandbox: bool) -> Identity:
    """Give the CA's name; that of a sandbox cannot be taken for another's."""
    if sandbox:
        return Identity(organisation="certdesk sandbox", country=NO_COUNTRY, sandbox=True)
    organisation, country = settings.ca_organisation, settings.ca_country
    fault = subject_fault(organisation, ORGANISATION_LIMIT) if organisation else "is missing"
    if fault is not None:
        raise SettingsError(f"ca.organisation: {fault}")
    if country not in COUNTRIES | {NO_COUNTRY}:
        raise SettingsError(f"ca.country: {country} is no code of ISO 3166-1 in capitals")
    return Identity(organisation=organisation, country=country)
