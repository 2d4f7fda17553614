"""Runs the checks of submitted keys that are too slow for the request itself.

A weak key is blocked: it is never accepted again and no certificate is issued for it. A certificate
that was issued before such a check existed is revoked (Baseline Requirements 4.9.1.1). Nothing is
issued for a key before these checks have run (Baseline Requirements 6.1.1.3).
"""

from __future__ import annotations

import contextlib
import functools
from datetime import datetime

import structlog

from certdesk.domain.orders.records import Submission
from certdesk.domain.pki.csr import CsrRefused, parse
from certdesk.domain.pki.records import EVERYBODY, BlockedKey
from certdesk.domain.values.keys import inspect_further
from certdesk.domain.values.record import replace
from certdesk.ports import Clock, Stale, Store, Unit, block, block_of, note
from certdesk.workflow.repeating import Repeating

INTERVAL_SECONDS = 2
BATCH = 100

log = structlog.get_logger()


class Inspection(Repeating):
    """Goes through the submissions whose key has not had its slower checks."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Prepare; nothing is checked before `start`."""
        self._store = store
        self._clock = clock
        super().__init__("key inspection", self.inspect, INTERVAL_SECONDS)

    def inspect(self) -> None:
        """Check a batch of waiting keys, and start the next batch soon if there are more."""
        batch = self._store.read(lambda unit: unit.submissions.where(inspected=False, limit=BATCH))
        found: list[tuple[Submission, str | None]] = []
        for submission in batch:
            self.go_on()
            found.append((submission, weakness_of(submission)))
        if found:
            # Another process may have stored one of the results first; the rest is found again.
            with contextlib.suppress(Stale):
                self._store.write(functools.partial(self._note_all, found))
        if len(batch) == BATCH:
            self.wake()

    def _note_all(self, found: list[tuple[Submission, str | None]], unit: Unit) -> None:
        for submission, reason in found:
            note_inspection(unit, submission, reason, self._clock.now())


def weakness_of(submission: Submission) -> str | None:
    """Run the slower checks on the key of a submission; return why it is weak, or None."""
    try:
        request = parse(submission.csr)
    except CsrRefused as refused:
        # The CSR was accepted under earlier, less strict rules. That says nothing about its key,
        # and the pre-issuance check refuses such a CSR anyway.
        log.warning(
            "CSR no longer accepted",
            certificate=submission.certificate_id,
            reason=refused.rule,
        )
        return None
    return inspect_further(request.public_key)


def note_inspection(unit: Unit, submission: Submission, reason: str | None, now: datetime) -> None:
    """Store that a key has had its slower checks, and block it if it is weak.

    Raises:
        Stale: the submission has changed since it was read.
    """
    unit.submissions.replace(replace(submission, inspected=True))
    # A block that exists already keeps its own reason.
    if reason is not None and block_of(unit, EVERYBODY, submission.spki_sha256) is None:
        _set_aside(unit, submission, reason, now)


def _set_aside(unit: Unit, submission: Submission, reason: str, now: datetime) -> None:
    log.warning("weak key set aside", certificate=submission.certificate_id, reason=reason)
    key = BlockedKey(
        spki_sha256=submission.spki_sha256, reason=reason, created_at=now, compromised=True
    )
    block(unit, key)
    note(unit, now, submission, "BlockKey", reason, submission.request_id)
