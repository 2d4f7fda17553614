"""Retention of identity numbers: erases them when their time is over.

The period begins when they were submitted. Numbers that something in progress needs are kept, and
checked again every day. So they are kept no longer than the operator's setting after a certificate
was issued or an order has failed.
"""

from __future__ import annotations

import contextlib
import functools
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from certdesk.domain.orders.material import Material
from certdesk.domain.orders.records import Submission
from certdesk.domain.privacy.identity_numbers import needs_identity, without_identity
from certdesk.domain.values.organisation import Manager, People
from certdesk.domain.values.record import replace
from certdesk.domain.values.sealed_fields import join_fields, secret_fields
from certdesk.domain.vetting.review import subject_of_manager
from certdesk.ports import (
    Clock,
    Place,
    Stale,
    Store,
    Unit,
    Vault,
    VaultError,
    note_of,
    place_of_party,
    place_of_submission,
)
from certdesk.workflow.repeating import Repeating

INTERVAL_SECONDS = 3600
BATCH = 100
AGAIN_AFTER = timedelta(days=1)

log = structlog.get_logger()


Keeper = TypeVar("Keeper", Submission, Manager)
"""A record with identity numbers."""


class IdentityNumberRetention(Repeating):
    """Goes through the records whose identity numbers are due to be erased."""

    def __init__(self, store: Store, vault: Vault, clock: Clock, *, kept: timedelta) -> None:
        """Prepare to keep identity numbers for `kept`; nothing is erased before `start`."""
        self._store = store
        self._vault = vault
        self._clock = clock
        self._kept = kept
        super().__init__("identity numbers", self.forget, INTERVAL_SECONDS)

    def forget(self) -> None:
        """Erase a batch of what is due, and start the next batch soon if there is more."""
        before = self._clock.now() - self._kept
        submissions = self._store.read(functools.partial(_old_submissions, before))
        managers = self._store.read(functools.partial(_old_managers, before))
        for submission, needed in submissions:
            self.go_on()
            place = place_of_submission(submission, "personal")
            self._keep(self._after(submission, Material, place, needed=needed))
        for manager, needed in managers:
            self.go_on()
            place = place_of_party(manager)
            self._keep(self._after(manager, People, place, needed=needed))
        if BATCH in (len(submissions), len(managers)):
            self.wake()

    def _after(
        self, record: Keeper, kind: type[Material | People], place: Place, *, needed: bool
    ) -> Keeper:
        """Return a record without its identity numbers, or with a later time to check it again."""
        later = replace(record, identity_since=self._clock.now() - self._kept + AGAIN_AFTER)
        if needed:
            return later
        try:
            holder = join_fields(kind, record.facts, self._vault.open(record.personal, place))
        except VaultError:
            log.exception("identity numbers were not erased", subject=_subject(record))
            return later
        sealed = self._vault.seal(secret_fields(without_identity(holder)), place)
        return replace(record, personal=sealed, identity_since=None)

    def _keep(self, record: Submission | Manager) -> None:
        # The record was changed at the same time; it is found again.
        with contextlib.suppress(Stale):
            self._store.write(functools.partial(self._replace, record))

    def _replace(self, record: Submission | Manager, unit: Unit) -> None:
        if isinstance(record, Submission):
            unit.submissions.replace(record)
        else:
            unit.managers.replace(record)
        if record.identity_since is None:
            detail = f"submission {record.number}" if isinstance(record, Submission) else ""
            now, subject = self._clock.now(), _subject(record)
            note_of(unit, now, "EraseIdentity", subject, detail, uin=record.uin)


def _old_submissions(before: datetime, unit: Unit) -> list[tuple[Submission, bool]]:
    """Read submissions whose period is over, each with whether it is still needed."""
    return [
        (each, needs_identity(unit.orders.get(each.certificate_id), each.number))
        for each in unit.submissions.due("identity_since", before, BATCH)
    ]


def _old_managers(before: datetime, unit: Unit) -> list[tuple[Manager, bool]]:
    """Read managers whose period is over, each with whether a review of it is in progress."""
    return [
        (each, _in_review(unit, each))
        for each in unit.managers.due("identity_since", before, BATCH)
    ]


def _in_review(unit: Unit, manager: Manager) -> bool:
    review = unit.reviews.get(subject_of_manager(manager.manager_id))
    return review is not None and review.verdict is None


def _subject(record: Submission | Manager) -> str:
    if isinstance(record, Submission):
        return record.certificate_id
    return subject_of_manager(record.manager_id)
