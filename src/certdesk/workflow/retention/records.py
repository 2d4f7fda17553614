"""Retention of records: removes those that are older than `domain.privacy.retention` allows."""

from __future__ import annotations

import contextlib
import functools
from datetime import datetime

from certdesk.domain.orders.records import Submission
from certdesk.domain.people.delays import FORGOTTEN_AFTER
from certdesk.domain.people.sessions import ATTEMPT_LASTS, IDLE
from certdesk.domain.privacy.retention import (
    IN_VAIN,
    TEMPORARY_KEYS,
    Retention,
    letter_outlived,
    material_outlived,
)
from certdesk.domain.validation.rate_limit import LONGEST_DEBT
from certdesk.domain.values.record import replace
from certdesk.domain.vetting.review import ORDER, REVOCATION
from certdesk.ports import Clock, Stale, Store, Unit, keep_denied_keys, note, note_of
from certdesk.workflow.repeating import Repeating

ROUND_SECONDS = 60
PAGE = 500
"""Submissions checked in a round; the rounds go through all of them, page by page."""

OF_ORDERS = (ORDER, REVOCATION)
LETTERS = 50
ROWS = 500
"""Rows of the audit log checked in a round, the oldest first."""


class RecordRetention(Repeating):
    """Goes through the records that are kept for a limited time."""

    def __init__(self, store: Store, clock: Clock, retention: Retention) -> None:
        """Prepare; nothing is deleted before `start`."""
        self._store = store
        self._clock = clock
        self._retention = retention
        self._place = 0
        super().__init__("trimming", self.trim, ROUND_SECONDS)

    def trim(self) -> None:
        """Delete what is due now; of submissions, check the next page."""
        now = self._clock.now()
        self._store.write(functools.partial(self._prune, now))
        # A record was changed at the same time; it is checked again later.
        with contextlib.suppress(Stale):
            self._store.write(functools.partial(self._trim_letters, now))
            self._store.write(functools.partial(self._trim_files, now))
            self._place = self._store.write(functools.partial(self._trim_page, now))

    def _prune(self, now: datetime, unit: Unit) -> None:
        for verdict in IN_VAIN:
            unit.evidence.prune("ended_at", now - self._retention.failed_checks, verdict=verdict)
        unit.access_keys.prune("expires_at", now - TEMPORARY_KEYS)
        self._prune_audit(now, unit)
        unit.look_paces.prune("even_at", now - LONGEST_DEBT)
        unit.sessions.prune("seen_at", now - IDLE)
        unit.sign_in_attempts.prune("asked_at", now - ATTEMPT_LASTS)
        unit.invitations.prune("expires_at", now)
        unit.sign_in_failures.prune("last_at", now - FORGOTTEN_AFTER)

    def _prune_audit(self, now: datetime, unit: Unit) -> None:
        """Delete the oldest rows of the audit log that are past their period."""
        before = now - self._retention.audit
        for entry in unit.audit.where(limit=ROWS):
            if entry.at >= before:
                return
            unit.audit.remove(entry.entry_id)

    def _trim_letters(self, now: datetime, unit: Unit) -> None:
        before = now - self._retention.letters
        for letter in unit.letters.due("uploaded_at", before, LETTERS):
            if letter_outlived(unit.orders.get(letter.certificate_id)):
                unit.letters.remove(letter.certificate_id, letter.attempt, letter.kind)
                note(unit, now, letter, "Trim", f"letter ({letter.kind})")

    def _trim_files(self, now: datetime, unit: Unit) -> None:
        """Remove the files of reviews as letters are; those of managers go with the manager."""
        before = now - self._retention.letters
        for file in unit.vetting_files.due("added_at", before, LETTERS):
            kind, _, certificate_id = file.subject.partition(":")
            if kind in OF_ORDERS and letter_outlived(unit.orders.get(certificate_id)):
                unit.vetting_files.remove(file.file_id)
                note_of(unit, now, "Trim", certificate_id, "file of a review", uin=file.uin)

    def _trim_page(self, now: datetime, unit: Unit) -> int:
        """Go through a page of submissions; return where the next one begins."""
        before = now - self._retention.material
        page = unit.submissions.where(offset=self._place, limit=PAGE)
        removed = [each for each in page if self._trim_submission(unit, each, before, now)]
        return self._place + len(page) - len(removed) if len(page) == PAGE else 0

    def _trim_submission(
        self, unit: Unit, submission: Submission, before: datetime, now: datetime
    ) -> bool:
        order = unit.orders.get(submission.certificate_id)
        if not material_outlived(submission, order, before):
            return False
        if order is not None:
            keep_denied_keys(unit, order)
        unit.submissions.remove(submission.certificate_id, submission.number)
        if order is not None and order.submission == submission.number:
            # An order that is opened again needs new material.
            unit.orders.replace(replace(order, submission=0))
        note(unit, now, submission, "Trim", f"submission {submission.number}")
        return True
