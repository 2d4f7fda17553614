"""Looks at handed-in keys again, with the checks that are too slow for the request itself.

A key that turns out weak is set aside: it is never accepted again, no certificate is issued for
it, and one that was issued before there was such a check is revoked (Baseline Requirements
4.9.1.1). Nothing is issued for a key before it was looked at.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from datetime import datetime

import structlog

from certdesk.domain.orders.records import Submission
from certdesk.domain.pki.csr import CsrRefused, parse
from certdesk.domain.pki.records import EVERYBODY, BlockedKey
from certdesk.domain.values.keys import inspect_further
from certdesk.ports import Clock, Stale, Store, Unit, block, block_of, note
from certdesk.workflow.repeating import Repeating

LOOK_SECONDS = 2
BATCH = 100

log = structlog.get_logger()


class Inspection(Repeating):
    """Goes through the submissions whose key has not had its second look."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Prepare; nothing is looked at before `start`."""
        self._store = store
        self._clock = clock
        super().__init__("key inspection", self.look, LOOK_SECONDS)

    def look(self) -> None:
        """Inspect a batch of what waits, and soon the next one if there is more."""
        batch = self._store.read(lambda unit: unit.submissions.where(inspected=False, limit=BATCH))
        found: list[tuple[Submission, str | None]] = []
        for submission in batch:
            self.go_on()
            found.append((submission, weakness_of(submission)))
        if found:
            # Another process may have noted one of them first: what is left is found again.
            with contextlib.suppress(Stale):
                self._store.write(functools.partial(self._note_all, found))
        if len(batch) == BATCH:
            self.wake()

    def _note_all(self, found: list[tuple[Submission, str | None]], unit: Unit) -> None:
        for submission, reason in found:
            note_look(unit, submission, reason, self._clock.now())


def weakness_of(submission: Submission) -> str | None:
    """Run the slower checks of the key of a submission; why it is weak, or None."""
    try:
        request = parse(submission.csr)
    except CsrRefused as refused:
        # Taken once, by rules that have become stricter since; nothing is said about its key, and
        # the gate lets no such CSR pass.
        log.warning(
            "CSR no longer accepted",
            certificate=submission.certificate_id,
            reason=refused.rule,
        )
        return None
    return inspect_further(request.public_key)


def note_look(unit: Unit, submission: Submission, reason: str | None, now: datetime) -> None:
    """Keep that a key has had its slower checks, and set it aside if it is weak.

    Raises:
        Stale: the submission was changed since it was read.
    """
    unit.submissions.replace(dataclasses.replace(submission, inspected=True))
    if reason is not None and block_of(unit, EVERYBODY, submission.spki_sha256) is None:
        _set_aside(unit, submission, reason, now)


def _set_aside(unit: Unit, submission: Submission, reason: str, now: datetime) -> None:
    log.warning("weak key set aside", certificate=submission.certificate_id, reason=reason)
    key = BlockedKey(
        spki_sha256=submission.spki_sha256, reason=reason, created_at=now, compromised=True
    )
    block(unit, key)
    note(unit, now, submission, "BlockKey", reason, submission.request_id)
