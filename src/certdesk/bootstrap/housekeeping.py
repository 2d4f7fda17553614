"""The desk's periodic work, every minute or hour, apart from orders."""

from __future__ import annotations

from datetime import timedelta

from certdesk.bootstrap.world import SystemClock
from certdesk.domain.privacy.retention import AUDIT_AFTER_END, Retention
from certdesk.domain.values.record import Record
from certdesk.domain.values.validity import LONGEST_DAYS
from certdesk.issuers.hierarchy import Dependencies
from certdesk.ports import Admission
from certdesk.settings import Settings
from certdesk.workflow.key_inspection import Inspection
from certdesk.workflow.retention.identity_numbers import IdentityNumberRetention
from certdesk.workflow.retention.records import RecordRetention
from certdesk.workflow.retention.short_lived import ShortLivedRetention


class Housekeeping(Record, kw_only=True, gc=True):
    """The housekeeping: it checks keys again, and removes records after their retention time."""

    inspection: Inspection
    tidying: ShortLivedRetention
    forgetting: IdentityNumberRetention
    trimming: RecordRetention


def housekeeping(settings: Settings, world: Dependencies, admission: Admission) -> Housekeeping:
    """Return the housekeeping, not yet started."""
    store, clock = world.store, world.clock
    return Housekeeping(
        inspection=Inspection(store, clock),
        # Signatures are recorded by the machine's clock, whatever clock the desk has.
        tidying=ShortLivedRetention(store, SystemClock(), admission),
        forgetting=IdentityNumberRetention(
            store, world.vault, clock, kept=timedelta(days=settings.privacy_identity_days)
        ),
        trimming=RecordRetention(store, clock, retention_of(settings)),
    )


def retention_of(settings: Settings) -> Retention:
    """Return how long records are kept."""
    audit_days = max(
        settings.retention_audit_days,
        (settings.ca_validity_days or LONGEST_DAYS) + AUDIT_AFTER_END,
    )
    return Retention(
        failed_checks=timedelta(days=settings.retention_looks_days),
        material=timedelta(days=settings.retention_material_days),
        letters=timedelta(days=settings.retention_letters_days),
        audit=timedelta(days=audit_days),
    )
