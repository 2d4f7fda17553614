"""Retention of short-lived records: removes them soon after they expire."""

from __future__ import annotations

from datetime import timedelta

from certdesk.ports import Admission, Clock, Store
from certdesk.workflow.repeating import Repeating

TIDY_SECONDS = 60
SIGNATURES_KEPT = timedelta(seconds=900)
"""Longer than the timestamp of a request with such a signature is accepted."""


class ShortLivedRetention(Repeating):
    """Goes through the records that are kept for a short time only."""

    def __init__(self, store: Store, clock: Clock, admission: Admission) -> None:
        """Prepare; nothing is deleted before `start`. The clock is the machine's."""
        self._store = store
        self._clock = clock
        self._admission = admission
        super().__init__("tidying", self.tidy, TIDY_SECONDS)

    def tidy(self) -> None:
        """Delete what has expired."""
        before = self._clock.now() - SIGNATURES_KEPT
        self._store.write(lambda unit: unit.seen_signatures.prune("seen_at", before))
        self._admission.tidy()
