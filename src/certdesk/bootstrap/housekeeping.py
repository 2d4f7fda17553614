"""What the desk does every minute or hour beside its orders."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from certdesk.bootstrap.world import SystemClock
from certdesk.domain.privacy.retention import AUDIT_AFTER_END, Retention
from certdesk.domain.values.validity import LONGEST_DAYS
from certdesk.issuers.hierarchy import Surroundings
from certdesk.ports import Admission
from certdesk.settings import Settings
from certdesk.workflow.forgetting import Forgetting
from certdesk.workflow.key_inspection import Inspection
from certdesk.workflow.tidying import Tidying
from certdesk.workflow.trimming import Trimming


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Housekeeping:
    """It looks at keys again, and removes what is kept for a time only."""

    inspection: Inspection
    tidying: Tidying
    forgetting: Forgetting
    trimming: Trimming


def housekeeping(settings: Settings, world: Surroundings, admission: Admission) -> Housekeeping:
    """Prepare it; nothing is done yet."""
    store, clock = world.store, world.clock
    return Housekeeping(
        inspection=Inspection(store, clock),
        # Signatures are seen by the machine's clock, whatever clock the desk has.
        tidying=Tidying(store, SystemClock(), admission),
        forgetting=Forgetting(
            store, world.vault, clock, kept=timedelta(days=settings.privacy_identity_days)
        ),
        trimming=Trimming(store, clock, retention_of(settings)),
    )


def retention_of(settings: Settings) -> Retention:
    """Return how long things are kept."""
    audit_days = max(
        settings.retention_audit_days,
        (settings.ca_validity_days or LONGEST_DAYS) + AUDIT_AFTER_END,
    )
    return Retention(
        looks=timedelta(days=settings.retention_looks_days),
        material=timedelta(days=settings.retention_material_days),
        letters=timedelta(days=settings.retention_letters_days),
        audit=timedelta(days=audit_days),
    )
