"""The check-ups of a desk's parts, for `certdesk doctor`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from certdesk.bootstrap.database import Database, lock_file
from certdesk.bootstrap.places import examine_places
from certdesk.bootstrap.server_certificate import ServerCertificate
from certdesk.bootstrap.validation import dns_resolver
from certdesk.bootstrap.world import SystemClock
from certdesk.domain.values.keys import KeyKind
from certdesk.issuers.hierarchy import Dependencies
from certdesk.ports import Examiner, Issuers, SignInProviders
from certdesk.settings import Settings
from certdesk.sign_in.checkup import ProvidersCheckup
from certdesk.storage.checkup import FolderCheckup
from certdesk.validation.checkup import ResolverCheckup
from certdesk.validation.resolver import Resolver
from certdesk.workflow.checkup import (
    ClockCheckup,
    IssuersCheckup,
    KeysCheckup,
    Running,
    ThreadsCheckup,
    WorkCheckup,
)


def examiners(  # noqa: PLR0913, PLR0917 -- all parts of a desk
    settings: Settings,
    database: Database,
    world: Dependencies,
    issuers: Issuers,
    resolver: Resolver,
    running: Running,
    stock_sizes: Mapping[KeyKind, int],
    providers: SignInProviders,
) -> tuple[Examiner, ...]:
    """Return the check-ups of the desk's parts, in the order of the report."""
    store, clock = world.store, world.clock
    return (
        ClockCheckup(store, clock).examine,
        ThreadsCheckup(running).examine,
        *(folder.examine for folder in database.folders),
        *database.examiners,
        examine_places(settings),
        KeysCheckup(store, world.vault, stock_sizes).examine,
        ResolverCheckup(resolver).examine,
        *(issuer.examine for issuer in issuers),
        IssuersCheckup(store, issuers).examine,
        ServerCertificate(settings, clock).examine,
        ProvidersCheckup(providers, settings.public_url).examine,
        WorkCheckup(store, clock).examine,
    )


def examiners_without_desk(settings: Settings) -> tuple[Examiner, ...]:
    """Return the check-ups that need no desk: those of a machine on which it hangs."""
    return (
        *(FolderCheckup(folder).examine for folder in _folders(settings)),
        examine_places(settings),
        # A wrong setting is found then, and does not keep the others away.
        lambda: ResolverCheckup(dns_resolver(settings)).examine(),
        ServerCertificate(settings, SystemClock()).examine,
    )


def _folders(settings: Settings) -> tuple[Path, ...]:
    return tuple(dict.fromkeys([settings.folder, lock_file(settings).parent]))
