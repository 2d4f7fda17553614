"""The check-ups of a desk's parts, for `certdesk doctor`."""

from __future__ import annotations

from collections.abc import Mapping

from certdesk.bootstrap.database import Database
from certdesk.bootstrap.places import examine_places
from certdesk.bootstrap.server_certificate import ServerCertificate
from certdesk.domain.values.keys import KeyKind
from certdesk.issuers.hierarchy import Dependencies
from certdesk.ports import Examiner, Issuers
from certdesk.settings import Settings
from certdesk.validation.checkup import ResolverCheckup
from certdesk.validation.resolver import Resolver
from certdesk.workflow.checkup import (
    Background,
    ClockCheckup,
    IssuersCheckup,
    KeysCheckup,
    ThreadsCheckup,
    WorkCheckup,
)


def examiners(  # noqa: PLR0917 -- all parts of a desk
    settings: Settings,
    database: Database,
    world: Dependencies,
    issuers: Issuers,
    resolver: Resolver,
    background: Mapping[str, Background],
    stock_sizes: Mapping[KeyKind, int],
) -> tuple[Examiner, ...]:
    """Return the check-ups of the desk's parts, in the order of the report."""
    store, clock = world.store, world.clock
    return (
        ClockCheckup(store, clock).examine,
        ThreadsCheckup(background).examine,
        *database.examiners,
        examine_places(settings),
        KeysCheckup(store, world.vault, stock_sizes).examine,
        ResolverCheckup(resolver).examine,
        *(issuer.examine for issuer in issuers),
        IssuersCheckup(store, issuers).examine,
        ServerCertificate(settings, clock).examine,
        WorkCheckup(store, clock).examine,
    )
